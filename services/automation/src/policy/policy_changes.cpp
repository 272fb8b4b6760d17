#include "policy/policy_changes.h"

#include <algorithm>
#include <array>
#include <set>

#include "unhidra/automation/errc.h"
#include "unhidra/automation/operation_question.h"
#include "unhidra/automation/topic_question.h"

#include "policy/operation_decisions.h"

namespace unhidra::automation {
namespace {

namespace store = policy::store;
using storage::Transaction;

constexpr std::size_t kMaxModules = 256;
constexpr std::size_t kMaxName = 200;

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxName &&
         std::ranges::all_of(name, [](char c) { return c >= ' ' && c != '\x7f'; });
}

std::string number(std::int64_t version) {
  return version == 0 ? "none" : std::to_string(version);
}

// The version is the record's resource, what it takes the place of stands beside it.
Result<store::VersionInfo> noted(Transaction& tx, const OrgId& org, std::int64_t version,
                                 std::int64_t before, PolicyNotes& notes) {
  UNHIDRA_TRY(auto info, store::describe(tx, org, version));
  notes.version = number(version);
  notes.metadata.emplace_back("revision", info.revision);
  notes.metadata.emplace_back("before.version", number(before));
  return info;
}

Status expect_database(PolicySource source) {
  if (source == PolicySource::database) {
    return {};
  }
  return fail(Errc::conflict, "automation.policy_source is " + std::string(to_string(source)) +
                                  ": versions in the database decide nothing");
}

}  // namespace

Result<store::CheckedPolicy> check_policy(policy::Documents documents, rego::Syntax syntax,
                                          const policy::CompileLimit& limit) {
  if (documents.modules.size() > kMaxModules) {
    return fail(Errc::bad_request, "a policy has at most 256 modules");
  }
  if (!documents.revision.empty() && !is_name(documents.revision)) {
    return fail(Errc::bad_request, "the revision is printable text of at most 200 bytes");
  }
  std::set<std::string_view> names;
  for (const auto& module : documents.modules) {
    if (!is_name(module.file) || !names.insert(module.file).second) {
      return fail(Errc::bad_request,
                  "each module has a file name of its own, printable and of 1 to 200 bytes");
    }
  }
  if (!documents.data.is(rego::Kind::object)) {
    return fail(Errc::bad_request, "data is an object");
  }
  constexpr std::array kAsked{kTopicQuery, kOperationQuery};
  return store::CheckedPolicy::check(std::move(documents), syntax, kAsked, limit);
}

Result<store::VersionInfo> add_policy(Transaction& tx, const OrgId& org,
                                      const store::CheckedPolicy& policy, Timestamp now,
                                      PolicyNotes& notes) {
  UNHIDRA_TRY(const auto version, store::add(tx, org, policy, now));
  notes.version = number(version);
  notes.metadata.emplace_back("revision", policy.documents().revision);
  notes.metadata.emplace_back("modules", std::to_string(policy.documents().modules.size()));
  return store::describe(tx, org, version);
}

Status expect_way_back(store::StoredPolicy version, const access::OperationRequest& asker,
                       const PolicySettings& settings, const Clock& clock, RandomSource& random) {
  OperationDecisions decisions(clock, random);
  decisions.book().limit_compiling(settings.compile_time);
  const auto& org = asker.principal.org_id;
  UNHIDRA_TRY_VOID(decisions.book().use(org, std::move(version.documents), version.syntax));
  static const auto& back = *access::find_operation("policies.roll_back");
  access::OperationRequest asking;
  asking.principal = asker.principal;
  asking.peer = asker.peer;
  if (decisions.judge({.operation = back, .request = asking, .now = clock.now()}).allowed) {
    return {};
  }
  return fail(Errc::conflict,
              "this version would deny you policies.roll_back, the way back from it; who has the "
              "machine can put it in force all the same (unhidra admin policy activate)");
}

Result<store::VersionInfo> activate_policy(Transaction& tx, const OrgId& org, PolicySource source,
                                           std::int64_t version, Timestamp now,
                                           PolicyNotes& notes) {
  UNHIDRA_TRY_VOID(expect_database(source));
  UNHIDRA_TRY(const auto before, store::active_version(tx, org));
  UNHIDRA_TRY_VOID(store::activate(tx, org, version, now));
  return noted(tx, org, version, before, notes);
}

Result<store::VersionInfo> roll_back_policy(Transaction& tx, const OrgId& org, PolicySource source,
                                            Timestamp now, PolicyNotes& notes) {
  UNHIDRA_TRY_VOID(expect_database(source));
  UNHIDRA_TRY(const auto before, store::active_version(tx, org));
  UNHIDRA_TRY(const auto version, store::roll_back(tx, org, now));
  return noted(tx, org, version, before, notes);
}

Result<store::VersionInfo> start_policy_shadow(Transaction& tx, const OrgId& org,
                                               PolicySource source, std::int64_t version,
                                               Timestamp now, PolicyNotes& notes) {
  if (source == PolicySource::remote) {
    return fail(Errc::conflict, "beside a remote policy no shadow is asked");
  }
  UNHIDRA_TRY(const auto before, store::shadow(tx, org));
  UNHIDRA_TRY_VOID(store::start_shadow(tx, org, version, now));
  return noted(tx, org, version, before ? before->version : 0, notes);
}

Status end_policy_shadow(Transaction& tx, const OrgId& org, PolicyNotes& notes) {
  UNHIDRA_TRY(const auto version, store::end_shadow(tx, org));
  notes.version = number(version);
  return {};
}

}  // namespace unhidra::automation
