#include "unhidra/policy/store.h"

#include "unhidra/storage/rows.h"

namespace unhidra::policy::store {
namespace {

using rego::Kind;
using rego::Value;
using storage::Transaction;

Value text(std::string_view value) {
  return Value::string(std::string(value));
}

std::string to_json(const Documents& documents) {
  std::vector<Value> modules;
  for (const auto& module : documents.modules) {
    modules.push_back(
        Value::object({{text("file"), text(module.file)}, {text("text"), text(module.text)}}));
  }
  return rego::value_to_json(Value::object(
      {{text("modules"), Value::array(std::move(modules))}, {text("data"), documents.data}}));
}

Result<Documents> from_json(std::string_view json) {
  const auto corrupt = [] { return fail(Errc::bad_file, "a stored policy is damaged"); };
  const auto document = rego::value_from_json(json);
  const Value* modules =
      document && document->is(Kind::object) ? document->find("modules") : nullptr;
  const Value* data = modules != nullptr ? document->find("data") : nullptr;
  if (data == nullptr || !modules->is(Kind::array)) {
    return corrupt();
  }
  Documents out;
  out.data = *data;
  for (const Value& module : modules->elements()) {
    const Value* file = module.is(Kind::object) ? module.find("file") : nullptr;
    const Value* source = file != nullptr ? module.find("text") : nullptr;
    if (source == nullptr || !file->is(Kind::string) || !source->is(Kind::string)) {
      return corrupt();
    }
    out.modules.push_back({file->text(), source->text()});
  }
  return out;
}

Result<std::int64_t> next_number(Transaction& tx, std::string_view sql, const OrgId& org) {
  UNHIDRA_TRY(const auto rows, tx.query(sql, org));
  std::int64_t out = 1;
  for (const auto row : rows) {
    out = row.get<std::int64_t>(0) + 1;
  }
  return out;
}

}  // namespace

Result<std::int64_t> add(Transaction& tx, const OrgId& org, const Documents& documents,
                         rego::Syntax syntax, Timestamp now) {
  if (documents.modules.empty()) {
    return fail(Errc::no_policy, "there is no module in the policy");
  }
  UNHIDRA_TRY_VOID(rego::PolicySet::compile(documents.modules, syntax));
  UNHIDRA_TRY(
      const auto version,
      next_number(tx, "SELECT COALESCE(MAX(version), 0) FROM policies WHERE org_id = $1", org));
  UNHIDRA_TRY_VOID(tx.execute(
      "INSERT INTO policies (org_id, version, revision, documents, v0_syntax, created_at) "
      "VALUES ($1, $2, $3, $4, $5, $6)",
      org, version, documents.revision, to_json(documents), syntax == rego::Syntax::v0, now));
  return version;
}

Status activate(Transaction& tx, const OrgId& org, std::int64_t version, Timestamp now) {
  UNHIDRA_TRY(
      const auto found,
      tx.query("SELECT version FROM policies WHERE org_id = $1 AND version = $2", org, version));
  if (found.size() == 0) {
    return fail(Errc::no_policy,
                "there is no version " + std::to_string(version) + " of the policy");
  }
  UNHIDRA_TRY(
      const auto number,
      next_number(tx, "SELECT COALESCE(MAX(number), 0) FROM policy_activations WHERE org_id = $1",
                  org));
  UNHIDRA_TRY_VOID(
      tx.execute("INSERT INTO policy_activations (org_id, number, version, activated_at) "
                 "VALUES ($1, $2, $3, $4)",
                 org, number, version, now));
  return {};
}

Result<std::int64_t> roll_back(Transaction& tx, const OrgId& org, Timestamp now) {
  UNHIDRA_TRY(const auto rows, tx.query("SELECT version FROM policy_activations WHERE org_id = $1 "
                                        "ORDER BY number DESC LIMIT 1000",
                                        org));
  std::optional<std::int64_t> present;
  for (const auto row : rows) {
    const auto version = row.get<std::int64_t>(0);
    if (present && version != *present) {
      UNHIDRA_TRY_VOID(activate(tx, org, version, now));
      return version;
    }
    present = version;
  }
  return fail(Errc::no_policy, "no other version was in force before");
}

Result<std::optional<StoredPolicy>> active(Transaction& tx, const OrgId& org) {
  UNHIDRA_TRY(const auto rows, tx.query("SELECT p.version, p.revision, p.documents, p.v0_syntax "
                                        "FROM policy_activations a JOIN policies p "
                                        "ON p.org_id = a.org_id AND p.version = a.version "
                                        "WHERE a.org_id = $1 ORDER BY a.number DESC LIMIT 1",
                                        org));
  std::optional<StoredPolicy> out;
  for (const auto row : rows) {
    out.emplace();
    out->version = row.get<std::int64_t>(0);
    UNHIDRA_TRY(out->documents, from_json(row.get<std::string>(2)));
    out->documents.revision = row.get<std::string>(1);
    out->syntax = row.get<std::int64_t>(3) != 0 ? rego::Syntax::v0 : rego::Syntax::v1;
  }
  return out;
}

Result<std::vector<VersionInfo>> versions(Transaction& tx, const OrgId& org) {
  UNHIDRA_TRY(const auto in_force, tx.query("SELECT version FROM policy_activations "
                                            "WHERE org_id = $1 ORDER BY number DESC LIMIT 1",
                                            org));
  std::int64_t present = 0;
  for (const auto row : in_force) {
    present = row.get<std::int64_t>(0);
  }
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT p.version, p.revision, p.created_at, MAX(a.activated_at) "
                       "FROM policies p LEFT JOIN policy_activations a "
                       "ON a.org_id = p.org_id AND a.version = p.version WHERE p.org_id = $1 "
                       "GROUP BY p.version, p.revision, p.created_at "
                       "ORDER BY p.version DESC LIMIT 1000",
                       org));
  std::vector<VersionInfo> out;
  for (const auto row : rows) {
    out.push_back({.version = row.get<std::int64_t>(0),
                   .revision = row.get<std::string>(1),
                   .created_at = row.get<Timestamp>(2),
                   .activated_at = row.get<std::optional<Timestamp>>(3)});
    out.back().active = out.back().version == present;
  }
  return out;
}

}  // namespace unhidra::policy::store
