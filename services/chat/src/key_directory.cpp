#include "key_directory.h"

#include <algorithm>

#include "unhidra/chat/errc.h"
#include "unhidra/identity/prekeys.h"
#include "unhidra/identity/public_key.h"

namespace unhidra::chat {
namespace {

using storage::Row;
using storage::Transaction;

// A signed prekey older than this is no longer handed out while a younger last-resort prekey stands
// in.
constexpr std::chrono::hours kMaxSignedPreKeyAge{24 * 60};

identity::DeviceKeys device_keys(DeviceId device_id, const wire::Key& identity_key,
                                 const wire::Key& signing_key) {
  return {.device_id = device_id,
          .identity_key = crypto::X25519PublicKey(identity_key),
          .signing_key = crypto::Ed25519PublicKey(signing_key)};
}

identity::SignedPreKey to_document(const wire::SignedPreKey& prekey, bool last_resort) {
  return {.id = prekey.id,
          .key = crypto::X25519PublicKey(prekey.public_key),
          .created_at = prekey.created_at,
          .last_resort = last_resort,
          .signature = crypto::Signature(prekey.signature)};
}

std::vector<identity::OneTimePreKey> to_documents(const std::vector<wire::OneTimePreKey>& prekeys) {
  std::vector<identity::OneTimePreKey> out;
  out.reserve(prekeys.size());
  for (const auto& prekey : prekeys) {
    out.push_back({.id = prekey.id, .key = crypto::X25519PublicKey(prekey.public_key)});
  }
  return out;
}

std::unexpected<Error> bad_keys(const Error& why) {
  return fail(Errc::bad_keys, why.message());
}

struct StoredKeys {
  wire::Key identity_key{};
  wire::Key signing_key{};
  std::uint32_t last_one_time_id = 0;
};

Result<std::optional<StoredKeys>> stored_keys(Transaction& tx, DeviceId device_id) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT identity_key, signing_key, last_one_time_id FROM device_keys "
                       "WHERE device_id = $1",
                       device_id));
  if (rows.empty()) {
    return std::nullopt;
  }
  const Row row = rows.front();
  return StoredKeys{row.get<wire::Key>(0), row.get<wire::Key>(1), row.get<std::uint32_t>(2)};
}

Status store_first_keys(Transaction& tx, const Asker& asker, const wire::PublishKeys& upload,
                        Timestamp now) {
  if (!upload.signed_pre_key || !upload.last_resort_pre_key) {
    return fail(Errc::malformed,
                "the first upload of a device needs a signed and a last-resort prekey");
  }
  const auto& signed_key = *upload.signed_pre_key;
  const auto& last = *upload.last_resort_pre_key;
  UNHIDRA_TRY_VOID(tx.execute(
      "INSERT INTO device_keys (device_id, org_id, user_id, identity_key, signing_key, "
      "signed_prekey_id, "
      "signed_prekey_public, signed_prekey_created_at, signed_prekey_signature, last_resort_id, "
      "last_resort_public, "
      "last_resort_created_at, last_resort_signature, last_one_time_id, created_at, updated_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, $14, $14)",
      asker.device_id, asker.org_id, asker.user_id, upload.identity_key, upload.signing_key,
      signed_key.id, signed_key.public_key, signed_key.created_at, signed_key.signature, last.id,
      last.public_key, last.created_at, last.signature, now));
  return {};
}

Status replace_signed_prekeys(Transaction& tx, const Asker& asker, const wire::PublishKeys& upload,
                              Timestamp now) {
  if (const auto& key = upload.signed_pre_key) {
    UNHIDRA_TRY_VOID(tx.execute(
        "UPDATE device_keys SET signed_prekey_id = $2, signed_prekey_public = $3, "
        "signed_prekey_created_at = $4, "
        "signed_prekey_signature = $5, updated_at = $6 WHERE device_id = $1",
        asker.device_id, key->id, key->public_key, key->created_at, key->signature, now));
  }
  if (const auto& key = upload.last_resort_pre_key) {
    UNHIDRA_TRY_VOID(tx.execute(
        "UPDATE device_keys SET last_resort_id = $2, last_resort_public = $3, "
        "last_resort_created_at = $4, "
        "last_resort_signature = $5, updated_at = $6 WHERE device_id = $1",
        asker.device_id, key->id, key->public_key, key->created_at, key->signature, now));
  }
  return {};
}

Status store_one_time_prekeys(Transaction& tx, const Asker& asker, const wire::PublishKeys& upload,
                              std::uint32_t last_id, Timestamp now) {
  if (upload.one_time_pre_keys.empty()) {
    return {};
  }
  UNHIDRA_TRY(const auto present, count_prekeys(tx, asker.device_id));
  if (present + upload.one_time_pre_keys.size() > kMaxStoredPreKeys) {
    return fail(Errc::too_many_prekeys, "the server keeps at most " +
                                            std::to_string(kMaxStoredPreKeys) +
                                            " one-time prekeys of a device");
  }
  std::uint32_t highest = last_id;
  for (const auto& prekey : upload.one_time_pre_keys) {
    // Ids that only grow are how a key that was handed out can never come back.
    if (prekey.id <= last_id) {
      return fail(Errc::prekey_id_reused,
                  "one-time prekey ids must be above " + std::to_string(last_id));
    }
    highest = std::max(highest, prekey.id);
    UNHIDRA_TRY_VOID(tx.execute(
        "INSERT INTO one_time_prekeys (device_id, prekey_id, org_id, public_key, created_at) "
        "VALUES ($1, $2, $3, $4, $5)",
        asker.device_id, prekey.id, asker.org_id, prekey.public_key, now));
  }
  UNHIDRA_TRY_VOID(tx.execute("UPDATE device_keys SET last_one_time_id = $2 WHERE device_id = $1",
                              asker.device_id, highest));
  return {};
}

wire::SignedPreKey signed_prekey_at(const Row& row, std::size_t column) {
  return {.id = row.get<std::uint32_t>(column),
          .public_key = row.get<wire::Key>(column + 1),
          .created_at = row.get<Timestamp>(column + 2),
          .signature = row.get<wire::SignatureBytes>(column + 3)};
}

constexpr std::string_view kBundleColumns =
    "SELECT k.device_id, k.identity_key, k.signing_key, k.signed_prekey_id, "
    "k.signed_prekey_public, "
    "k.signed_prekey_created_at, k.signed_prekey_signature, k.last_resort_id, "
    "k.last_resort_public, "
    "k.last_resort_created_at, k.last_resort_signature "
    "FROM device_keys k JOIN devices d ON d.device_id = k.device_id "
    "WHERE k.org_id = $1 AND k.user_id = $2 AND d.revoked_at IS NULL ORDER BY k.device_id";

wire::PreKeyBundle bundle_of(const Row& row, Timestamp now) {
  wire::PreKeyBundle bundle{.device_id = row.get<DeviceId>(0),
                            .identity_key = row.get<wire::Key>(1),
                            .signing_key = row.get<wire::Key>(2),
                            .signed_pre_key = signed_prekey_at(row, 3)};
  if (now - bundle.signed_pre_key->created_at > kMaxSignedPreKeyAge) {
    bundle.signed_pre_key = signed_prekey_at(row, 7);
    bundle.last_resort = true;
  }
  return bundle;
}

// Takes the oldest one-time prekey of the device out of the table, if one is left.
Result<std::optional<wire::OneTimePreKey>> take_one_time_prekey(Transaction& tx,
                                                                DeviceId device_id) {
  UNHIDRA_TRY(const auto rows,
              tx.query("DELETE FROM one_time_prekeys WHERE device_id = $1 AND prekey_id = "
                       "(SELECT MIN(prekey_id) FROM one_time_prekeys WHERE device_id = $1) "
                       "RETURNING prekey_id, public_key",
                       device_id));
  if (rows.empty()) {
    return std::nullopt;
  }
  return wire::OneTimePreKey{rows.front().get<std::uint32_t>(0), rows.front().get<wire::Key>(1)};
}

bool wanted(const wire::FetchPreKeyBundles& request, DeviceId device_id) {
  return request.device_ids.empty() ||
         std::find(request.device_ids.begin(), request.device_ids.end(), device_id) !=
             request.device_ids.end();
}

}  // namespace

Status check_upload(const crypto::Provider& provider, DeviceId device_id,
                    const wire::PublishKeys& upload, Timestamp now) {
  const auto device = device_keys(device_id, upload.identity_key, upload.signing_key);
  const auto one_time = to_documents(upload.one_time_pre_keys);
  if (auto status = identity::check_public_key(device.identity_key); !status) {
    return bad_keys(status.error());
  }
  if (auto status = identity::check_public_key(provider, device.signing_key); !status) {
    return bad_keys(status.error());
  }
  if (auto status = identity::check_one_time_prekeys(one_time); !status) {
    return bad_keys(status.error());
  }
  for (const bool last_resort : {false, true}) {
    const auto& prekey = last_resort ? upload.last_resort_pre_key : upload.signed_pre_key;
    if (!prekey) {
      continue;
    }
    const auto document = to_document(*prekey, last_resort);
    if (auto status = identity::verify(provider, device, document); !status) {
      return bad_keys(status.error());
    }
    if (auto status = identity::check_age(document, now, kMaxSignedPreKeyAge); !status) {
      return bad_keys(status.error());
    }
  }
  return {};
}

Result<bool> store_keys(Transaction& tx, const Asker& asker, const wire::PublishKeys& upload,
                        Timestamp now) {
  UNHIDRA_TRY(const auto stored, stored_keys(tx, asker.device_id));
  if (!stored) {
    UNHIDRA_TRY_VOID(store_first_keys(tx, asker, upload, now));
    UNHIDRA_TRY_VOID(store_one_time_prekeys(tx, asker, upload, 0, now));
    return true;
  }
  if (stored->identity_key != upload.identity_key || stored->signing_key != upload.signing_key) {
    return fail(Errc::keys_fixed,
                "the long-term keys of a device do not change: register a new device");
  }
  UNHIDRA_TRY_VOID(replace_signed_prekeys(tx, asker, upload, now));
  UNHIDRA_TRY_VOID(store_one_time_prekeys(tx, asker, upload, stored->last_one_time_id, now));
  return false;
}

Result<std::uint32_t> count_prekeys(Transaction& tx, DeviceId device_id) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT COUNT(*) FROM one_time_prekeys WHERE device_id = $1", device_id));
  return rows.front().get<std::uint32_t>(0);
}

Result<HandedOut> hand_out_bundles(Transaction& tx, const Asker& asker,
                                   const wire::FetchPreKeyBundles& request, bool with_one_time,
                                   Timestamp now) {
  UNHIDRA_TRY(const auto rows, tx.query(kBundleColumns, asker.org_id, request.user_id));
  HandedOut out;
  out.bundles.user_id = request.user_id;
  for (const Row row : rows) {
    auto bundle = bundle_of(row, now);
    if (!wanted(request, bundle.device_id) || bundle.device_id == asker.device_id) {
      continue;
    }
    if (with_one_time) {
      UNHIDRA_TRY(bundle.one_time_pre_key, take_one_time_prekey(tx, bundle.device_id));
      UNHIDRA_TRY(const auto left, count_prekeys(tx, bundle.device_id));
      if (left < kLowPreKeys) {
        out.low.emplace_back(bundle.device_id, left);
      }
    }
    out.bundles.bundles.push_back(std::move(bundle));
  }
  return out;
}

Result<wire::KeyDigest> key_digest(const crypto::Provider& provider, Transaction& tx,
                                   const Asker& asker) {
  UNHIDRA_TRY(const auto rows, tx.query("SELECT identity_key, signing_key, signed_prekey_id, "
                                        "signed_prekey_public, last_resort_id, "
                                        "last_resort_public FROM device_keys WHERE device_id = $1",
                                        asker.device_id));
  if (rows.empty()) {
    return fail(Errc::not_found, "this device has published no keys");
  }
  const Row row = rows.front();
  identity::PublishedKeys keys;
  keys.device = device_keys(asker.device_id, row.get<wire::Key>(0), row.get<wire::Key>(1));
  keys.signed_prekey.id = row.get<std::uint32_t>(2);
  keys.signed_prekey.key = crypto::X25519PublicKey(row.get<wire::Key>(3));
  keys.last_resort_prekey.id = row.get<std::uint32_t>(4);
  keys.last_resort_prekey.key = crypto::X25519PublicKey(row.get<wire::Key>(5));
  keys.last_resort_prekey.last_resort = true;
  return wire::KeyDigest{identity::key_digest(provider, keys)};
}

}  // namespace unhidra::chat
