#include "policy/policy_dry_run.h"

#include <algorithm>
#include <iterator>

#include "unhidra/automation/errc.h"
#include "unhidra/automation/operation_question.h"
#include "unhidra/policy/policy_service.h"
#include "unhidra/policy/speech.h"

#include "broker/topic_policy.h"

namespace unhidra::automation {
namespace {

constexpr std::uint64_t kMaxRead = 64 << 20;  // bytes of each file

void add(policy::DryRun& to, policy::DryRun more, std::size_t max_changed) {
  to.decisions += more.decisions;
  to.without_input += more.without_input;
  to.changes += more.changes;
  for (auto& change : more.changed) {
    if (to.changed.size() < max_changed) {
      to.changed.push_back(std::move(change));
    }
  }
}

constexpr std::string_view kRolesAlone = R"(package unhidra.operations

import rego.v1

allow := true
)";

// With what decides where it says nothing itself.
Result<policy::Documents> completed(const policy::store::StoredPolicy& policy,
                                    const policy::CompileLimit& limit) {
  UNHIDRA_TRY(const auto compiled,
              rego::PolicySet::compile(policy.documents.modules, limit.options(policy.syntax)));
  const auto rules = compiled.rules();
  auto out = policy.documents;
  if (!policy::speaks_of(rules, out.data, kTopicQuery)) {
    std::ranges::move(built_in_policy().modules, std::back_inserter(out.modules));
  }
  if (!policy::speaks_of(rules, out.data, kOperationQuery)) {
    out.modules.push_back({"roles-alone.rego", std::string(kRolesAlone)});
  }
  return out;
}

}  // namespace

Result<policy::DryRun> dry_run_policy(const std::filesystem::path& log,
                                      const PolicySettings& settings, const OrgId& org,
                                      const policy::store::StoredPolicy& policy,
                                      std::size_t max_changed, const Clock& clock,
                                      RandomSource& random) {
  if (settings.log != DecisionLogMode::input) {
    return fail(Errc::conflict,
                "automation.decision_log is not \"input\": logged decisions cannot be asked again");
  }
  // What a decision may use up in the server.
  const policy::ServiceSettings budget;
  const policy::DryRunOptions options{.compile = {.syntax = policy.syntax},
                                      .scope = org.to_string(),
                                      .max_bytes = kMaxRead,
                                      .max_changed = max_changed,
                                      .max_steps = budget.max_steps,
                                      .max_memory = budget.max_memory,
                                      .max_compile_time = settings.compile_time};
  UNHIDRA_TRY(const auto documents,
              completed(policy, {.clock = &clock, .max_time = settings.compile_time}));
  policy::DryRun out;
  for (const auto& file : {std::filesystem::path(log.string() + ".1"), log}) {
    std::error_code error;
    if (std::filesystem::exists(file, error)) {
      UNHIDRA_TRY(auto run, policy::dry_run(file, documents, options, clock, random));
      add(out, std::move(run), max_changed);
    }
  }
  return out;
}

}  // namespace unhidra::automation
