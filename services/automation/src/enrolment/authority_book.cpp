#include "enrolment/authority_book.h"

#include <algorithm>

#include "unhidra/automation/errc.h"
#include "unhidra/runtime/log.h"

namespace unhidra::automation {
namespace {

using storage::Transaction;

constexpr std::chrono::seconds kRound{1};
constexpr std::chrono::days kLifetime{3650};
constexpr std::chrono::hours kBackdated{1};
constexpr std::string_view kName = "Unhidra device authority";

std::optional<Bytes> stored(Bytes sealed) {
  return sealed.empty() ? std::nullopt : std::optional(std::move(sealed));
}

pki::Validity fresh_validity(Timestamp now) {
  return {now - kBackdated, now + kLifetime};
}

Result<pki::DeviceAuthority> open(const store::Authority& row, const AutomationSettings& settings,
                                  const pki::KeySealer& sealer) {
  UNHIDRA_TRY(auto certificate, pki::Certificate::from_der(row.certificate));
  UNHIDRA_TRY(auto signer, open_authority_key(settings, row.sealed_key.value_or(Bytes()),
                                              row.key_label, row.generation, sealer));
  return pki::DeviceAuthority::make(std::move(certificate), std::move(signer));
}

bool believed(const std::vector<store::Authority>& rows, std::int64_t generation) {
  return std::ranges::any_of(rows, [&](const store::Authority& row) {
    return row.generation == generation && !row.retired_at;
  });
}

}  // namespace

const KnownAuthority& Authorities::issuing(Timestamp now) const {
  for (auto each = known.rbegin(); each != known.rend(); ++each) {
    if (each->issues_from <= now) {
      return *each;
    }
  }
  return known.front();  // whose clock is behind
}

const KnownAuthority* Authorities::find(std::int64_t generation) const {
  const auto found = std::ranges::find(known, generation, &KnownAuthority::generation);
  return found == known.end() ? nullptr : &*found;
}

AuthorityBook::AuthorityBook(AuthorityBookDependencies dependencies)
    : deps_(std::move(dependencies)) {}

Status AuthorityBook::load() {
  UNHIDRA_TRY(const auto stamps, deps_.database.read_sync(store::authority_stamps));
  if (stamps.empty()) {
    UNHIDRA_TRY_VOID(make_first());
  }
  UNHIDRA_TRY_VOID(refresh());
  return {};
}

// That of the data directory, which certificates may be of already, or a new one.
Result<store::Authority> AuthorityBook::first_row() {
  const auto now = deps_.clock.now();
  UNHIDRA_TRY(auto files,
              read_authority_files(deps_.directory, deps_.settings, deps_.sealer, deps_.random));
  if (files) {
    UNHIDRA_TRY(const auto checked,
                pki::DeviceAuthority::make(files->certificate, files->key.signer));
    return store::Authority{.generation = 1,
                            .certificate = checked.certificate().to_der(),
                            .sealed_key = stored(std::move(files->key.sealed)),
                            .key_label = std::move(files->key.token_label),
                            .created_at = now,
                            .issues_from = now};
  }
  UNHIDRA_TRY(auto key, make_authority_key(deps_.settings, deps_.settings.pkcs11_key, 1,
                                           deps_.sealer, deps_.random));
  UNHIDRA_TRY(const auto made,
              pki::DeviceAuthority::create(kName, fresh_validity(now), key.signer, deps_.random));
  return store::Authority{.generation = 1,
                          .certificate = made.certificate().to_der(),
                          .sealed_key = stored(std::move(key.sealed)),
                          .key_label = std::move(key.token_label),
                          .created_at = now,
                          .issues_from = now};
}

// Of several processes that start at once, the first one's remains.
Status AuthorityBook::make_first() {
  UNHIDRA_TRY(const auto row, first_row());
  return deps_.database.write_sync([&](Transaction& tx) -> Status {
    UNHIDRA_TRY(const auto present, store::authority_stamps(tx));
    return present.empty() ? store::insert(tx, row) : Status();
  });
}

Result<std::vector<std::int64_t>> AuthorityBook::refresh() {
  const std::lock_guard lock(loading_);
  UNHIDRA_TRY(auto stamps, deps_.database.read_sync(store::authority_stamps));
  if (stamps == stamps_) {
    return std::vector<std::int64_t>();
  }
  UNHIDRA_TRY(const auto rows, deps_.database.read_sync(store::authorities));
  UNHIDRA_TRY(auto gone, adopt(rows));
  stamps_ = std::move(stamps);
  return gone;
}

// The generations that were believed and are not any more.
Result<std::vector<std::int64_t>> AuthorityBook::adopt(const std::vector<store::Authority>& rows) {
  const auto before = now();
  auto fresh = std::make_shared<Authorities>();
  for (const auto& row : rows) {
    if (row.retired_at) {
      continue;
    }
    const auto* known = before ? before->find(row.generation) : nullptr;
    if (known != nullptr) {
      fresh->known.push_back(*known);
    } else {
      UNHIDRA_TRY(auto authority, open(row, deps_.settings, deps_.sealer));
      fresh->known.push_back({row.generation, std::move(authority), row.issues_from});
    }
    fresh->trusted.push_back(fresh->known.back().authority.certificate());
    if (row.predecessor && believed(rows, *row.predecessor)) {
      for (const auto& link : {row.new_with_old, row.old_with_new}) {
        UNHIDRA_TRY(auto certificate, pki::Certificate::from_der(link.value_or(Bytes())));
        fresh->links.push_back(std::move(certificate));
      }
    }
  }
  if (fresh->known.empty()) {
    return fail(Errc::no_authority, "every device authority is retired");
  }
  std::vector<std::int64_t> gone;
  if (before) {
    for (const auto& each : before->known) {
      if (fresh->find(each.generation) == nullptr) {
        gone.push_back(each.generation);
      }
    }
    log::info("device_authorities.changed",
              {{"believed", fresh->known.size()}, {"retired", gone.size()}});
  }
  now_.set(std::move(fresh));
  return gone;
}

void AuthorityBook::follow(Executor executor, std::function<void(std::int64_t)> retired) {
  pool_ = std::make_unique<runtime::WorkerPool>(
      runtime::WorkerPoolOptions{.name = "authorities", .threads = 1});
  scope_ = std::make_unique<runtime::TaskScope>(std::move(executor), "authorities");
  scope_->spawn("authorities.follow", look_after(std::move(retired)));
}

Task<void> AuthorityBook::look_after(std::function<void(std::int64_t)> retired) {
  for (;;) {
    co_await runtime::sleep_for(kRound);
    const auto gone = co_await pool_->run([this] { return refresh(); });
    if (!gone && !troubled_) {
      log::warn("device_authorities.cannot_follow",
                {{"error", gone.error()}, {"message", gone.error().message()}});
    }
    troubled_ = !gone;
    if (gone) {
      std::ranges::for_each(*gone, retired);
    }
  }
}

Task<void> AuthorityBook::stop(std::chrono::milliseconds grace) {
  if (scope_) {
    scope_->request_stop();
    if (const auto joined = co_await scope_->join(grace); !joined) {
      log::warn("authorities.stop", {{"error", joined.error()}});
    }
    pool_->stop();
  }
}

Result<store::Authority> next_authority(const std::vector<store::Authority>& rows,
                                        const AutomationSettings& settings,
                                        const std::string& token_label, Timestamp issues_from,
                                        const pki::KeySealer& sealer, const Clock& clock,
                                        RandomSource& random) {
  if (rows.empty() || rows.back().retired_at) {
    return fail(Errc::conflict, "there is no device authority yet: the server makes the first");
  }
  const auto& last = rows.back();
  UNHIDRA_TRY(const auto old, open(last, settings, sealer));
  const auto generation = last.generation + 1;
  UNHIDRA_TRY(auto key, make_authority_key(settings, token_label, generation, sealer, random));
  for (const auto& row : rows) {
    UNHIDRA_TRY(const auto certificate, pki::Certificate::from_der(row.certificate));
    if (certificate.public_key_der() == key.signer->public_key_der()) {
      return fail(Errc::conflict, "the token's pair is that of authority " +
                                      std::to_string(row.generation) + ": make a new pair");
    }
  }
  const auto now = clock.now();
  UNHIDRA_TRY(const auto made, old.successor(fresh_validity(now), key.signer, random));
  UNHIDRA_TRY(const auto new_with_old, old.certify(made, random));
  UNHIDRA_TRY(const auto old_with_new, made.certify(old, random));
  return store::Authority{.generation = generation,
                          .certificate = made.certificate().to_der(),
                          .sealed_key = stored(std::move(key.sealed)),
                          .key_label = std::move(key.token_label),
                          .created_at = now,
                          .issues_from = issues_from,
                          .predecessor = last.generation,
                          .new_with_old = new_with_old.to_der(),
                          .old_with_new = old_with_new.to_der(),
                          .retired_at = std::nullopt};
}

}  // namespace unhidra::automation
