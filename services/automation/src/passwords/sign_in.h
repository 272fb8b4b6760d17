#pragma once
// Signing in to MQTT by password: SCRAM-SHA-256 as enhanced authentication (MQTT 5.0 section 4.12),
// at CONNECT and again on a connection that is open. On the broker's executor.

#include <unordered_map>

#include "unhidra/base/random.h"
#include "unhidra/mqtt/broker.h"
#include "unhidra/runtime/task.h"
#include "unhidra/storage/database.h"

#include "passwords/store_passwords.h"

namespace unhidra::automation {

class PasswordSignIn {
 public:
  static constexpr std::chrono::hours kLifetime{24};  // then the client authenticates again

  // Everything outlives it.
  PasswordSignIn(storage::Database& database, const Clock& clock, RandomSource& random)
      : database_(database), clock_(clock), random_(random) {}

  static bool knows(std::string_view method) { return method == kScram || method == kScramPlus; }

  // The client's first message; the server's. `binding`: what the TLS channel can be told apart by;
  // empty: it has none. Errc::bad_credentials.
  Task<Result<Bytes>> begin(mqtt::ConnectionId connection, std::string method, Bytes message,
                            Bytes binding);
  struct Done {
    access::Principal principal;
    Bytes data;  // the proof that the server knows the verifier
  };
  // The client's last message.
  Result<Done> finish(mqtt::ConnectionId connection, ByteView message);
  void forget(mqtt::ConnectionId connection) { under_way_.erase(connection); }

 private:
  struct Entry {
    ScramExchange exchange;
    access::Principal principal;
  };
  storage::Database& database_;
  const Clock& clock_;
  RandomSource& random_;
  std::unordered_map<mqtt::ConnectionId, Entry> under_way_;
};

}  // namespace unhidra::automation
