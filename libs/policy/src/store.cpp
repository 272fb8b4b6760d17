#include "unhidra/policy/store.h"

#include <algorithm>
#include <limits>

#include "unhidra/policy/speech.h"
#include "unhidra/storage/rows.h"

#include "store_parts.h"

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
    std::vector<Value::Member> members{{text("file"), text(module.file)},
                                       {text("text"), text(module.text)}};
    if (module.syntax) {
      members.emplace_back(text("rego_version"),
                           Value::integer(*module.syntax == rego::Syntax::v0 ? 0 : 1));
    }
    modules.push_back(Value::object(std::move(members)));
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
    if (const Value* version = module.find("rego_version")) {
      const auto number = version->small_integer();
      if (number != 0 && number != 1) {
        return corrupt();
      }
      out.modules.back().syntax = number == 0 ? rego::Syntax::v0 : rego::Syntax::v1;
    }
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

constexpr auto kNoBound = std::numeric_limits<std::int64_t>::max();

}  // namespace

std::unexpected<Error> missing(std::int64_t version) {
  return fail(Errc::no_policy, "there is no version " + std::to_string(version) + " of the policy");
}

Status expect(Transaction& tx, const OrgId& org, std::int64_t version) {
  UNHIDRA_TRY(
      const auto found,
      tx.query("SELECT version FROM policies WHERE org_id = $1 AND version = $2", org, version));
  return found.size() != 0 ? Status() : Status(missing(version));
}

namespace {

// Where the policy speaks of what is wanted, the rule must be there.
Status check_rules(const std::vector<rego::RuleInfo>& rules, const Value& data,
                   std::span<const std::string_view> wanted) {
  bool speaks = false;
  for (const auto query : wanted) {
    if (!speaks_of(rules, data, query)) {
      continue;
    }
    speaks = true;
    if (std::ranges::none_of(rules, [&](const auto& rule) { return rule.path == query; })) {
      return fail(Errc::no_policy, "there is no rule " + std::string(query) +
                                       " in the policy: it would deny everything");
    }
  }
  if (speaks || wanted.empty()) {
    return {};
  }
  std::string names;
  for (const auto query : wanted) {
    names.append(names.empty() ? "" : " or ").append(query);
  }
  return fail(Errc::no_policy, "there is no rule " + names + " in the policy: nothing asks it");
}

}  // namespace

Result<CheckedPolicy> CheckedPolicy::check(Documents documents, rego::Syntax syntax,
                                           std::span<const std::string_view> wanted,
                                           const CompileLimit& limit) {
  if (documents.modules.empty()) {
    return fail(Errc::no_policy, "there is no module in the policy");
  }
  UNHIDRA_TRY(const auto compiled,
              rego::PolicySet::compile(documents.modules, limit.options(syntax)));
  UNHIDRA_TRY_VOID(check_rules(compiled.rules(), documents.data, wanted));
  CheckedPolicy out;
  out.documents_ = std::move(documents);
  out.syntax_ = syntax;
  return out;
}

namespace {

// The oldest that may go, where there is no room for one more.
Status make_room(Transaction& tx, const OrgId& org) {
  UNHIDRA_TRY(const auto count, tx.query("SELECT COUNT(*) FROM policies WHERE org_id = $1", org));
  for (const auto row : count) {
    if (row.get<std::int64_t>(0) < static_cast<std::int64_t>(kMaxVersions)) {
      return {};
    }
  }
  UNHIDRA_TRY(const auto present, active_version(tx, org));
  UNHIDRA_TRY(const auto beside, shadow(tx, org));
  UNHIDRA_TRY(const auto oldest,
              tx.query("SELECT MIN(version) FROM policies WHERE org_id = $1 AND version <> $2 "
                       "AND version <> $3",
                       org, present, beside ? beside->version : 0));
  for (const auto row : oldest) {
    const auto version = row.get<std::int64_t>(0);
    UNHIDRA_TRY_VOID(tx.execute("DELETE FROM policy_activations WHERE org_id = $1 AND version = $2",
                                org, version));
    UNHIDRA_TRY_VOID(
        tx.execute("DELETE FROM policies WHERE org_id = $1 AND version = $2", org, version));
  }
  return {};
}

}  // namespace

Result<std::int64_t> add(Transaction& tx, const OrgId& org, const CheckedPolicy& policy,
                         Timestamp now) {
  UNHIDRA_TRY(
      const auto version,
      next_number(tx, "SELECT COALESCE(MAX(version), 0) FROM policies WHERE org_id = $1", org));
  UNHIDRA_TRY_VOID(make_room(tx, org));
  UNHIDRA_TRY_VOID(tx.execute(
      "INSERT INTO policies (org_id, version, revision, documents, v0_syntax, created_at) "
      "VALUES ($1, $2, $3, $4, $5, $6)",
      org, version, policy.documents().revision, to_json(policy.documents()),
      policy.syntax() == rego::Syntax::v0, now));
  return version;
}

Status activate(Transaction& tx, const OrgId& org, std::int64_t version, Timestamp now) {
  UNHIDRA_TRY_VOID(expect(tx, org, version));
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

Result<StoredPolicy> find(Transaction& tx, const OrgId& org, std::int64_t version) {
  UNHIDRA_TRY(const auto rows, tx.query("SELECT revision, documents, v0_syntax FROM policies "
                                        "WHERE org_id = $1 AND version = $2",
                                        org, version));
  for (const auto row : rows) {
    StoredPolicy out;
    out.version = version;
    UNHIDRA_TRY(out.documents, from_json(row.get<std::string>(1)));
    out.documents.revision = row.get<std::string>(0);
    out.syntax = row.get<std::int64_t>(2) != 0 ? rego::Syntax::v0 : rego::Syntax::v1;
    return out;
  }
  return missing(version);
}

Result<std::int64_t> active_version(Transaction& tx, const OrgId& org) {
  UNHIDRA_TRY(const auto rows, tx.query("SELECT version FROM policy_activations "
                                        "WHERE org_id = $1 ORDER BY number DESC LIMIT 1",
                                        org));
  std::int64_t out = 0;
  for (const auto row : rows) {
    out = row.get<std::int64_t>(0);
  }
  return out;
}

Result<std::optional<StoredPolicy>> active(Transaction& tx, const OrgId& org) {
  UNHIDRA_TRY(const auto version, active_version(tx, org));
  if (version == 0) {
    return std::nullopt;
  }
  UNHIDRA_TRY(auto found, find(tx, org, version));
  return std::optional(std::move(found));
}

namespace {

Result<std::vector<VersionInfo>> listed(Transaction& tx, const OrgId& org, std::int64_t above,
                                        std::int64_t below, std::size_t limit) {
  UNHIDRA_TRY(const auto present, active_version(tx, org));
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT p.version, p.revision, p.created_at, MAX(a.activated_at) "
                       "FROM policies p LEFT JOIN policy_activations a "
                       "ON a.org_id = p.org_id AND a.version = p.version "
                       "WHERE p.org_id = $1 AND p.version > $2 AND p.version < $3 "
                       "GROUP BY p.version, p.revision, p.created_at "
                       "ORDER BY p.version DESC LIMIT $4",
                       org, above, below, limit));
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

}  // namespace

Result<VersionInfo> describe(Transaction& tx, const OrgId& org, std::int64_t version) {
  if (version <= 0 || version == kNoBound) {
    return missing(version);
  }
  UNHIDRA_TRY(auto found, listed(tx, org, version - 1, version + 1, 1));
  if (found.empty()) {
    return missing(version);
  }
  return std::move(found.front());
}

Result<std::vector<VersionInfo>> versions(Transaction& tx, const OrgId& org, std::int64_t before,
                                          std::size_t limit) {
  return listed(tx, org, 0, before == 0 ? kNoBound : before, limit);
}

Result<std::map<OrgId, Stamp>> stamps(Transaction& tx) {
  std::map<OrgId, Stamp> out;
  UNHIDRA_TRY(const auto activations,
              tx.query("SELECT org_id, MAX(number) FROM policy_activations GROUP BY org_id"));
  for (const auto row : activations) {
    out[row.get<OrgId>(0)].activation = row.get<std::int64_t>(1);
  }
  UNHIDRA_TRY(const auto shadows, tx.query("SELECT org_id, number FROM policy_shadows"));
  for (const auto row : shadows) {
    out[row.get<OrgId>(0)].shadow = row.get<std::int64_t>(1);
  }
  return out;
}

}  // namespace unhidra::policy::store
