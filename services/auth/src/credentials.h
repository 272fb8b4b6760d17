#pragma once
// Random credentials that the server hands out once and keeps only as SHA-256: refresh tokens,
// invitations, the setup token, API keys, one-time passwords.

#include <string>
#include <string_view>

#include "unhidra/base/id.h"
#include "unhidra/base/random.h"
#include "unhidra/base/secret.h"

namespace unhidra::auth {

using CredentialHash = ByteArray<32>;

// SHA-256 of the credential's text. Plain hashing is enough: the input has 256 random bits.
CredentialHash hash_credential(std::string_view text);

// "<prefix>_" + base64url of 32 random bytes. The prefix tells people and leak scanners what it is.
std::string make_credential(std::string_view prefix, RandomSource& random);

// 20 characters without look-alikes in groups of five (97 bits): typed by a person once.
std::string make_one_time_password(RandomSource& random);

// A refresh token names its session and carries two secrets: one that stays for the life of the
// session and one that changes with every refresh. The server keeps a hash of each. A token whose
// first secret is right and whose second one is not is an old token of that session, however old:
// that proves reuse. One whose first secret is wrong proves nothing and must not end the session.
struct RefreshToken {
  static constexpr std::size_t kSecret = 32;
  SessionId session;
  SecretArray<kSecret> family;
  SecretArray<kSecret> rotation;

  static RefreshToken make(SessionId session, RandomSource& random);
  // The token that replaces this one.
  RefreshToken next(RandomSource& random) const;
  static Result<RefreshToken> parse(std::string_view text);
  std::string to_text() const;
  CredentialHash family_hash() const;
  CredentialHash rotation_hash() const;
};

}  // namespace unhidra::auth
