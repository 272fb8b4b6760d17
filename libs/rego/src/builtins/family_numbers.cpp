// Comparison, arithmetic, bits, conversions, types, and the ranges and random numbers.
#include <charconv>
#include <limits>

#include "builtins/families.h"
#include "builtins/number_math.h"

namespace unhidra::rego::builtins {
namespace {

template <class Holds>
Answer compared(const Call& call, Holds holds) {
  return Value::boolean(holds(compare(call[0], call[1])));
}
Answer equal(const Call& call) {
  return compared(call, [](int order) { return order == 0; });
}
Answer not_equal(const Call& call) {
  return compared(call, [](int order) { return order != 0; });
}
Answer less(const Call& call) {
  return compared(call, [](int order) { return order < 0; });
}
Answer less_or_equal(const Call& call) {
  return compared(call, [](int order) { return order <= 0; });
}
Answer greater(const Call& call) {
  return compared(call, [](int order) { return order > 0; });
}
Answer greater_or_equal(const Call& call) {
  return compared(call, [](int order) { return order >= 0; });
}

Answer as_number(Result<std::string> text) {
  UNHIDRA_TRY(std::string number, std::move(text));
  return Value::number(std::move(number));
}

// Charged for the texts; what computing costs beyond that is time alone.
Status charge_numbers(const Call& call, std::string_view a, std::string_view b) {
  UNHIDRA_TRY_VOID(call.environment().charge(a.size() + b.size()));
  return call.environment().spend(work_of_digits(full_digits(a) + full_digits(b)));
}

template <Arithmetic kOperation>
Answer arithmetic(const Call& call) {
  UNHIDRA_TRY(const std::string_view a, call.number(0));
  UNHIDRA_TRY(const std::string_view b, call.number(1));
  UNHIDRA_TRY_VOID(charge_numbers(call, a, b));
  return as_number(compute(kOperation, a, b));
}

template <Rounding kOperation>
Answer rounded(const Call& call) {
  UNHIDRA_TRY(const std::string_view a, call.number(0));
  UNHIDRA_TRY_VOID(charge_numbers(call, a, {}));
  return as_number(compute(kOperation, a));
}

// Numbers, or the difference of two sets.
Answer minus(const Call& call) {
  const bool number1 = call[0].is(Kind::number);
  const bool number2 = call[1].is(Kind::number);
  const bool set1 = call[0].is(Kind::set);
  const bool set2 = call[1].is(Kind::set);
  if (number1 && number2) {
    return arithmetic<Arithmetic::minus>(call);
  }
  if (set1 && set2) {
    std::vector<Value> out;
    for (const Value& element : call[0].elements()) {
      if (!call[1].contains(element)) {
        out.push_back(element);
      }
    }
    return Value::set(std::move(out));
  }
  if (!number1 && !set1) {
    return wrong_kind(1, call[0], {"number", "set"});
  }
  if (number2) {
    return wrong_kind(2, call[1], {"set"});
  }
  return wrong_kind(2, call[1], {"number"});
}

template <BitOperation kOperation>
Answer bits(const Call& call) {
  UNHIDRA_TRY(const std::string a, call.big_integer(0));
  UNHIDRA_TRY(const std::string b, call.big_integer(1));
  const bool shift = kOperation == BitOperation::left || kOperation == BitOperation::right;
  if (shift && b.starts_with('-')) {
    return operand_error(2, "must be an unsigned integer number but got a negative integer");
  }
  UNHIDRA_TRY_VOID(charge_numbers(call, a, b));
  if (kOperation == BitOperation::left) {
    // The answer is as long as the second operand says.
    UNHIDRA_TRY_VOID(
        call.environment().spend(b.size() < 6 ? work_of_digits(kMaxNumberBits / 4) : 0));
  }
  return as_number(compute(kOperation, a, b));
}

Answer bits_negate(const Call& call) {
  UNHIDRA_TRY(const std::string a, call.big_integer(0));
  UNHIDRA_TRY_VOID(charge_numbers(call, a, {}));
  return as_number(negate_bits(a));
}

// The text of a number as JSON has it, "+" and hexadecimal forms as the reference reads them.
bool is_decimal(std::string_view text) {
  double out = 0;
  if (text.starts_with('+')) {
    text.remove_prefix(1);
  }
  if (text.empty() || text.find_first_not_of("0123456789.eE+-") != std::string_view::npos) {
    return false;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error != std::errc::invalid_argument && end == text.data() + text.size();
}

// "Infinity", "-inf", "NaN": numbers elsewhere, none of a policy.
bool is_not_finite(std::string_view text) {
  if (text.starts_with('+') || text.starts_with('-')) {
    text.remove_prefix(1);
  }
  std::string lower;
  for (const char c : text) {
    lower.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  return lower == "inf" || lower == "infinity" || lower == "nan";
}

Answer to_number(const Call& call) {
  switch (call[0].kind()) {
    case Kind::null:
      return Value::integer(0);
    case Kind::boolean:
      return Value::integer(call[0].as_boolean() ? 1 : 0);
    case Kind::number:
      return call[0];
    case Kind::string: {
      const std::string& text = call[0].text();
      if (is_not_finite(text)) {
        return operand_error(1, "must be a finite number");
      }
      if (!is_decimal(text)) {
        return failed("strconv.ParseFloat: parsing \"" + text + "\": invalid syntax");
      }
      return Value::number(text.starts_with('+') ? text.substr(1) : text);
    }
    default:
      return wrong_kind(1, call[0], {"null", "boolean", "number", "string"});
  }
}

template <Kind kKind>
Answer is_kind(const Call& call) {
  return Value::boolean(call[0].is(kKind));
}
Answer type_name(const Call& call) {
  return Value::string(std::string(kind_name(call[0].kind())));
}

template <Kind kKind>
Answer cast(const Call& call) {
  return call.of_kind(0, kKind);
}
Answer cast_array(const Call& call) {
  if (!call[0].is(Kind::array) && !call[0].is(Kind::set)) {
    return wrong_kind(1, call[0], {"array", "set"});
  }
  const auto elements = call[0].elements();
  return Value::array({elements.begin(), elements.end()});
}
Answer cast_set(const Call& call) {
  if (!call[0].is(Kind::array) && !call[0].is(Kind::set)) {
    return wrong_kind(1, call[0], {"array", "set"});
  }
  const auto elements = call[0].elements();
  return Value::set({elements.begin(), elements.end()});
}

Answer range(const Call& call, const std::string& step) {
  UNHIDRA_TRY(const std::string from, call.big_integer(0));
  UNHIDRA_TRY(const std::string to, call.big_integer(1));
  const int order = compare_decimals(from, to);
  std::vector<Value> out;
  std::string at = from;
  while (order <= 0 ? compare_decimals(at, to) <= 0 : compare_decimals(at, to) >= 0) {
    UNHIDRA_TRY_VOID(call.environment().charge(64 + at.size()));
    UNHIDRA_TRY_VOID(call.environment().spend(work_of_digits(at.size() + step.size())));
    out.push_back(Value::number(at));
    UNHIDRA_TRY(at, compute(order <= 0 ? Arithmetic::plus : Arithmetic::minus, at, step));
  }
  return Value::array(std::move(out));
}

Answer numbers_range(const Call& call) {
  return range(call, "1");
}

Answer numbers_range_step(const Call& call) {
  UNHIDRA_TRY(const std::string from, call.big_integer(0));
  UNHIDRA_TRY(const std::string to, call.big_integer(1));
  UNHIDRA_TRY(const std::string step, call.big_integer(2));
  if (compare_decimals(step, "0") <= 0) {
    return failed("numbers.range_step: step must be a positive integer");
  }
  return range(call, step);
}

// One number for each pair of operands throughout an evaluation.
Answer rand_intn(const Call& call) {
  UNHIDRA_TRY(const std::string_view name, call.string(0));
  UNHIDRA_TRY(const std::int64_t bound, call.integer(1));
  Environment& environment = call.environment();
  const std::uint64_t size =
      bound < 0 ? -static_cast<std::uint64_t>(bound) : static_cast<std::uint64_t>(bound);
  if (size == 0) {
    return Value::integer(0);
  }
  if (environment.random == nullptr) {
    return failed("no source of randomness");
  }
  const std::string key = "rand.intn " + std::to_string(size) + ' ' + std::string(name);
  auto [at, fresh] = environment.memory.try_emplace(key);
  if (fresh) {
    UNHIDRA_TRY_VOID(environment.charge(key.size()));
    at->second = Value::number(std::to_string(environment.random->below(size)));
  }
  return at->second;
}

constexpr Builtin kTable[] = {
    {"abs", 1, rounded<Rounding::absolute>},
    {"bits.and", 2, bits<BitOperation::conjunction>},
    {"bits.lsh", 2, bits<BitOperation::left>},
    {"bits.negate", 1, bits_negate},
    {"bits.or", 2, bits<BitOperation::disjunction>},
    {"bits.rsh", 2, bits<BitOperation::right>},
    {"bits.xor", 2, bits<BitOperation::exclusive>},
    {"cast_array", 1, cast_array},
    {"cast_boolean", 1, cast<Kind::boolean>},
    {"cast_null", 1, cast<Kind::null>},
    {"cast_object", 1, cast<Kind::object>},
    {"cast_set", 1, cast_set},
    {"cast_string", 1, cast<Kind::string>},
    {"ceil", 1, rounded<Rounding::ceil>},
    {"div", 2, arithmetic<Arithmetic::divide>},
    {"equal", 2, equal},
    {"floor", 1, rounded<Rounding::floor>},
    {"gt", 2, greater},
    {"gte", 2, greater_or_equal},
    {"is_array", 1, is_kind<Kind::array>},
    {"is_boolean", 1, is_kind<Kind::boolean>},
    {"is_null", 1, is_kind<Kind::null>},
    {"is_number", 1, is_kind<Kind::number>},
    {"is_object", 1, is_kind<Kind::object>},
    {"is_set", 1, is_kind<Kind::set>},
    {"is_string", 1, is_kind<Kind::string>},
    {"lt", 2, less},
    {"lte", 2, less_or_equal},
    {"minus", 2, minus},
    {"mul", 2, arithmetic<Arithmetic::multiply>},
    {"neq", 2, not_equal},
    {"numbers.range", 2, numbers_range},
    {"numbers.range_step", 3, numbers_range_step},
    {"plus", 2, arithmetic<Arithmetic::plus>},
    {"rand.intn", 2, rand_intn, true},
    {"rem", 2, arithmetic<Arithmetic::remainder>},
    {"round", 1, rounded<Rounding::round>},
    {"to_number", 1, to_number},
    {"type_name", 1, type_name},
};

}  // namespace

std::span<const Builtin> number_family() {
  return kTable;
}

}  // namespace unhidra::rego::builtins
