// Aggregates, arrays and sets.
#include <algorithm>
#include <functional>

#include "builtins/families.h"
#include "builtins/go_text.h"
#include "builtins/number_fold.h"
#include "builtins/number_math.h"

namespace unhidra::rego::builtins {
namespace {

constexpr std::uint64_t kWorkOfSearch = 64;  // for one value in many

bool is_list(const Value& value) {
  return value.is(Kind::array) || value.is(Kind::set);
}

Answer count(const Call& call) {
  switch (call[0].kind()) {
    case Kind::array:
    case Kind::object:
    case Kind::set:
      return Value::integer(static_cast<std::int64_t>(call[0].size()));
    case Kind::string:
      return Value::integer(static_cast<std::int64_t>(rune_count(call[0].text())));
    default:
      return wrong_kind(1, call[0], {"array", "object", "set", "string"});
  }
}

Answer folded(const Call& call, NumberFold fold) {
  if (!is_list(call[0])) {
    return wrong_kind(1, call[0], {"set", "array"});
  }
  for (const Value& element : call[0].elements()) {
    if (!element.is(Kind::number)) {
      return wrong_element(1, call[0], element, "number");
    }
    UNHIDRA_TRY_VOID(fold.add(element, call.environment()));
  }
  UNHIDRA_TRY(std::string total, fold.take(call.environment()));
  return Value::number(std::move(total));
}
Answer sum(const Call& call) {
  return folded(call, NumberFold::sum());
}
Answer product(const Call& call) {
  return folded(call, NumberFold::product());
}

// The greatest or least element; undefined for none.
Answer extreme(const Call& call, int wanted) {
  if (!is_list(call[0])) {
    return wrong_kind(1, call[0], {"set", "array"});
  }
  const Value* best = nullptr;
  for (const Value& element : call[0].elements()) {
    if (best == nullptr || compare(element, *best) * wanted > 0) {
      best = &element;
    }
  }
  return best != nullptr ? Answer(*best) : Answer(std::nullopt);
}
Answer maximum(const Call& call) {
  return extreme(call, 1);
}
Answer minimum(const Call& call) {
  return extreme(call, -1);
}

Answer sorted(const Call& call) {
  if (!is_list(call[0])) {
    return wrong_kind(1, call[0], {"set", "array"});
  }
  const auto elements = call[0].elements();
  UNHIDRA_TRY_VOID(call.environment().charge(elements.size() * sizeof(Value)));
  std::vector<Value> out(elements.begin(), elements.end());
  WorkOrder before;
  std::ranges::sort(out, std::ref(before));
  return Value::array(std::move(out));
}

// The functions of old: true for all, any.
Answer every_true(const Call& call) {
  if (!is_list(call[0])) {
    return wrong_kind(1, call[0], {"array", "set"});
  }
  return Value::boolean(std::ranges::all_of(
      call[0].elements(), [](const Value& v) { return v.is(Kind::boolean) && v.as_boolean(); }));
}
Answer any_true(const Call& call) {
  if (!is_list(call[0])) {
    return wrong_kind(1, call[0], {"array", "set"});
  }
  return Value::boolean(std::ranges::any_of(
      call[0].elements(), [](const Value& v) { return v.is(Kind::boolean) && v.as_boolean(); }));
}

Answer member(const Call& call) {
  const Value& container = call[1];
  if (container.is(Kind::set)) {
    return Value::boolean(container.contains(call[0]));
  }
  UNHIDRA_TRY_VOID(call.environment().spend(container.size()));
  const bool found =
      container.is(Kind::array)
          ? std::ranges::any_of(container.elements(), [&](const Value& v) { return v == call[0]; })
          : container.is(Kind::object) &&
                std::ranges::any_of(container.members(),
                                    [&](const auto& m) { return m.second == call[0]; });
  return Value::boolean(found);
}

Answer member_with_key(const Call& call) {
  const Value& container = call[2];
  if (container.is(Kind::object)) {
    const Value* found = container.find(call[0]);
    return Value::boolean(found != nullptr && *found == call[1]);
  }
  if (container.is(Kind::array) && call[0].is(Kind::number)) {
    for (std::size_t i = 0; i < container.size(); ++i) {
      if (compare_numbers(call[0].text(), std::to_string(i)) == 0) {
        return Value::boolean(container.elements()[i] == call[1]);
      }
    }
  }
  if (container.is(Kind::set)) {
    return Value::boolean(call[0] == call[1] && container.contains(call[0]));
  }
  return Value::boolean(false);
}

Answer array_concat(const Call& call) {
  UNHIDRA_TRY(const Value a, call.of_kind(0, Kind::array));
  UNHIDRA_TRY(const Value b, call.of_kind(1, Kind::array));
  UNHIDRA_TRY_VOID(call.environment().charge((a.size() + b.size()) * sizeof(Value)));
  std::vector<Value> out(a.elements().begin(), a.elements().end());
  out.insert(out.end(), b.elements().begin(), b.elements().end());
  return Value::array(std::move(out));
}

// One level: lists in the list give their elements, lists in those stay.
Answer array_flatten(const Call& call) {
  UNHIDRA_TRY(const Value list, call.of_kind(0, Kind::array));
  std::vector<Value> out;
  for (const Value& element : list.elements()) {
    UNHIDRA_TRY_VOID(call.environment().charge((element.size() + 1) * sizeof(Value)));
    if (element.is(Kind::array)) {
      out.insert(out.end(), element.elements().begin(), element.elements().end());
    } else {
      out.push_back(element);
    }
  }
  return Value::array(std::move(out));
}

Answer array_reverse(const Call& call) {
  UNHIDRA_TRY(const Value list, call.of_kind(0, Kind::array));
  UNHIDRA_TRY_VOID(call.environment().charge(list.size() * sizeof(Value)));
  return Value::array({list.elements().rbegin(), list.elements().rend()});
}

Answer array_slice(const Call& call) {
  UNHIDRA_TRY(const Value list, call.of_kind(0, Kind::array));
  UNHIDRA_TRY(std::int64_t from, call.integer(1));
  UNHIDRA_TRY(std::int64_t to, call.integer(2));
  const auto size = static_cast<std::int64_t>(list.size());
  from = std::clamp<std::int64_t>(from, 0, size);
  to = std::clamp<std::int64_t>(to, from, size);
  const auto part =
      list.elements().subspan(static_cast<std::size_t>(from), static_cast<std::size_t>(to - from));
  return Value::array({part.begin(), part.end()});
}

// The elements of `a` that are, or are not, in `b`.
Answer those_in(const Value& a, const Value& b, bool wanted, Environment& environment) {
  UNHIDRA_TRY_VOID(environment.charge(a.size() * sizeof(Value)));
  std::vector<Value> out;
  for (const Value& element : a.elements()) {
    UNHIDRA_TRY_VOID(environment.spend(kWorkOfSearch));
    if (b.contains(element) == wanted) {
      out.push_back(element);
    }
  }
  return Value::set(std::move(out));
}

Answer set_and(const Call& call) {
  UNHIDRA_TRY(const Value a, call.of_kind(0, Kind::set));
  UNHIDRA_TRY(const Value b, call.of_kind(1, Kind::set));
  return those_in(a, b, true, call.environment());
}

Answer set_or(const Call& call) {
  UNHIDRA_TRY(const Value a, call.of_kind(0, Kind::set));
  UNHIDRA_TRY(const Value b, call.of_kind(1, Kind::set));
  UNHIDRA_TRY_VOID(call.environment().charge((a.size() + b.size()) * sizeof(Value)));
  std::vector<Value> out(a.elements().begin(), a.elements().end());
  out.insert(out.end(), b.elements().begin(), b.elements().end());
  return Value::set(std::move(out));
}

Answer set_diff(const Call& call) {
  UNHIDRA_TRY(const Value a, call.of_kind(0, Kind::set));
  UNHIDRA_TRY(const Value b, call.of_kind(1, Kind::set));
  return those_in(a, b, false, call.environment());
}

// The sets of a set.
Result<std::vector<Value>> inner_sets(const Call& call) {
  UNHIDRA_TRY(const Value outer, call.of_kind(0, Kind::set));
  std::vector<Value> out;
  for (const Value& element : outer.elements()) {
    if (!element.is(Kind::set)) {
      return wrong_element(1, outer, element, "set");
    }
    UNHIDRA_TRY_VOID(call.environment().charge((element.size() + 1) * sizeof(Value)));
    out.push_back(element);
  }
  return out;
}

Answer set_union(const Call& call) {
  UNHIDRA_TRY(const std::vector<Value> sets, inner_sets(call));
  std::vector<Value> out;
  for (const Value& set : sets) {
    out.insert(out.end(), set.elements().begin(), set.elements().end());
  }
  return Value::set(std::move(out));
}

Answer set_intersection(const Call& call) {
  UNHIDRA_TRY(const std::vector<Value> sets, inner_sets(call));
  std::vector<Value> out;
  if (!sets.empty()) {
    for (const Value& element : sets[0].elements()) {
      UNHIDRA_TRY_VOID(call.environment().spend(kWorkOfSearch * sets.size()));
      if (std::ranges::all_of(sets, [&](const Value& set) { return set.contains(element); })) {
        out.push_back(element);
      }
    }
  }
  return Value::set(std::move(out));
}

constexpr Builtin kTable[] = {
    {"all", 1, every_true},
    {"and", 2, set_and},
    {"any", 1, any_true},
    {"array.concat", 2, array_concat},
    {"array.flatten", 1, array_flatten},
    {"array.reverse", 1, array_reverse},
    {"array.slice", 3, array_slice},
    {"count", 1, count},
    {"internal.member_2", 2, member},
    {"internal.member_3", 3, member_with_key},
    {"intersection", 1, set_intersection},
    {"max", 1, maximum},
    {"min", 1, minimum},
    {"or", 2, set_or},
    {"product", 1, product},
    {"set_diff", 2, set_diff},
    {"sort", 1, sorted},
    {"sum", 1, sum},
    {"union", 1, set_union},
};

}  // namespace

std::span<const Builtin> collection_family() {
  return kTable;
}

}  // namespace unhidra::rego::builtins
