#pragma once
// Rules: when a device says something and a condition in Rego holds, another device is told to do
// something. A rule is data with three parts, checked when it is read:
//
//   {"rules": [{"name": "fan when hot",
//               "when": {"device": "bedroom-sensor", "kind": "telemetry"},
//               "if": "input.value > 25",
//               "do": {"device": "bedroom-fan", "command": "on"},
//               "quiet": 60}]}
//
// The condition is the body of a Rego rule (v1) over
//   input = {device: {id, name}, kind, text, value (when the text is a number), json (when it is
//   JSON)}; it may look at the clock. What fails, or takes too long, does not hold.
//
// Threads: none; one caller at a time.

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "unhidra/base/error.h"
#include "unhidra/base/time.h"
#include "unhidra/rego/engine.h"

namespace unhidra::actions {

enum class Errc : std::uint8_t { bad_rules };
constexpr ErrorCode error_code(Errc) {
  return {"actions.bad_rules", ErrorKind::invalid};
}

inline constexpr std::size_t kMaxRules = 500;
inline constexpr std::size_t kMaxRulesFile = std::size_t{1} << 20;  // bytes

struct Rule {
  std::string name;
  std::string when_device;  // id or name; empty: any
  std::string when_kind;    // "telemetry", "state" or empty: both
  std::string condition;    // empty: always
  std::string do_device;
  std::string do_command;
  // Not again before so long after it was done last: a rule that sets off itself is slow, not wild.
  std::chrono::seconds quiet{10};
};

struct DeviceSaid {
  std::string device_id;
  std::string device_name;
  std::string kind;  // "telemetry" or "state"
  std::string text;
};

struct Due {
  std::string rule;
  std::string device;  // id or name
  std::string command;
};

class Rules {
 public:
  // Names the rule that is wrong, and why. Conditions are compiled here.
  static Result<Rules> parse(std::string_view json);
  // The same of a document's member "rules".
  static Result<Rules> read(const rego::Value& document);

  // What is to be done now. `failed` hears of conditions that could not be decided.
  std::vector<Due> on(
      const DeviceSaid& event, Timestamp now, SteadyTime steady,
      const std::function<void(const std::string& rule, const Error&)>& failed = {});
  const std::vector<Rule>& all() const { return rules_; }

 private:
  std::vector<Rule> rules_;
  std::vector<std::optional<rego::PreparedQuery>> conditions_;
  std::map<std::size_t, SteadyTime> done_;
};

}  // namespace unhidra::actions
