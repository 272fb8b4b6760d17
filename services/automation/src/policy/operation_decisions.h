#pragma once
// The operation policy of this process: Rego over what the roles have allowed. An organisation's
// own, or that for all; where there is neither, nobody is asked.

#include "unhidra/access/operation_policy.h"

#include "policy/policy_book.h"

namespace unhidra::automation {

class OperationDecisions final : public access::OperationPolicy {
 public:
  // `sink` may be null; it hears every decision. References outlive it.
  OperationDecisions(const Clock& clock, RandomSource& random,
                     policy::DecisionSink* sink = nullptr);

  PolicyBook& book() { return book_; }
  access::PolicyVerdict judge(const access::OperationQuestion& question) override;

 private:
  policy::DecisionSink* const sink_;
  PolicyBook book_;
};

}  // namespace unhidra::automation
