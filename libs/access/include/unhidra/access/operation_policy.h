#pragma once
// A policy that is asked when the roles have allowed an operation, about what they do not know:
// where from, when, on what. It can deny; what the roles deny, it is not asked about.
//
// Not asked either: what is open to everyone, and what somebody at the machine itself may do
// without credentials. There is no user and no organisation then.

#include <string>
#include <string_view>

#include "unhidra/access/context.h"

namespace unhidra::access {

// Views: live as long as the call.
struct OperationQuestion {
  const Operation& operation;
  const OperationRequest& request;
  Timestamp now;
};

struct PolicyVerdict {
  bool allowed = true;
  std::string revision;     // that was asked; empty: none is in force
  std::string_view ground;  // static: its own word, or why it has none
};

class OperationPolicy {
 public:
  virtual ~OperationPolicy() = default;
  // From any thread, on the caller's: does not block. Every doubt is a denial. What it throws is
  // one, too.
  virtual PolicyVerdict judge(const OperationQuestion& question) = 0;
  // It has to ask elsewhere: judge_later is what asks, and judge denies. Does not change.
  virtual bool answers_later() const { return false; }
  // The question's parts live until it has answered.
  virtual Task<PolicyVerdict> judge_later(OperationQuestion question) { co_return judge(question); }
};

}  // namespace unhidra::access
