#include "key_ring.h"

#include <algorithm>

#include "unhidra/auth/errc.h"
#include "unhidra/runtime/log.h"

namespace unhidra::auth {
namespace {

pki::SignatureAlgorithm algorithm_of(const AuthSettings& settings) {
  return settings.token_algorithm == TokenAlgorithm::eddsa ? pki::SignatureAlgorithm::eddsa
                                                           : pki::SignatureAlgorithm::rs256;
}

}  // namespace

Result<store::SigningKey> next_signing_key(const Domain& domain, const pki::KeyProvider& provider,
                                           Rotation rotation) {
  UNHIDRA_TRY(auto made, provider.generate(algorithm_of(domain.settings), domain.random));
  const auto& key = made.key;
  const auto now = domain.clock.now();
  return store::SigningKey{
      .kid = key.key_id(),
      .algorithm = std::string(pki::to_string(key.algorithm())),
      .public_jwk = key.public_key().to_json(),
      .sealed_private = std::move(made.kept),
      .created_at = now,
      .not_before = rotation == Rotation::immediate ? now : now + domain.settings.key_set_lifetime,
      .retire_at = std::nullopt};
}

Status add_signing_key(storage::Transaction& tx, const Domain& domain, const store::SigningKey& key,
                       Rotation rotation) {
  const auto last_token = key.not_before + domain.settings.access_token_lifetime + kTokenLeeway;
  UNHIDRA_TRY_VOID(store::insert(tx, key));
  return store::retire_others(tx, key.kid,
                              rotation == Rotation::immediate ? domain.clock.now() : last_token);
}

Status rotate_signing_keys(storage::Database& database, const Domain& domain,
                           const pki::KeyProvider& provider, Rotation rotation) {
  UNHIDRA_TRY(const auto key, next_signing_key(domain, provider, rotation));
  return database.write_sync(
      [&](storage::Transaction& tx) { return add_signing_key(tx, domain, key, rotation); });
}

Status KeyRing::load() {
  const auto read_rows = [&](storage::Transaction& tx) {
    return store::list_signing_keys(tx, domain_.clock.now());
  };
  UNHIDRA_TRY(auto rows, database_.read_sync(read_rows));
  if (rows.empty()) {
    UNHIDRA_TRY_VOID(rotate_signing_keys(database_, domain_, provider_, Rotation::immediate));
    UNHIDRA_TRY(rows, database_.read_sync(read_rows));
  }
  return adopt(rows);
}

Task<Status> KeyRing::refresh(runtime::WorkerPool& pool) {
  auto rows = co_await database_.read(
      [&](storage::Transaction& tx) { return store::list_signing_keys(tx, domain_.clock.now()); });
  if (!rows) {
    co_return fail(std::move(rows).error());
  }
  const auto known = keys();
  const bool same =
      known->entries.size() == rows->size() &&
      std::ranges::equal(
          known->entries, *rows, {}, [](const Entry& entry) { return entry.key->key_id(); },
          [](const store::SigningKey& row) { return row.kid; });
  if (!same) {
    if (auto status = adopt(*rows); !status) {
      co_return fail(std::move(status).error());
    }
    log::info("signing_keys.changed", {{"keys", rows->size()}});
  }
  if (due()) {
    auto rotated = co_await pool.run(
        [&] { return rotate_signing_keys(database_, domain_, provider_, Rotation::overlapping); });
    if (!rotated) {
      co_return fail(std::move(rotated).error());
    }
  }
  co_return Status();
}

bool KeyRing::due() const {
  const auto known = keys();
  if (known->entries.empty()) {
    return true;
  }
  const auto& youngest = known->entries.back();
  return youngest.created_at + domain_.settings.signing_key_lifetime < domain_.clock.now() ||
         youngest.key->algorithm() != algorithm_of(domain_.settings);
}

Result<KeyRing::Entry> KeyRing::open(const store::SigningKey& row, const Keys* known) const {
  if (known != nullptr) {
    for (const auto& entry : known->entries) {
      if (entry.key->key_id() == row.kid) {
        return entry;
      }
    }
  }
  const auto algorithm = pki::parse_signature_algorithm(row.algorithm);
  if (!algorithm) {
    return fail(Errc::no_signing_key, "a signing key of an unknown algorithm");
  }
  UNHIDRA_TRY(auto key, provider_.open(row.kid, *algorithm, row.sealed_private));
  return Entry{.key = std::make_shared<const pki::SigningKey>(std::move(key)),
               .created_at = row.created_at,
               .not_before = row.not_before};
}

Status KeyRing::adopt(const std::vector<store::SigningKey>& rows) {
  const auto known = keys();
  auto fresh = std::make_shared<Keys>();
  for (const auto& row : rows) {
    UNHIDRA_TRY(auto entry, open(row, known.get()));
    UNHIDRA_TRY_VOID(fresh->verification.add(entry.key->public_key()));
    fresh->entries.push_back(std::move(entry));
  }
  fresh->document = pki::to_jwks(fresh->verification.keys());
  std::atomic_store(&keys_, std::shared_ptr<const Keys>(std::move(fresh)));
  return {};
}

std::string KeyRing::key_set() const {
  return keys()->document;
}

Result<std::string> KeyRing::sign(const pki::AccessClaims& claims) const {
  const auto known = keys();
  const auto now = domain_.clock.now();
  // The youngest that may sign; before the very first not_before, any.
  for (auto entry = known->entries.rbegin(); entry != known->entries.rend(); ++entry) {
    if (entry->not_before <= now || std::next(entry) == known->entries.rend()) {
      return pki::sign_access_token(*entry->key, claims);
    }
  }
  return fail(Errc::no_signing_key, "there is no signing key");
}

Result<pki::AccessClaims> KeyRing::verify(std::string_view token) const {
  const pki::AccessTokenVerifier verifier({.issuer = domain_.settings.issuer,
                                           .audience = std::string(kAudience),
                                           .leeway = kTokenLeeway},
                                          domain_.clock);
  std::string detail;
  auto verified = verifier.verify(keys()->verification, token, &detail);
  if (!verified) {
    log::debug("token.refused", {{"why", detail}});
    return fail(std::move(verified).error());
  }
  return std::move(verified->claims);
}

}  // namespace unhidra::auth
