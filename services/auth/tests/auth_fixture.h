#pragma once
// An auth role on a fresh SQLite database, asked through the very REST face that the server uses.

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <boost/json/value.hpp>
#include <gtest/gtest.h>

#include "unhidra/auth/auth_role.h"
#include "unhidra/crypto/random.h"
#include "unhidra/testkit/fake_clock.h"
#include "unhidra/testkit/temp_dir.h"

namespace unhidra::auth::test {

struct Answer {
  int status = 0;
  boost::json::value body;
  net::Headers headers;

  // A member of the body as text; empty when it is not there.
  std::string text(std::string_view member) const;
  std::string code() const { return text("code"); }
  boost::json::array items() const;
};

// Somebody who is signed in.
struct Member {
  std::string username;
  std::string password;
  std::string user_id;
  std::string org_id;
  std::string session_id;
  std::string access_token;
  std::string refresh_token;
  std::string device_id;
};

inline constexpr std::string_view kPassword = "correct horse battery staple";

class World {
 public:
  explicit World(AuthSettings settings = cheap_settings());
  ~World();

  // Argon2id at its least cost.
  static AuthSettings cheap_settings();

  Answer call(std::string_view method, std::string_view path, std::string_view token = {},
              std::optional<boost::json::value> body = std::nullopt);
  Answer get(std::string_view path, std::string_view token = {}) {
    return call("GET", path, token);
  }
  Answer post(std::string_view path, std::string_view token, boost::json::value body) {
    return call("POST", path, token, std::move(body));
  }

  // The first administrator, in the organisation "First". Once.
  Member set_up();
  Answer log_in(std::string_view username, std::string_view password,
                std::string_view organization = {});
  Member sign_in(std::string_view username, std::string_view password,
                 std::string_view organization = {});
  // By an invitation of `inviter`.
  Member add_member(const Member& inviter, std::string_view username, std::string_view role);
  // A second organisation and its first administrator.
  Member add_organization(const Member& super_admin, std::string_view name,
                          std::string_view username);
  void register_device(Member& member, std::string_view name = "laptop");

  // What was told on the bus since the last call: hex of each message.
  std::multiset<std::string> revocations();
  bool hears_revocation_of(std::string_view kind_and_hex_id, std::chrono::milliseconds limit);

  struct Event {
    std::string type;
    std::string outcome;
    std::string org_id;
    std::string actor_id;
    std::string metadata;
  };
  // The audit events since the last call.
  std::vector<Event> events();

  testkit::TempDir directory;
  testkit::FakeClock clock;
  crypto::SystemRandom random;
  runtime::IoThreads io{2};
  runtime::Metrics metrics;
  std::unique_ptr<storage::Database> database;
  std::unique_ptr<messaging::Bus> bus;
  pki::SealedKeyProvider provider;
  AuthRole role;

  // Several requests side by side, each from a thread of its own.
  std::vector<Answer> call_in_parallel(std::size_t count, std::string_view method,
                                       std::string_view path, std::string_view token,
                                       const boost::json::value& body);
  // Starts the listener-less part: bus and watcher need start(); tests that want it call this.
  void start();

  std::string peer_ip = "192.0.2.1";

 private:
  struct Face;
  std::unique_ptr<Face> face_;
  std::mutex mutex_;
  std::condition_variable heard_;
  std::multiset<std::string> revocations_;
  messaging::Subscription listening_;
  messaging::Subscription gateway_;
  std::map<std::string, std::int64_t> audit_seen_;
};

Member member_from(const Answer& answer, std::string_view username, std::string_view password);

}  // namespace unhidra::auth::test
