#include "unhidra/crypto/password.h"

#include <algorithm>
#include <charconv>

#include "unhidra/base/text.h"

namespace unhidra::crypto {
namespace {

constexpr std::size_t kHashSize = 32;
constexpr std::size_t kMinHashSize = 16;
constexpr std::size_t kMaxStoredHashSize = 64;
constexpr std::size_t kMaxPhcSize = 256;

std::unexpected<Error> malformed() {
  return fail(Errc::bad_parameters, "not an Argon2id PHC string within the limits");
}

bool within(const Argon2Cost& cost) {
  // RFC 9106 section 3.1: at least 8 KiB per lane.
  return cost.memory_kib >= kMinArgon2Cost.memory_kib &&
         cost.memory_kib <= kMaxArgon2Cost.memory_kib && cost.passes >= kMinArgon2Cost.passes &&
         cost.passes <= kMaxArgon2Cost.passes;
}

// Consumes `expected` from the front.
bool take_literal(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) {
    return false;
  }
  text.remove_prefix(expected.size());
  return true;
}

// A decimal number without leading zeros or sign.
bool take_number(std::string_view& text, std::uint32_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || text[0] == '0') {
    return false;
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

// PHC strings take the standard alphabet without padding.
std::string unpadded(ByteView bytes) {
  std::string text = to_base64(bytes);
  text.erase(std::find(text.begin(), text.end(), '='), text.end());
  return text;
}
Result<Bytes> from_unpadded(std::string_view text) {
  if (text.find('=') != std::string_view::npos) {
    return malformed();
  }
  std::string padded(text);
  padded.append((4 - padded.size() % 4) % 4, '=');
  return from_base64(padded);
}

}  // namespace

Result<PasswordHash> PasswordHash::parse(std::string_view phc) {
  PasswordHash out;
  if (phc.size() > kMaxPhcSize || !take_literal(phc, "$argon2id$v=19$m=") ||
      !take_number(phc, out.cost.memory_kib) || !take_literal(phc, ",t=") ||
      !take_number(phc, out.cost.passes) || !take_literal(phc, ",p=1$") || !within(out.cost)) {
    return malformed();
  }
  const std::size_t split = phc.find('$');
  if (split == std::string_view::npos) {
    return malformed();
  }
  const auto salt = from_unpadded(phc.substr(0, split));
  auto hash = from_unpadded(phc.substr(split + 1));
  if (!salt || !hash || salt->size() != kArgon2SaltSize || hash->size() < kMinHashSize ||
      hash->size() > kMaxStoredHashSize) {
    return malformed();
  }
  std::copy(salt->begin(), salt->end(), out.salt.begin());
  out.hash = std::move(*hash);
  return out;
}

std::string PasswordHash::to_string() const {
  return "$argon2id$v=19$m=" + std::to_string(cost.memory_kib) +
         ",t=" + std::to_string(cost.passes) + ",p=1$" + unpadded(salt) + "$" + unpadded(hash);
}

Result<std::string> hash_password(const Provider& provider, RandomSource& random, ByteView password,
                                  const Argon2Cost& cost) {
  if (password.size() > kMaxPasswordSize || !within(cost)) {
    return fail(Errc::bad_parameters, "a password or cost outside the limits");
  }
  PasswordHash out{.cost = cost, .salt = random.array<kArgon2SaltSize>(), .hash = Bytes(kHashSize)};
  UNHIDRA_TRY_VOID(provider.argon2id(cost, password, out.salt, out.hash));
  return out.to_string();
}

Status verify_password(const Provider& provider, std::string_view phc, ByteView password) {
  UNHIDRA_TRY(const auto stored, PasswordHash::parse(phc));
  if (password.size() > kMaxPasswordSize) {
    return fail(Errc::wrong_password, "the password does not match");
  }
  SecretBytes computed(stored.hash.size());
  UNHIDRA_TRY_VOID(
      provider.argon2id(stored.cost, password, stored.salt, computed.expose_mutable()));
  if (!constant_time_equal(computed.expose(), stored.hash)) {
    return fail(Errc::wrong_password, "the password does not match");
  }
  return {};
}

bool needs_rehash(std::string_view phc, const Argon2Cost& cost) {
  const auto stored = PasswordHash::parse(phc);
  return !stored || stored->cost.memory_kib < cost.memory_kib ||
         stored->cost.passes < cost.passes || stored->hash.size() < kHashSize;
}

}  // namespace unhidra::crypto
