#pragma once
// Argon2id off the event loops, at one cost whether or not the user exists.

#include <atomic>
#include <optional>
#include <string>

#include "unhidra/auth/settings.h"
#include "unhidra/base/random.h"
#include "unhidra/crypto/password.h"
#include "unhidra/runtime/worker_pool.h"

namespace unhidra::auth {

// Safe from any thread. A full queue answers runtime::Errc::overloaded with retry_after.
class Passwords {
 public:
  Passwords(runtime::WorkerPool& pool, RandomSource& random, const AuthSettings& settings);

  Task<Result<std::string>> hash(SecretBytes password);

  struct Verdict {
    bool matches = false;
    // Set when it matches and the stored hash was made at another cost: to be stored instead.
    std::optional<std::string> replacement;
  };
  // Without a stored hash (nobody of that name) the same work is done against a hash of the same
  // cost that no password matches.
  Task<Result<Verdict>> verify(std::optional<std::string> stored, SecretBytes password);

  // Computations so far: lets a test see that both answers cost the same.
  std::uint64_t computations() const { return computations_.load(); }

 private:
  Result<std::string> hash_now(ByteView password);
  Result<Verdict> verify_now(const std::optional<std::string>& stored, ByteView password);

  runtime::WorkerPool& pool_;
  RandomSource& random_;
  crypto::Argon2Cost cost_;
  std::string dummy_;
  std::atomic<std::uint64_t> computations_{0};
};

}  // namespace unhidra::auth
