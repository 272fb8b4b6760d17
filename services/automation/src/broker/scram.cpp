#include "broker/scram.h"

#include <algorithm>

#include "unhidra/automation/errc.h"
#include "unhidra/base/text.h"
#include "unhidra/crypto/provider.h"

namespace unhidra::automation {
namespace {

constexpr std::string_view kBinding = "p=tls-exporter";
constexpr std::size_t kMinNonce = 8;

std::unexpected<Error> refused() {
  return fail(Errc::bad_credentials, "the SCRAM exchange is not accepted");
}

ByteArray<32> hmac(ByteView key, ByteView data) {
  const auto out = crypto::native_provider().hmac_sha256(key, data);
  return *to_array<32>(out.expose());
}

void xor_into(ByteArray<32>& out, const ByteArray<32>& other) {
  std::ranges::transform(out, other, out.begin(),
                         [](Byte a, Byte b) { return static_cast<Byte>(a ^ b); });
}

// Hi() of RFC 5802 section 2.2: PBKDF2 with one block.
ByteArray<32> salted_password(ByteView password, ByteView salt, std::uint32_t iterations) {
  Bytes first = to_bytes(salt);
  first.insert(first.end(), {0, 0, 0, 1});
  auto round = hmac(password, first);
  auto out = round;
  for (std::uint32_t i = 1; i < iterations; ++i) {
    round = hmac(password, round);
    xor_into(out, round);
  }
  return out;
}

// RFC 5802 section 7, printable: %x21-2B / %x2D-7E.
bool is_nonce(std::string_view text) {
  return text.size() >= kMinNonce &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f' && c != ','; });
}

std::string_view take_field(std::string_view& rest) {
  const auto comma = rest.find(',');
  const auto out = rest.substr(0, comma);
  rest.remove_prefix(std::min(rest.size(), out.size() + 1));
  return out;
}

}  // namespace

ScramVerifier make_verifier(ByteView password, Bytes salt, std::uint32_t iterations) {
  const auto salted = salted_password(password, salt, iterations);
  const auto client_key = hmac(salted, as_bytes("Client Key"));
  return {.salt = std::move(salt),
          .iterations = iterations,
          .stored_key = crypto::native_provider().sha256(client_key),
          .server_key = hmac(salted, as_bytes("Server Key"))};
}

Result<ScramClientFirst> parse_client_first(std::string_view message) {
  if (message.size() > kMaxScramMessage) {
    return refused();
  }
  ScramClientFirst out;
  auto rest = message;
  const auto binding = take_field(rest);
  const auto acts_for = take_field(rest);
  out.bound = binding == kBinding;
  out.could_bind = binding == "y";
  if ((!out.bound && !out.could_bind && binding != "n") || !acts_for.empty()) {
    return refused();
  }
  out.gs2_header = message.substr(0, message.size() - rest.size());
  out.bare = rest;
  const auto user = take_field(rest);
  const auto nonce = take_field(rest);
  // Names are ids here: no "=2C", no "=3D". Extensions after the nonce may be ignored.
  if (!user.starts_with("n=") || !nonce.starts_with("r=") || !is_nonce(nonce.substr(2))) {
    return refused();
  }
  out.user = user.substr(2);
  out.nonce = nonce.substr(2);
  return out;
}

ScramExchange::ScramExchange(ScramClientFirst first, ScramVerifier verifier,
                             std::string_view server_nonce, Bytes binding, bool known)
    : first_(std::move(first)),
      verifier_(std::move(verifier)),
      binding_(std::move(binding)),
      known_(known),
      nonce_(first_.nonce + std::string(server_nonce)),
      server_first_("r=" + nonce_ + ",s=" + to_base64(verifier_.salt) +
                    ",i=" + std::to_string(verifier_.iterations)) {}

Result<std::string> ScramExchange::finish(std::string_view client_final) const {
  const auto at = client_final.rfind(",p=");
  if (client_final.size() > kMaxScramMessage || at == client_final.npos) {
    return refused();
  }
  auto rest = client_final.substr(0, at);
  const auto channel = take_field(rest);
  const auto nonce = take_field(rest);
  const auto proof = from_base64(client_final.substr(at + 3));
  const auto proof_key =
      proof ? to_array<32>(*proof) : Result<ByteArray<32>>(std::unexpect, proof.error());
  Bytes said = to_bytes(as_bytes(first_.gs2_header));
  if (first_.bound) {
    append(said, binding_);
  }
  if (channel != "c=" + to_base64(said) || nonce != "r=" + nonce_ || !proof_key) {
    return refused();
  }
  const auto signed_text =
      first_.bare + "," + server_first_ + "," + std::string(client_final.substr(0, at));
  auto client_key = hmac(verifier_.stored_key, as_bytes(signed_text));
  xor_into(client_key, *proof_key);
  const bool good =
      constant_time_equal(crypto::native_provider().sha256(client_key), verifier_.stored_key);
  if (!good || !known_) {
    return refused();
  }
  return "v=" + to_base64(hmac(verifier_.server_key, as_bytes(signed_text)));
}

}  // namespace unhidra::automation
