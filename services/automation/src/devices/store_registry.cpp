#include "devices/store_registry.h"

#include <array>

namespace unhidra::automation::store {
namespace {

using storage::Row;
using storage::Transaction;

constexpr std::chrono::minutes kSeenEvery{1};

// The certificate is the good one that lives longest.
#define UNHIDRA_REGISTRY_SELECT                                                                    \
  "SELECT d.device_id, d.org_id, d.name, d.platform, d.created_at, d.last_seen_at, d.revoked_at, " \
  "r.device_type, r.owner_id, r.firmware, r.encrypted, r.changed_at, "                             \
  "(SELECT c.serial_number FROM certificates c WHERE c.org_id = d.org_id AND c.device_id = "       \
  "d.device_id AND c.revoked_at IS NULL ORDER BY c.not_after DESC, c.serial_number LIMIT 1) AS "   \
  "serial_number, "                                                                                \
  "(SELECT MAX(c.not_after) FROM certificates c WHERE c.org_id = d.org_id AND c.device_id = "      \
  "d.device_id AND c.revoked_at IS NULL) AS certificate_expires_at "                               \
  "FROM devices d LEFT JOIN device_registry r ON r.device_id = d.device_id "                       \
  "WHERE d.kind = 'iot' AND r.deleted_at IS NULL AND d.org_id = $1 "

RegisteredDevice read(const Row& row) {
  RegisteredDevice out;
  out.id = row.get<DeviceId>("device_id");
  out.org_id = row.get<OrgId>("org_id");
  out.name = row.get<std::string>("name");
  out.platform = row.get<std::string>("platform");
  out.created_at = row.get<Timestamp>("created_at");
  out.last_seen_at = row.get<std::optional<Timestamp>>("last_seen_at");
  out.revoked_at = row.get<std::optional<Timestamp>>("revoked_at");
  out.type = row.get<std::optional<std::string>>("device_type").value_or("");
  out.owner = row.get<std::optional<UserId>>("owner_id");
  out.firmware = row.get<std::optional<std::string>>("firmware").value_or("");
  out.encrypted = row.get<std::optional<std::int64_t>>("encrypted").value_or(0) != 0;
  out.changed_at = row.get<std::optional<Timestamp>>("changed_at").value_or(Timestamp());
  out.serial_number = row.get<std::optional<Bytes>>("serial_number");
  out.certificate_expires_at = row.get<std::optional<Timestamp>>("certificate_expires_at");
  return out;
}

Status read_tags(Transaction& tx, RegisteredDevice& device) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT kind, name, value FROM device_tags WHERE org_id = $1 AND device_id "
                       "= $2 ORDER BY kind, name",
                       device.org_id, device.id));
  for (const auto row : rows) {
    if (row.get<std::string_view>("kind") == "group") {
      device.groups.push_back(row.get<std::string>("name"));
    } else {
      device.labels.emplace(row.get<std::string>("name"), row.get<std::string>("value"));
    }
  }
  return {};
}

Status write_tags(Transaction& tx, const RegisteredDevice& device) {
  UNHIDRA_TRY_VOID(tx.execute("DELETE FROM device_tags WHERE org_id = $1 AND device_id = $2",
                              device.org_id, device.id));
  constexpr std::string_view kInsert =
      "INSERT INTO device_tags (org_id, device_id, kind, name, value) VALUES ($1, $2, $3, $4, $5)";
  for (const auto& group : device.groups) {
    UNHIDRA_TRY_VOID(tx.execute(kInsert, device.org_id, device.id, "group", group, ""));
  }
  for (const auto& [name, value] : device.labels) {
    UNHIDRA_TRY_VOID(tx.execute(kInsert, device.org_id, device.id, "label", name, value));
  }
  return {};
}

// The row that a change is written into.
Status ensure(Transaction& tx, OrgId org, DeviceId device) {
  UNHIDRA_TRY_VOID(
      tx.execute("INSERT INTO device_registry (device_id, org_id) VALUES ($1, $2) "
                 "ON CONFLICT (device_id) DO NOTHING",
                 device, org));
  return {};
}

}  // namespace

Result<std::optional<RegisteredDevice>> find_registered(Transaction& tx, OrgId org,
                                                        DeviceId device) {
  UNHIDRA_TRY(const auto rows,
              tx.query(UNHIDRA_REGISTRY_SELECT "AND d.device_id = $2", org, device));
  if (rows.empty()) {
    return std::nullopt;
  }
  auto out = read(rows.front());
  UNHIDRA_TRY_VOID(read_tags(tx, out));
  return out;
}

Result<std::vector<RegisteredDevice>> list_registered(Transaction& tx, OrgId org,
                                                      const DeviceFilter& filter, DeviceId after,
                                                      std::size_t limit) {
  // Of a filter that is not set, the first half of its line holds.
  const auto set = [](bool is) { return std::int64_t{is ? 1 : 0}; };
  const auto label = filter.label.value_or(std::pair<std::string, std::string>());
  UNHIDRA_TRY(
      const auto rows,
      tx.query(UNHIDRA_REGISTRY_SELECT
               "AND d.device_id > $2 "
               "AND (CAST($3 AS BIGINT) = 0 OR r.device_type = $4) "
               "AND (CAST($5 AS BIGINT) = 0 OR EXISTS (SELECT 1 FROM device_tags t WHERE t.org_id "
               "= $1 AND t.device_id = d.device_id AND t.kind = 'group' AND t.name = $6)) "
               "AND (CAST($7 AS BIGINT) = 0 OR EXISTS (SELECT 1 FROM device_tags t WHERE t.org_id "
               "= $1 AND t.device_id = d.device_id AND t.kind = 'label' AND t.name = $8 AND "
               "t.value = $9)) "
               "ORDER BY d.device_id LIMIT $10",
               org, after, set(!filter.type.empty()), filter.type, set(!filter.group.empty()),
               filter.group, set(filter.label.has_value()), label.first, label.second, limit));
  std::vector<RegisteredDevice> out;
  for (const auto row : rows) {
    out.push_back(read(row));
  }
  for (auto& each : out) {
    UNHIDRA_TRY_VOID(read_tags(tx, each));
  }
  return out;
}

Status save(Transaction& tx, const RegisteredDevice& device) {
  UNHIDRA_TRY_VOID(ensure(tx, device.org_id, device.id));
  UNHIDRA_TRY_VOID(
      tx.execute("UPDATE devices SET name = $3, platform = $4 WHERE org_id = $1 AND device_id = $2",
                 device.org_id, device.id, device.name, device.platform));
  UNHIDRA_TRY_VOID(tx.execute(
      "UPDATE device_registry SET device_type = $3, owner_id = $4, encrypted = $5, "
      "changed_at = $6 WHERE org_id = $1 AND device_id = $2",
      device.org_id, device.id, device.type, device.owner, device.encrypted, device.changed_at));
  return write_tags(tx, device);
}

Result<std::vector<DeviceChange>> changed_after(Transaction& tx, Timestamp since) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT org_id, device_id, changed_at FROM device_registry WHERE "
                       "changed_at > $1 ORDER BY changed_at",
                       since));
  std::vector<DeviceChange> out;
  for (const auto row : rows) {
    out.push_back({row.get<OrgId>("org_id"), row.get<DeviceId>("device_id"),
                   row.get<Timestamp>("changed_at")});
  }
  return out;
}

Status forget(Transaction& tx, OrgId org, DeviceId device, Timestamp now) {
  UNHIDRA_TRY_VOID(ensure(tx, org, device));
  UNHIDRA_TRY_VOID(clear_twin(tx, org, device));
  UNHIDRA_TRY_VOID(tx.execute(
      "UPDATE device_registry SET device_type = '', owner_id = NULL, firmware = '', deleted_at = "
      "$3 WHERE org_id = $1 AND device_id = $2",
      org, device, now));
  constexpr std::array<std::string_view, 3> kDelete{
      "DELETE FROM enrolment_requests WHERE org_id = $1 AND device_id = $2",
      "DELETE FROM device_tags WHERE org_id = $1 AND device_id = $2",
      "DELETE FROM enrolment_codes WHERE org_id = $1 AND device_id = $2"};
  for (const auto statement : kDelete) {
    UNHIDRA_TRY_VOID(tx.execute(statement, org, device));
  }
  UNHIDRA_TRY_VOID(
      tx.execute("UPDATE devices SET name = '', platform = '', api_key_hash = NULL, revoked_at = "
                 "COALESCE(revoked_at, $3) WHERE org_id = $1 AND device_id = $2",
                 org, device, now));
  return {};
}

Result<Twin> find_twin(Transaction& tx, OrgId org, DeviceId device) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT encrypted, desired, desired_version, desired_at, reported, "
                       "reported_version, reported_at FROM device_registry WHERE org_id = $1 AND "
                       "device_id = $2",
                       org, device));
  if (rows.empty()) {
    return Twin();
  }
  const auto row = rows.front();
  return Twin{.encrypted = row.get<bool>("encrypted"),
              .desired = {.version = row.get<std::int64_t>("desired_version"),
                          .content = row.get<std::optional<Bytes>>("desired"),
                          .updated_at = row.get<std::optional<Timestamp>>("desired_at")},
              .reported = {.version = row.get<std::int64_t>("reported_version"),
                           .content = row.get<std::optional<Bytes>>("reported"),
                           .updated_at = row.get<std::optional<Timestamp>>("reported_at")}};
}

Result<bool> set_desired(Transaction& tx, OrgId org, DeviceId device, const TwinSide& side,
                         std::int64_t expected) {
  UNHIDRA_TRY_VOID(ensure(tx, org, device));
  UNHIDRA_TRY(const auto changed,
              tx.execute("UPDATE device_registry SET desired = $3, desired_version = $4, "
                         "desired_at = $5 WHERE org_id = $1 AND device_id = $2 AND "
                         "desired_version = $6",
                         org, device, side.content, side.version, side.updated_at, expected));
  return changed == 1;
}

Result<bool> set_reported(Transaction& tx, OrgId org, DeviceId device, const TwinSide& side,
                          std::int64_t expected) {
  UNHIDRA_TRY_VOID(ensure(tx, org, device));
  UNHIDRA_TRY(const auto changed,
              tx.execute("UPDATE device_registry SET reported = $3, reported_version = $4, "
                         "reported_at = $5 WHERE org_id = $1 AND device_id = $2 AND "
                         "reported_version = $6",
                         org, device, side.content, side.version, side.updated_at, expected));
  return changed == 1;
}

Status clear_twin(Transaction& tx, OrgId org, DeviceId device) {
  UNHIDRA_TRY_VOID(
      tx.execute("UPDATE device_registry SET desired = NULL, desired_at = NULL, desired_version = "
                 "desired_version + 1, reported = NULL, reported_at = NULL, reported_version = "
                 "reported_version + 1 WHERE org_id = $1 AND device_id = $2",
                 org, device));
  return {};
}

Status set_firmware(Transaction& tx, OrgId org, DeviceId device, const std::string& firmware) {
  UNHIDRA_TRY_VOID(ensure(tx, org, device));
  UNHIDRA_TRY_VOID(
      tx.execute("UPDATE device_registry SET firmware = $3 WHERE org_id = $1 AND device_id = $2",
                 org, device, firmware));
  return {};
}

Status note_device_seen(Transaction& tx, OrgId org, DeviceId device, Timestamp now) {
  const auto before = now - kSeenEvery;
  UNHIDRA_TRY_VOID(
      tx.execute("UPDATE devices SET last_seen_at = $3 WHERE org_id = $1 AND device_id = $2 AND "
                 "(last_seen_at IS NULL OR last_seen_at <= $4)",
                 org, device, now, before));
  return {};
}

Result<bool> user_exists(Transaction& tx, OrgId org, UserId user) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT 1 FROM users WHERE org_id = $1 AND user_id = $2 AND disabled = 0",
                       org, user));
  return !rows.empty();
}

}  // namespace unhidra::automation::store
