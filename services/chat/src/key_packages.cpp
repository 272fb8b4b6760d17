#include "key_packages.h"

#include <set>

#include "unhidra/chat/errc.h"
#include "unhidra/mls_public/tree_validation.h"

#include "member_authority.h"

namespace unhidra::chat {
namespace {

using mls_public::KeyPackage;
using storage::Transaction;

std::unexpected<Error> bad(std::string why) {
  return fail(Errc::bad_key_package, std::move(why));
}

Result<KeyPackage> parse(ByteView bytes) {
  if (bytes.size() > kMaxKeyPackageBytes) {
    return bad("a KeyPackage has at most " + std::to_string(kMaxKeyPackageBytes) + " bytes");
  }
  auto message = mls_public::MlsMessage::parse(bytes);
  if (!message) {
    return bad(message.error().message());
  }
  auto* key_package = std::get_if<KeyPackage>(&message->body);
  if (key_package == nullptr) {
    return bad("the message is no KeyPackage");
  }
  return std::move(*key_package);
}

Status check_key_package(const mls_public::Suite& suite, const MemberAuthority& authority,
                         const Asker& asker, const KeyPackage& key_package, Timestamp now) {
  if (auto status = mls_public::validate_key_package(suite, key_package, authority.rules(now));
      !status) {
    return bad(status.error().message());
  }
  UNHIDRA_TRY(const auto name, name_of(*key_package.leaf_node));
  if (name != identity::MemberName{asker.user_id, asker.device_id}) {
    return bad("the credential names another device than the one that uploads");
  }
  return {};
}

Timestamp end_of(const KeyPackage& key_package) {
  return from_unix_micros(static_cast<std::int64_t>(key_package.leaf_node->lifetime().not_after) *
                          1'000'000);
}

// One last-resort KeyPackage a suite: a newer one takes the place of the one before.
Status drop_last_resort(Transaction& tx, DeviceId device, std::uint32_t suite) {
  UNHIDRA_TRY_VOID(
      tx.execute("DELETE FROM key_packages WHERE device_id = $1 AND cipher_suite = $2 "
                 "AND last_resort = 1",
                 device, suite));
  return {};
}

Status store_one(Transaction& tx, const Asker& asker, const mls_public::Suite& suite,
                 const KeyPackage& key_package, const Bytes& bytes, Timestamp now) {
  const auto number = static_cast<std::uint32_t>(key_package.cipher_suite);
  const bool last_resort = key_package.is_last_resort();
  if (last_resort) {
    UNHIDRA_TRY_VOID(drop_last_resort(tx, asker.device_id, number));
  }
  UNHIDRA_TRY_VOID(tx.execute(
      "INSERT INTO key_packages (device_id, cipher_suite, reference, org_id, last_resort, "
      "not_after, created_at, key_package) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
      "ON CONFLICT DO NOTHING",
      asker.device_id, number, key_package.reference(suite).view(), asker.org_id, last_resort,
      end_of(key_package), now, bytes));
  return {};
}

constexpr std::string_view kOldest =
    "SELECT reference, key_package FROM key_packages WHERE device_id = $1 AND cipher_suite = $2 "
    "AND claimed_at IS NULL AND last_resort = 0 AND not_after > $3 "
    "ORDER BY created_at, reference LIMIT 1";

// The oldest that is good. Two who take the same one at once write the same row: one of them is run
// again and finds the next.
Result<std::optional<Bytes>> take_one_time(Transaction& tx, DeviceId device, std::uint32_t suite,
                                           Timestamp now) {
  UNHIDRA_TRY(const auto rows, tx.query(kOldest, device, suite, now));
  if (rows.empty()) {
    return std::nullopt;
  }
  UNHIDRA_TRY(const auto taken,
              tx.execute("UPDATE key_packages SET claimed_at = $4, key_package = NULL "
                         "WHERE device_id = $1 AND cipher_suite = $2 AND reference = $3 "
                         "AND claimed_at IS NULL",
                         device, suite, rows.front().get<ByteView>(0), now));
  if (taken != 1) {
    return fail(unhidra::Errc::internal, "a KeyPackage was taken twice");
  }
  return rows.front().get<Bytes>(1);
}

Result<std::optional<Bytes>> last_resort(Transaction& tx, DeviceId device, std::uint32_t suite,
                                         Timestamp now) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT key_package FROM key_packages WHERE device_id = $1 AND cipher_suite "
                       "= $2 AND last_resort = 1 AND not_after > $3",
                       device, suite, now));
  return rows.empty() ? std::nullopt : std::optional(rows.front().get<Bytes>(0));
}

}  // namespace

Status store_key_packages(const crypto::Provider& provider, Transaction& tx, const Asker& asker,
                          const wire::PublishKeyPackages& upload, Timestamp now) {
  if (upload.key_packages.empty() || upload.key_packages.size() > kMaxKeyPackagesPerUpload) {
    return fail(Errc::malformed,
                "an upload has 1 to " + std::to_string(kMaxKeyPackagesPerUpload) + " KeyPackages");
  }
  const MemberAuthority authority(tx, asker.org_id, std::nullopt);
  std::set<std::uint32_t> suites;
  // What has expired is not needed to refuse it, either.
  UNHIDRA_TRY_VOID(tx.execute("DELETE FROM key_packages WHERE device_id = $1 AND not_after <= $2",
                              asker.device_id, now));
  for (const Bytes& bytes : upload.key_packages) {
    UNHIDRA_TRY(const auto key_package, parse(bytes));
    const auto number = static_cast<std::uint32_t>(key_package.cipher_suite);
    UNHIDRA_TRY(const auto suite, usable_suite(provider, number));
    UNHIDRA_TRY_VOID(check_key_package(suite, authority, asker, key_package, now));
    UNHIDRA_TRY_VOID(store_one(tx, asker, suite, key_package, bytes, now));
    suites.insert(number);
  }
  for (const auto suite : suites) {
    UNHIDRA_TRY(const auto count, count_key_packages(tx, asker.device_id, suite, now));
    if (count.one_time > kMaxStoredKeyPackages) {
      return fail(Errc::too_many_key_packages, "the server keeps at most " +
                                                   std::to_string(kMaxStoredKeyPackages) +
                                                   " KeyPackages of a device and suite");
    }
  }
  return {};
}

Result<wire::KeyPackageCount> count_key_packages(Transaction& tx, DeviceId device,
                                                 std::uint32_t suite, Timestamp now) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT last_resort, COUNT(*) FROM key_packages WHERE device_id = $1 AND "
                       "cipher_suite = $2 AND claimed_at IS NULL AND not_after > $3 "
                       "GROUP BY last_resort",
                       device, suite, now));
  wire::KeyPackageCount out{.cipher_suite = suite};
  for (const auto row : rows) {
    if (row.get<bool>(0)) {
      out.last_resort = true;
    } else {
      out.one_time = row.get<std::uint32_t>(1);
    }
  }
  return out;
}

Result<ClaimedKeyPackages> claim_key_packages(Transaction& tx, const Asker& asker,
                                              const wire::ClaimKeyPackages& request, bool one_time,
                                              Timestamp now) {
  const auto suite = request.cipher_suite;
  UNHIDRA_TRY(const auto devices,
              tx.query("SELECT m.device_id FROM device_list_members m "
                       "JOIN devices d ON d.device_id = m.device_id "
                       "JOIN users u ON u.user_id = m.user_id "
                       "WHERE m.user_id = $1 AND m.org_id = $2 AND m.device_id <> $3 AND "
                       "d.revoked_at IS NULL AND u.disabled = 0 ORDER BY m.device_id",
                       request.user_id, asker.org_id, asker.device_id));
  ClaimedKeyPackages out;
  out.key_packages.user_id = request.user_id;
  for (const auto row : devices) {
    const auto device = row.get<DeviceId>(0);
    std::optional<Bytes> found;
    if (one_time) {
      UNHIDRA_TRY(found, take_one_time(tx, device, suite, now));
      UNHIDRA_TRY(const auto left, count_key_packages(tx, device, suite, now));
      if (left.one_time < kLowKeyPackages) {
        out.low.emplace_back(device, wire::KeyPackagesLow{suite, left.one_time});
      }
    }
    if (!found) {
      UNHIDRA_TRY(found, last_resort(tx, device, suite, now));
    }
    if (found) {
      out.key_packages.key_packages.push_back({device, *std::move(found)});
    }
  }
  return out;
}

}  // namespace unhidra::chat
