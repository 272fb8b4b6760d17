#include "passwords.h"

namespace unhidra::auth {
namespace {

// A well-formed hash of the given cost whose password nobody knows: its digest is random.
std::string make_dummy(const crypto::Argon2Cost& cost, RandomSource& random) {
  const crypto::PasswordHash dummy{.cost = cost,
                                   .salt = random.array<crypto::kArgon2SaltSize>(),
                                   .hash = to_bytes(random.array<32>())};
  return dummy.to_string();
}

}  // namespace

Passwords::Passwords(runtime::WorkerPool& pool, RandomSource& random, const AuthSettings& settings)
    : pool_(pool),
      random_(random),
      cost_{.memory_kib = settings.password_memory_kib, .passes = settings.password_passes},
      dummy_(make_dummy(cost_, random)) {}

Task<Result<std::string>> Passwords::hash(SecretBytes password) {
  co_return co_await pool_.run([&] { return hash_now(password.expose()); });
}

Task<Result<Passwords::Verdict>> Passwords::verify(std::optional<std::string> stored,
                                                   SecretBytes password) {
  co_return co_await pool_.run([&] { return verify_now(stored, password.expose()); });
}

Result<std::string> Passwords::hash_now(ByteView password) {
  computations_.fetch_add(1);
  return crypto::hash_password(crypto::native_provider(), random_, password, cost_);
}

Result<Passwords::Verdict> Passwords::verify_now(const std::optional<std::string>& stored,
                                                 ByteView password) {
  computations_.fetch_add(1);
  const auto& phc = stored ? *stored : dummy_;
  const auto status = crypto::verify_password(crypto::native_provider(), phc, password);
  if (!status) {
    if (status.error() == crypto::Errc::wrong_password) {
      return Verdict{};
    }
    return fail(Error(status.error()).in("a stored password hash"));
  }
  if (!stored) {
    return Verdict{};
  }
  Verdict verdict{.matches = true, .replacement = std::nullopt};
  if (crypto::needs_rehash(phc, cost_)) {
    UNHIDRA_TRY(verdict.replacement, hash_now(password));
  }
  return verdict;
}

}  // namespace unhidra::auth
