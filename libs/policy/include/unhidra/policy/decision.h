#pragma once
// A decision and where it comes from.

#include <cstdint>
#include <string>
#include <string_view>

#include "unhidra/base/time.h"
#include "unhidra/rego/value.h"

namespace unhidra::policy {

// Only `policy` and `unasked` may allow: every other ground is a denial.
enum class Ground : std::uint8_t {
  policy,       // it said true or false
  undefined,    // it has no answer
  not_boolean,  // it answered something else, or several things
  no_policy,    // none is loaded
  failed,       // the evaluation ended with an error
  exhausted,    // the evaluation's budget was used up
  unreachable,  // the remote server gave no decision
  unasked,      // none is in force for this: what was decided without holds
};
std::string_view to_string(Ground ground);

struct Decision {
  bool allowed = false;
  Ground ground = Ground::no_policy;
  std::string revision;
  std::string error;  // for the log
};

// A decision as it is written down. Everything in it lives as long as the call.
struct DecisionRecord {
  const Decision& decision;
  std::string_view query;
  const rego::Value& input;
  std::string_view scope = {};       // for whom it was made: an organisation's id; may be empty
  const Decision* shadow = nullptr;  // of the revision that was asked beside, if one was
};

// Where decisions are written. Called on the deciding thread: must not block.
class DecisionSink {
 public:
  virtual ~DecisionSink() = default;
  virtual void record(const DecisionRecord& record) = 0;
};

// From what a query answered: true allows, all else does not.
Decision judge(const rego::Value* answer, std::size_t answers);

}  // namespace unhidra::policy
