#include "policy/policy_trail.h"

#include "unhidra/automation/operation_question.h"
#include "unhidra/crypto/provider.h"

namespace unhidra::automation {
namespace {

using policy::Ground;

constexpr std::array kAllGrounds{Ground::policy,      Ground::undefined, Ground::not_boolean,
                                 Ground::no_policy,   Ground::failed,    Ground::exhausted,
                                 Ground::unreachable, Ground::unasked};

std::size_t place_of(Ground ground, bool allowed) {
  return static_cast<std::size_t>(ground) * 2 + (allowed ? 1 : 0);
}

}  // namespace

PolicyTrail::Counters PolicyTrail::counters(runtime::Metrics& metrics, std::string_view name,
                                            std::string_view help) {
  static_assert(kAllGrounds.size() == kGrounds);
  const auto family = metrics.counters(name, help, {"result", "ground"});
  Counters out{};
  for (const auto ground : kAllGrounds) {
    if (ground != Ground::unasked) {
      out[place_of(ground, false)] = &family.at({"deny", to_string(ground)});
    }
  }
  out[place_of(Ground::policy, true)] = &family.at({"allow", to_string(Ground::policy)});
  return out;
}

PolicyTrail::PolicyTrail(runtime::Metrics& metrics, const Clock& clock, policy::DecisionSink* log)
    : clock_(clock),
      log_(log),
      topics_(counters(metrics, "unhidra_policy_decisions_total",
                       "Topic decisions that were evaluated.")),
      operations_(counters(metrics, "unhidra_operation_policy_decisions_total",
                           "Decisions on operations that the roles allow.")),
      loads_(metrics.counter("unhidra_policy_loads_total", "Policies taken in use.")),
      failures_(metrics.counter("unhidra_policy_load_failures_total",
                                "Policies that could not be taken in use.")),
      shadow_asked_(
          metrics.counter("unhidra_policy_shadow_decisions_total", "Decisions of shadows.")),
      shadow_differing_(metrics.counter("unhidra_policy_shadow_differences_total",
                                        "Decisions that a shadow would have made otherwise.")),
      revisions_(metrics.gauges("unhidra_policy_revision", "1: the revision that decides.",
                                {"org", "revision"})) {}

void PolicyTrail::record(const policy::DecisionRecord& record) {
  const auto& counters = record.query == kOperationQuery ? operations_ : topics_;
  if (auto* const counter = counters[place_of(record.decision.ground, record.decision.allowed)]) {
    counter->add();
  }
  if (log_ != nullptr) {
    log_->record(record);
  }
  if (record.shadow != nullptr) {
    compare(record);
  }
}

void PolicyTrail::compare(const policy::DecisionRecord& record) {
  const bool differs = record.shadow->allowed != record.decision.allowed;
  shadow_asked_.add();
  std::string input = differs ? rego::value_to_json(record.input) : std::string();
  const std::lock_guard lock(mutex_);
  auto& gathered = gathered_[std::string(record.scope)];
  if (gathered.revision != record.shadow->revision) {
    gathered = {.revision = record.shadow->revision, .asked = 0, .differences = {}};
  }
  ++gathered.asked;
  if (!differs) {
    return;
  }
  shadow_differing_.add();
  const auto now = clock_.now();
  auto found = gathered.differences.find(input);
  if (found == gathered.differences.end()) {
    if (gathered.differences.size() >= kMaxGathered) {
      return;
    }
    const auto digest = crypto::native_provider().sha256(as_bytes(input));
    found = gathered.differences
                .emplace(std::move(input),
                         policy::store::Difference{.input_digest = to_bytes(ByteView(digest)),
                                                   .input = record.input,
                                                   .revision = {},
                                                   .was_allowed = false,
                                                   .ground = {},
                                                   .times = 0,
                                                   .first_at = now,
                                                   .last_at = now})
                .first;
  }
  auto& one = found->second;
  ++one.times;
  one.last_at = now;
  one.revision = record.decision.revision;
  one.was_allowed = record.decision.allowed;
  one.ground = to_string(record.shadow->ground);
}

std::map<std::string, ShadowFindings> PolicyTrail::take_findings() {
  std::map<std::string, Gathered> taken;
  {
    const std::lock_guard lock(mutex_);
    taken.swap(gathered_);
  }
  std::map<std::string, ShadowFindings> out;
  for (auto& [org, gathered] : taken) {
    auto& findings = out[org];
    findings.revision = std::move(gathered.revision);
    findings.asked = gathered.asked;
    for (auto& [input, difference] : gathered.differences) {
      findings.differences.push_back(std::move(difference));
    }
  }
  return out;
}

void PolicyTrail::set_revision(const std::string& org, const std::string& revision) {
  const std::lock_guard lock(mutex_);
  auto& present = revision_of_[org];
  if (!present.empty()) {
    revisions_.at({org, present}).set(0);
  }
  if (!revision.empty()) {
    revisions_.at({org, revision}).set(1);
  }
  present = revision;
}

}  // namespace unhidra::automation
