#include "credentials.h"

#include "unhidra/auth/errc.h"
#include "unhidra/base/text.h"
#include "unhidra/crypto/provider.h"

namespace unhidra::auth {
namespace {

constexpr std::string_view kRefreshPrefix = "uhr_";
constexpr std::size_t kRefreshBytes = 16 + 2 * RefreshToken::kSecret;

CredentialHash sha256(ByteView bytes) {
  return crypto::native_provider().sha256(bytes);
}

}  // namespace

CredentialHash hash_credential(std::string_view text) {
  return sha256(as_bytes(text));
}

std::string make_credential(std::string_view prefix, RandomSource& random) {
  const auto secret = random.secret_array<32>();
  return std::string(prefix) + "_" + to_base64url(secret.expose());
}

std::string make_one_time_password(RandomSource& random) {
  static constexpr std::string_view kAlphabet = "abcdefghjkmnpqrstuvwxyz23456789";
  std::string out;
  for (int i = 0; i < 20; ++i) {
    if (i > 0 && i % 5 == 0) {
      out += '-';
    }
    out += kAlphabet[random.below(kAlphabet.size())];
  }
  return out;
}

RefreshToken RefreshToken::make(SessionId session, RandomSource& random) {
  return {session, random.secret_array<kSecret>(), random.secret_array<kSecret>()};
}

RefreshToken RefreshToken::next(RandomSource& random) const {
  return {session, family.clone(), random.secret_array<kSecret>()};
}

Result<RefreshToken> RefreshToken::parse(std::string_view text) {
  const auto bad = [] { return fail(Errc::invalid_session, "this is no valid refresh token"); };
  if (!text.starts_with(kRefreshPrefix) || text.size() > 200) {
    return bad();
  }
  auto bytes = from_base64url(text.substr(kRefreshPrefix.size()));
  if (!bytes || bytes->size() != kRefreshBytes) {
    return bad();
  }
  const ByteView view(*bytes);
  RefreshToken token{
      *SessionId::from_bytes(view.first(16)),
      SecretArray<kSecret>::copy_of(view.subspan<16, kSecret>()),
      SecretArray<kSecret>::copy_of(view.subspan<16 + kSecret, kSecret>()),
  };
  wipe(*bytes);
  return token;
}

std::string RefreshToken::to_text() const {
  SecretArray<kRefreshBytes> all;
  auto out = all.expose_mutable();
  std::ranges::copy(session.bytes(), out.begin());
  std::ranges::copy(family.expose(), out.begin() + 16);
  std::ranges::copy(rotation.expose(), out.begin() + 16 + kSecret);
  return std::string(kRefreshPrefix) + to_base64url(all.expose());
}

CredentialHash RefreshToken::family_hash() const {
  return sha256(family.expose());
}

CredentialHash RefreshToken::rotation_hash() const {
  return sha256(rotation.expose());
}

}  // namespace unhidra::auth
