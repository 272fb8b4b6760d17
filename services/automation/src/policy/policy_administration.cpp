#include "unhidra/automation/policy_administration.h"

#include "unhidra/access/operator_event.h"
#include "unhidra/audit/chain.h"

#include "policy/policy_changes.h"
#include "policy/policy_dry_run.h"

namespace unhidra::automation {

namespace store = policy::store;
using storage::Transaction;

PolicyAdministration::PolicyAdministration(storage::Database& database, PolicySettings settings,
                                           std::filesystem::path log, const Clock& clock,
                                           RandomSource& random)
    : database_(database),
      settings_(std::move(settings)),
      log_(std::move(log)),
      clock_(clock),
      random_(random) {}

// The change and its record in one transaction.
template <class F>
auto PolicyAdministration::change(std::string_view operation, const OrgId& org, F closure) {
  return database_.write_sync(
      [&](Transaction& tx) -> std::invoke_result_t<F&, Transaction&, PolicyNotes&> {
        PolicyNotes notes;
        auto result = closure(tx, notes);
        if (result) {
          auto event = access::operator_event(operation, org, notes.version, clock_, random_);
          event.metadata.insert(event.metadata.end(), notes.metadata.begin(), notes.metadata.end());
          UNHIDRA_TRY_VOID(audit::append(tx, event));
        }
        return result;
      },
      storage::LaneKey(org));
}

Result<std::vector<store::VersionInfo>> PolicyAdministration::versions(const OrgId& org) {
  return database_.read_sync([&](Transaction& tx) { return store::versions(tx, org); });
}

Result<store::StoredPolicy> PolicyAdministration::find(const OrgId& org, std::int64_t version) {
  return database_.read_sync([&](Transaction& tx) { return store::find(tx, org, version); });
}

Result<store::VersionInfo> PolicyAdministration::add(const OrgId& org, policy::Documents documents,
                                                     rego::Syntax syntax) {
  UNHIDRA_TRY(const auto checked, check_policy(std::move(documents), syntax, compile_limit()));
  return change("policies.add", org, [&](Transaction& tx, PolicyNotes& notes) {
    return add_policy(tx, org, checked, clock_.now(), notes);
  });
}

Result<store::VersionInfo> PolicyAdministration::activate(const OrgId& org, std::int64_t version) {
  return change("policies.activate", org, [&](Transaction& tx, PolicyNotes& notes) {
    return activate_policy(tx, org, source(), version, clock_.now(), notes);
  });
}

Result<store::VersionInfo> PolicyAdministration::roll_back(const OrgId& org) {
  return change("policies.roll_back", org, [&](Transaction& tx, PolicyNotes& notes) {
    return roll_back_policy(tx, org, source(), clock_.now(), notes);
  });
}

Result<policy::DryRun> PolicyAdministration::dry_run(const OrgId& org, std::int64_t version,
                                                     std::size_t max_changed) {
  UNHIDRA_TRY(const auto found, find(org, version));
  return dry_run_policy(log_, settings_, org, found, max_changed, clock_, random_);
}

Result<PolicyAdministration::ShadowReport> PolicyAdministration::shadow(
    const OrgId& org, std::size_t max_differences) {
  return database_.read_sync([&](Transaction& tx) -> Result<ShadowReport> {
    ShadowReport out;
    UNHIDRA_TRY(out.shadow, store::shadow(tx, org));
    UNHIDRA_TRY(out.differences, store::differences(tx, org, max_differences));
    return out;
  });
}

Result<store::VersionInfo> PolicyAdministration::start_shadow(const OrgId& org,
                                                              std::int64_t version) {
  return change("policy_shadow.start", org, [&](Transaction& tx, PolicyNotes& notes) {
    return start_policy_shadow(tx, org, source(), version, clock_.now(), notes);
  });
}

Status PolicyAdministration::end_shadow(const OrgId& org) {
  return change("policy_shadow.end", org, [&](Transaction& tx, PolicyNotes& notes) {
    return end_policy_shadow(tx, org, notes);
  });
}

}  // namespace unhidra::automation
