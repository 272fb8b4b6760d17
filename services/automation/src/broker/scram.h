#pragma once
// SCRAM-SHA-256 (RFC 5802, RFC 7677) for MQTT's enhanced authentication, the server's side. What
// the server keeps opens nothing: who has stolen it can neither sign in nor find the password,
// which is random here. No I/O, no clock.

#include <optional>
#include <string>
#include <string_view>

#include "unhidra/base/bytes.h"
#include "unhidra/base/error.h"

namespace unhidra::automation {

inline constexpr std::string_view kScram = "SCRAM-SHA-256";
inline constexpr std::string_view kScramPlus = "SCRAM-SHA-256-PLUS";
inline constexpr std::uint32_t kScramIterations = 4096;  // RFC 7677 section 4
inline constexpr std::size_t kMaxScramMessage = 1024;

struct ScramVerifier {
  Bytes salt;
  std::uint32_t iterations = kScramIterations;
  ByteArray<32> stored_key{};
  ByteArray<32> server_key{};
};
// `password`: ASCII, so that SASLprep changes nothing in it.
ScramVerifier make_verifier(ByteView password, Bytes salt, std::uint32_t iterations);

// client-first-message.
struct ScramClientFirst {
  std::string gs2_header;  // "n,,"
  bool bound = false;      // to the TLS channel, by tls-exporter (RFC 9266)
  bool could_bind = false;
  std::string user;
  std::string nonce;
  std::string bare;
};
// Errc::bad_credentials for what breaks the grammar, asks to act for another, or carries extensions
// that must be understood.
Result<ScramClientFirst> parse_client_first(std::string_view message);

class ScramExchange {
 public:
  // `binding`: of the channel, when it is to be used. `known`: whether there is such a user; the
  // exchange of one that there is not looks the same, and fails at its end.
  ScramExchange(ScramClientFirst first, ScramVerifier verifier, std::string_view server_nonce,
                Bytes binding, bool known);

  const std::string& server_first() const { return server_first_; }
  // The server-final-message; Errc::bad_credentials.
  Result<std::string> finish(std::string_view client_final) const;

 private:
  ScramClientFirst first_;
  ScramVerifier verifier_;
  Bytes binding_;
  bool known_;
  std::string nonce_;
  std::string server_first_;
};

}  // namespace unhidra::automation
