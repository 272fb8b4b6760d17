#pragma once
// What the runner knows of one test group and one case, and what a handler says about it.

#include <optional>
#include <stdexcept>
#include <string>

#include <boost/json.hpp>

#include "unhidra/crypto/provider.h"

namespace unhidra::wycheproof {

namespace json = boost::json;

// The file breaks the format: a missing member, bad hex, an unknown result.
class Malformed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Members by name, with an error that names what is missing.
const json::value& member(const json::object& object, std::string_view name);
const json::object& object_member(const json::object& object, std::string_view name);
std::string text_member(const json::object& object, std::string_view name);
Bytes hex_member(const json::object& object, std::string_view name);
std::size_t number_member(const json::object& object, std::string_view name);

enum class Verdict {
  accepted,  // verified, or computed what the file expects
  refused,   // answered with an error
  wrong,     // computed something else
  skipped,   // not offered
};

struct Outcome {
  Verdict verdict;
  std::string detail;  // of a refusal, or why it was skipped
};

inline Outcome skipped(std::string reason) {
  return {Verdict::skipped, std::move(reason)};
}
Outcome from_status(const Status& status);
// For algorithms that compute: the error, or whether the value is the expected one.
Outcome from_value(const Status& status, ByteView computed, ByteView expected);

struct Context {
  const crypto::Provider& provider;
  std::string algorithm;      // of the file; empty when it names none
  const json::object& group;  // the test group
};

// Runs one case of a group.
using Handler = Outcome (*)(const Context& context, const json::object& test);

// The handler for a group's type, or null when the product does not do what it tests.
Handler find_handler(std::string_view group_type);

Outcome run_aead(const Context& context, const json::object& test);
Outcome run_x25519(const Context& context, const json::object& test);
Outcome run_eddsa(const Context& context, const json::object& test);
Outcome run_hkdf(const Context& context, const json::object& test);
Outcome run_mac(const Context& context, const json::object& test);
Outcome run_ecdh(const Context& context, const json::object& test);
Outcome run_ecdsa_der(const Context& context, const json::object& test);
Outcome run_ecdsa_fixed(const Context& context, const json::object& test);
Outcome run_rsa_pkcs1(const Context& context, const json::object& test);
Outcome run_rsa_pss(const Context& context, const json::object& test);
Outcome run_jose(const Context& context, const json::object& test);

}  // namespace unhidra::wycheproof
