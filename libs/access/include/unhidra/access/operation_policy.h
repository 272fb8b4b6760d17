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
};

}  // namespace unhidra::access
