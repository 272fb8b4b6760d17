#pragma once
// Passwords as Argon2id PHC strings: $argon2id$v=19$m=49152,t=3,p=1$<salt>$<hash>, both in base64
// without padding. Hashing and verifying take tens of milliseconds and `m` KiB of memory: call them
// on a worker pool.

#include <string>
#include <string_view>

#include "unhidra/base/random.h"
#include "unhidra/crypto/provider.h"

namespace unhidra::crypto {

// What a stored string may ask for. A hostile one must not cost gigabytes or minutes.
inline constexpr Argon2Cost kMinArgon2Cost{.memory_kib = 8, .passes = 1};
inline constexpr Argon2Cost kMaxArgon2Cost{.memory_kib = 256 * 1024, .passes = 16};
inline constexpr std::size_t kMaxPasswordSize = 1024;
inline constexpr std::size_t kArgon2SaltSize = 16;

struct PasswordHash {
  Argon2Cost cost;
  ByteArray<kArgon2SaltSize> salt{};
  Bytes hash;  // 16 to 64 bytes

  // Accepts the one canonical spelling and costs within the limits above, with p=1.
  static Result<PasswordHash> parse(std::string_view phc);
  std::string to_string() const;
};

// Errc::bad_parameters for a password over kMaxPasswordSize or a cost outside the limits.
Result<std::string> hash_password(const Provider& provider, RandomSource& random, ByteView password,
                                  const Argon2Cost& cost = {});
// Compares in constant time; Errc::wrong_password, or what parse() answers.
Status verify_password(const Provider& provider, std::string_view phc, ByteView password);
// True when the string was made at a cost below `cost` or cannot be read: hash again at next login.
bool needs_rehash(std::string_view phc, const Argon2Cost& cost = {});

}  // namespace unhidra::crypto
