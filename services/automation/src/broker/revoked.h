#pragma once
// What was revoked: a certificate, an authority's certificates, a device, a session, a person.

#include <algorithm>
#include <deque>
#include <variant>

#include "broker/subject.h"

namespace unhidra::automation {

struct RevokedCertificate {
  Bytes serial_number;
};
struct RetiredAuthority {
  std::int64_t generation = 0;
};
using Revoked = std::variant<RevokedCertificate, RetiredAuthority, DeviceId, SessionId, UserId>;

inline bool concerns(const Revoked& revoked, const Subject& subject) {
  if (const auto* certificate = std::get_if<RevokedCertificate>(&revoked)) {
    return !subject.certificate_serial.empty() &&
           certificate->serial_number == subject.certificate_serial;
  }
  if (const auto* authority = std::get_if<RetiredAuthority>(&revoked)) {
    return authority->generation == subject.authority;
  }
  if (const auto* device = std::get_if<DeviceId>(&revoked)) {
    return subject.device == *device;
  }
  if (const auto* session = std::get_if<SessionId>(&revoked)) {
    return subject.user && subject.session == *session;
  }
  return subject.user == std::get<UserId>(revoked);
}

// The revocations of the last minute: they end, too, who was found good just before and is let in
// just after.
class RecentlyRevoked {
 public:
  void add(const Revoked& what, SteadyTime now) { entries_.push_back({what, now}); }
  bool covers(const Subject& subject, SteadyTime now) {
    while (!entries_.empty() && now - entries_.front().at > std::chrono::minutes(1)) {
      entries_.pop_front();
    }
    for (const auto& entry : entries_) {
      if (concerns(entry.what, subject)) {
        return true;
      }
    }
    return false;
  }

 private:
  struct Entry {
    Revoked what;
    SteadyTime at;
  };
  std::deque<Entry> entries_;
};

// The devices that the registry said something else of in the last minute.
class RecentlyChanged {
 public:
  void add(DeviceId device, SteadyTime now) {
    entries_.push_back({device, now});
    while (now - entries_.front().at > std::chrono::minutes(1)) {
      entries_.pop_front();
    }
  }
  bool since(DeviceId device, SteadyTime then) const {
    return std::ranges::any_of(
        entries_, [&](const Entry& entry) { return entry.device == device && entry.at >= then; });
  }

 private:
  struct Entry {
    DeviceId device;
    SteadyTime at;
  };
  std::deque<Entry> entries_;
};

}  // namespace unhidra::automation
