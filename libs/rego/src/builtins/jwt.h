#pragma once
// JSON Web Tokens (RFC 7519) taken apart, and signatures under keys of every kind.

#include <string>
#include <string_view>
#include <vector>

#include "unhidra/pki/inspect.h"

#include "builtins/function.h"

namespace unhidra::rego::builtins {

inline constexpr int kMaxJwtNesting = 16;  // tokens in tokens

struct JwtToken {
  std::string header;
  std::string payload;
  std::string signature;

  std::string signed_part() const { return header + '.' + payload; }
};

Result<JwtToken> split_token(std::string_view text);
Result<Value> json_object(std::string_view text);
// Decoded; `name` stands in the error.
Result<std::string> section(std::string_view encoded, std::string_view name);
Result<Value> read_header(const JwtToken& token);
std::string text_member(const Value& object, std::string_view name);

// Of a JWK or a set of them, a certificate or a public key in PEM. What reading them, verifying and
// signing takes is taken from the evaluation under way before.
Result<std::vector<pki::ForeignKey>> keys_of(std::string_view text);
// False: there is not so much work left.
bool may_sign(const pki::ForeignKey& key);
// Under the key that `kid` names when there is one, else under any key of the right algorithm.
bool verified(const std::vector<pki::ForeignKey>& keys, const JwtToken& token, const Value& header,
              std::string_view algorithm, std::string_view signature);
// The members of a header that have a meaning are texts.
Status check_header(const Value& header);
// Every critical parameter is one that we know: RFC 7515 section 4.1.11.
bool acceptable(const Value& header);

}  // namespace unhidra::rego::builtins
