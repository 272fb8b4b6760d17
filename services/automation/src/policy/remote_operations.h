#pragma once
// An operation policy elsewhere (an Open Policy Agent's POST /v1/data/...). Whoever asks waits for
// the answer, no longer than the timeout; without one it is a denial. Nothing is remembered.

#include <atomic>

#include "unhidra/access/operation_policy.h"
#include "unhidra/policy/remote.h"

namespace unhidra::automation {

class RemoteOperations final : public access::OperationPolicy {
 public:
  // Questions under way; further ones are denied without being asked.
  static constexpr std::size_t kMaxAsking = 1'024;

  // `sink` may be null; it hears every decision. It outlives this.
  explicit RemoteOperations(policy::RemoteSettings settings, policy::DecisionSink* sink = nullptr);

  bool answers_later() const override { return true; }
  access::PolicyVerdict judge(const access::OperationQuestion& question) override;
  Task<access::PolicyVerdict> judge_later(access::OperationQuestion question) override;

 private:
  Task<policy::Decision> decide(rego::Value input);

  net::HttpClient client_;
  policy::RemotePolicy remote_;
  policy::DecisionSink* const sink_;
  std::atomic<std::size_t> asking_{0};
};

}  // namespace unhidra::automation
