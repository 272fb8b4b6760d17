#include "policy/operation_decisions.h"

#include <optional>

#include "unhidra/automation/operation_question.h"

namespace unhidra::automation {
namespace {

// It is asked on the loop that serves connections, before every operation.
constexpr std::uint64_t kMaxSteps = 100'000;
constexpr std::chrono::milliseconds kMaxTime{20};

}  // namespace

OperationDecisions::OperationDecisions(const Clock& clock, RandomSource& random,
                                       policy::DecisionSink* sink)
    : sink_(sink),
      book_({.query = std::string(kOperationQuery),
             .name = "operation_policy",
             .shadow_name = "operation_policy.shadow",
             .deny_without = false,
             .max_steps = kMaxSteps,
             .max_time = kMaxTime},
            clock, random) {}

access::PolicyVerdict OperationDecisions::judge(const access::OperationQuestion& question) {
  if (!book_.has_any()) {
    return {};
  }
  const auto& org = question.request.principal.org_id;
  const auto services = book_.of(org);
  if (!services.active && !services.shadow) {
    return {};
  }
  const auto input = operation_input(question);
  policy::Decision decision{
      .allowed = true, .ground = policy::Ground::unasked, .revision = {}, .error = {}};
  if (services.active) {
    decision = services.active->decide(input);
  }
  std::optional<policy::Decision> shadow;
  if (services.shadow) {
    shadow = services.shadow->decide(input);
  }
  if (sink_ != nullptr) {
    const auto scope = org.to_string();
    sink_->record({.decision = decision,
                   .query = book_.query(),
                   .input = input,
                   .scope = scope,
                   .shadow = shadow ? &*shadow : nullptr});
  }
  return {.allowed = decision.allowed,
          .revision = std::move(decision.revision),
          .ground = to_string(decision.ground)};
}

}  // namespace unhidra::automation
