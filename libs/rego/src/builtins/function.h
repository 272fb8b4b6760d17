#pragma once
// How a built-in function is called, and the table of them all.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "unhidra/base/error.h"
#include "unhidra/base/random.h"
#include "unhidra/base/time.h"
#include "unhidra/rego/host.h"
#include "unhidra/rego/value.h"

#include "values/work.h"

namespace unhidra::rego::builtins {

// Every other code that a function answers is an ordinary failure of the call
// ("eval_builtin_error").
enum class CallErrc : std::uint8_t {
  type_error,  // an operand of the wrong kind: "eval_type_error"
  exhausted,   // the evaluation's budget is used up: ends the evaluation
};
constexpr ErrorCode error_code(CallErrc code) {
  if (code == CallErrc::type_error) {
    return {"rego.eval_type_error", ErrorKind::invalid};
  }
  return {"rego.budget_exhausted", ErrorKind::too_large};
}

// Of what an evaluation makes (Value::depth): about two thousand lists and objects inside each
// other. JSON is read to a quarter of it.
inline constexpr std::uint32_t kMaxValueDepth = 1'024;

// What one evaluation brings: shared by all its calls, so that time.now_ns() and rand.intn() answer
// the same throughout.
struct Environment final : WorkMeter {
  std::int64_t now_ns = 0;
  RandomSource* random = nullptr;
  Host* host = nullptr;
  const Clock* clock = nullptr;  // neither: no limit of time
  std::optional<SteadyTime> deadline;
  // Units of work and of memory left; about a byte or a step each.
  std::uint64_t budget = 64U << 20;
  // Units of work left that keeps no memory, about a nanosecond each.
  std::uint64_t work = std::uint64_t{1} << 40;
  std::map<std::string, Value, std::less<>> memory;  // of rand.intn and uuid.rfc4122
  std::function<void(std::string_view)> print;       // where trace() writes
  std::function<void(const Error&)> call_failed;     // and is undefined; may be none

  // Takes from the budget of memory, and as much work. CallErrc::exhausted: it is used up, or the
  // time is.
  Status charge(std::uint64_t units) {
    if (units <= budget && units <= work && !deadline) {
      budget -= units;
      work -= units;
      return {};
    }
    return charge_and_look(units);
  }
  // Work that keeps no memory. Every so many units the clock is looked at. CallErrc::exhausted: it
  // is used up, or the time is.
  Status spend(std::uint64_t units);
  // Looks at the clock as if so much had been done, and takes nothing. CallErrc::exhausted.
  Status keep_time(std::uint64_t units);
  bool take_work(std::uint64_t units) override { return !exhausted_ && spend(units).has_value(); }
  bool has_room_for(std::uint64_t bytes) override;
  // Before the text of a value is made: whether the budget has room for it, with so many characters
  // of indentation a level. A value that stands in many places is written in each, so some few
  // nodes may be more text than memory. CallErrc::exhausted.
  Status expect_room_for(const Value& value, std::uint64_t indentation = 0);
  // Of what was made: CallErrc::exhausted when its depth is above kMaxValueDepth, so that whatever
  // follows a value downwards has the stack it needs.
  Status expect_depth_of(const Value& value);
  // Something was refused. What was answered after that is worth nothing: whoever began the
  // evaluation ends it with an error.
  bool is_exhausted() const { return exhausted_; }

 private:
  Status charge_and_look(std::uint64_t units);
  Status exhaust(const char* message);

  std::uint64_t unlooked_ = 0;  // units since the clock was looked at
  bool exhausted_ = false;
};

// What an evaluation of so many steps may do within them.
constexpr std::uint64_t work_of_steps(std::uint64_t steps) {
  constexpr std::uint64_t kWorkOfStep = 32;
  constexpr std::uint64_t kAtLeast = 1 << 20;
  return steps < UINT64_MAX / kWorkOfStep - kAtLeast ? steps * kWorkOfStep + kAtLeast : UINT64_MAX;
}

using Answer = Result<std::optional<Value>>;  // nothing: undefined

class Call {
 public:
  Call(std::span<const Value> operands, Environment& environment)
      : operands_(operands), environment_(environment) {}

  Environment& environment() const { return environment_; }
  std::size_t size() const { return operands_.size(); }
  const Value& operator[](std::size_t i) const { return operands_[i]; }

  // Operand `i`, counted from 0, when it is of this kind; else "operand 1 must be string but got
  // number".
  Result<std::string_view> string(std::size_t i) const;
  Result<std::string_view> number(std::size_t i) const;
  // "operand 1 must be integer number but got floating-point number".
  Result<std::int64_t> integer(std::size_t i) const;
  Result<std::string> big_integer(std::size_t i) const;
  Result<Value> of_kind(std::size_t i, Kind kind) const;
  // A list or set of strings.
  Result<std::vector<std::string_view>> strings(std::size_t i) const;

 private:
  std::span<const Value> operands_;
  Environment& environment_;
};

// `position` counts from 1.
std::unexpected<Error> operand_error(std::size_t position, const std::string& what);
std::unexpected<Error> wrong_kind(std::size_t position, const Value& got,
                                  std::initializer_list<std::string_view> expected);
std::unexpected<Error> wrong_element(std::size_t position, const Value& composite, const Value& got,
                                     std::string_view expected);
std::unexpected<Error> failed(std::string message);

using Function = Answer (*)(const Call&);
struct Builtin {
  std::string_view name;
  std::uint8_t arity = 0;
  Function function = nullptr;
  // Answers by the clock, randomness or the host, or prints: not known before it is called.
  bool varies = false;
  bool for_tests = false;  // unknown to policies that are not compiled with such functions
};

// Calls it within the time limit: whatever it charges itself, the clock is looked at as if it went
// through its operands once, so that many cheap calls with long operands do not escape it.
Answer invoke(const Builtin& builtin, std::span<const Value> operands, Environment& environment);

// Every function, by name. The operators too: plus, minus, equal, ...
const Builtin* find_builtin(std::string_view name);
std::span<const std::span<const Builtin>> all_builtins();

}  // namespace unhidra::rego::builtins
