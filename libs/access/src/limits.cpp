#include "unhidra/access/limits.h"

#include <algorithm>
#include <charconv>

namespace unhidra::access {
namespace {

using runtime::Setting;
using namespace std::chrono_literals;

// One rule of one class, as a setting.
struct RuleSetting {
  LimitClass limit;
  LimitKey key;
  Setting<std::string> setting;
};

RuleSetting rule(LimitClass limit, LimitKey key, std::string_view name, std::string default_value,
                 std::string_view description) {
  return {
      limit, key,
      Setting<std::string>(
          {.name = name, .description = description, .default_value = std::move(default_value)})};
}

// Addresses may be shared by a whole company, so limits by address are wide where a user is known.
const std::vector<RuleSetting>& rule_settings() {
  using enum LimitClass;
  using enum LimitKey;
  static const std::vector<RuleSetting> kRules = [] {
    std::vector<RuleSetting> out;
    const auto add = [&](auto&&... arguments) { out.push_back(rule(arguments...)); };
    add(open, ip, "limits.open_per_ip", "600/1m", "Cheap requests without a token, per address.");
    add(login, ip, "limits.login_per_ip", "10/1m", "Attempts to sign in, per address.");
    add(login, target, "limits.login_per_account", "60/15m",
        "Attempts to sign in to one account, from all addresses together.");
    add(refresh, ip, "limits.refresh_per_ip", "120/1m", "Token refreshes, per address.");
    add(registration, ip, "limits.registration_per_ip", "5/1h", "Sign-ups, per address.");
    add(device_registration, ip, "limits.device_registration_per_ip", "10/1h",
        "Device registrations, per address.");
    add(enrolment, ip, "limits.enrolment_per_ip", "120/1m",
        "Enrolments and renewals of device certificates, per address.");
    add(credential_change, ip, "limits.credential_change_per_ip", "60/1h",
        "Password changes and resets, per address.");
    add(credential_change, user, "limits.credential_change_per_user", "20/1h",
        "Password changes and resets, per user who asks.");
    add(reads, ip, "limits.reads_per_ip", "6000/1m", "REST requests that read, per address.");
    add(reads, user, "limits.reads_per_user", "600/1m", "REST requests that read, per user.");
    add(writes, ip, "limits.writes_per_ip", "1200/1m", "REST requests that write, per address.");
    add(writes, user, "limits.writes_per_user", "120/1m", "REST requests that write, per user.");
    add(file_transfers, ip, "limits.file_transfers_per_ip", "12000/1m",
        "Parts of files, up and down, per address.");
    add(file_transfers, user, "limits.file_transfers_per_user", "1200/1m",
        "Parts of files, up and down, per user.");
    add(administration, ip, "limits.administration_per_ip", "1200/1m",
        "Administrative changes, per address.");
    add(administration, user, "limits.administration_per_user", "600/1m",
        "Administrative changes, per administrator.");
    add(connections, ip, "limits.connections_per_ip", "60/1m", "New connections, per address.");
    add(connections, user, "limits.connections_per_user", "30/1m", "New connections, per user.");
    add(requests, connection, "limits.requests_per_connection", "100/1s",
        "Frames other than messages, per connection.");
    add(messages, connection, "limits.messages_per_connection", "50/1s",
        "Messages sent, per connection.");
    add(prekey_fetch, connection, "limits.prekey_fetch_per_connection", "50/1s",
        "Prekey bundle requests, per connection.");
    add(prekey_fetch, user, "limits.prekey_fetch_per_user", "300/1m",
        "Prekey bundle requests, per user who asks.");
    add(people_search, connection, "limits.people_search_per_connection", "20/1s",
        "Searches for people, per connection.");
    add(people_search, user, "limits.people_search_per_user", "300/1m",
        "Searches for people, per user who asks.");
    add(prekey_fetch_target, target, "limits.prekey_fetch_per_target", "600/1m",
        "Prekey bundle requests, per user whose keys are asked for.");
    return out;
  }();
  return kRules;
}

std::string class_name(LimitClass limit, LimitKey key) {
  return std::string(to_string(limit)).append(".").append(to_string(key));
}

// What a rule counts in this subject; nothing when the subject has no such key.
ByteView key_of(const LimitSubject& subject, LimitKey key) {
  switch (key) {
    case LimitKey::ip:
      return as_bytes(subject.ip);
    case LimitKey::user:
      return subject.user ? subject.user->bytes() : ByteView();
    case LimitKey::connection:
      return subject.connection ? subject.connection->bytes() : ByteView();
    case LimitKey::target:
      break;
  }
  return subject.target;
}

std::unexpected<Error> limited(std::chrono::milliseconds retry_after) {
  return unhidra::fail(Error(Errc::rate_limited, "too many requests; wait a little")
                           .with_retry_after(std::max(retry_after, 1ms)));
}

}  // namespace

Result<LimitRule> parse_limit_rule(std::string_view text, LimitKey key) {
  if (text == "off") {
    return LimitRule{.key = key};
  }
  const auto slash = text.find('/');
  LimitRule out{.key = key};
  const auto* const end = text.data() + std::min(slash, text.size());
  const auto [stop, error] = std::from_chars(text.data(), end, out.count);
  if (slash == text.npos || error != std::errc{} || stop != end || out.count == 0) {
    return fail(Errc::bad_request, "a limit is written as 10/1m, or off");
  }
  UNHIDRA_TRY(out.period, runtime::parse_duration(text.substr(slash + 1)));
  if (out.period <= 0ms || out.period > 24h) {
    return fail(Errc::bad_request, "the period of a limit is between 1ms and 24h");
  }
  return out;
}

std::string to_string(const LimitRule& limit) {
  if (limit.count == 0) {
    return "off";
  }
  return std::to_string(limit.count).append("/").append(runtime::to_string(limit.period));
}

LimitTable::LimitTable() {
  for (const auto& row : rule_settings()) {
    const auto& text = std::get<std::string>(row.setting.default_value());
    rules_[static_cast<std::size_t>(row.limit)].push_back(*parse_limit_rule(text, row.key));
  }
}

Result<LimitTable> LimitTable::from_config(const runtime::Config& config) {
  LimitTable out;
  for (auto& rules : out.rules_) {
    rules.clear();
  }
  for (const auto& row : rule_settings()) {
    auto parsed = parse_limit_rule(config.get(row.setting), row.key);
    if (!parsed) {
      return unhidra::fail(std::move(parsed).error().in(row.setting.name()));
    }
    out.rules_[static_cast<std::size_t>(row.limit)].push_back(*parsed);
  }
  return out;
}

std::span<const LimitRule> LimitTable::rules(LimitClass limit) const {
  return rules_[static_cast<std::size_t>(limit)];
}

void LimitTable::set(LimitClass limit, std::vector<LimitRule> rules) {
  rules_[static_cast<std::size_t>(limit)] = std::move(rules);
}

std::vector<const runtime::SettingBase*> settings() {
  std::vector<const runtime::SettingBase*> out;
  for (const auto& row : rule_settings()) {
    out.push_back(&row.setting);
  }
  return out;
}

LimitGuard::LimitGuard(messaging::RateLimiter& limiter, const LimitTable& table)
    : limiter_(limiter) {
  for (std::size_t i = 0; i < kLimitClasses; ++i) {
    const auto limit = static_cast<LimitClass>(i);
    for (const auto& each : table.rules(limit)) {
      if (each.count > 0) {
        const auto rate_class = limiter.define(class_name(limit, each.key),
                                               {.limit = each.count, .window = each.period});
        counted_[i].push_back({each.key, rate_class});
      }
    }
  }
}

Task<Status> LimitGuard::take(LimitClass limit, LimitSubject subject) {
  for (const auto& each : counted_[static_cast<std::size_t>(limit)]) {
    const auto key = key_of(subject, each.key);
    if (key.empty()) {
      continue;
    }
    auto decision = limiter_.take_now(each.rate_class, key);
    if (!decision) {
      decision = co_await limiter_.take(each.rate_class, to_bytes(key));
    }
    if (!decision->allowed) {
      co_return limited(decision->retry_after);
    }
  }
  co_return Status();
}

Status LimitGuard::take_now(LimitClass limit, const LimitSubject& subject) {
  for (const auto& each : counted_[static_cast<std::size_t>(limit)]) {
    const auto key = key_of(subject, each.key);
    if (key.empty()) {
      continue;
    }
    const auto decision = limiter_.take_now(each.rate_class, key);
    if (decision && !decision->allowed) {
      return limited(decision->retry_after);
    }
  }
  return {};
}

}  // namespace unhidra::access
