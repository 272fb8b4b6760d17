// Objects and JSON documents: object.*, json.filter, json.remove, json.patch.
#include <algorithm>
#include <functional>

#include "builtins/families.h"
#include "builtins/go_text.h"
#include "builtins/json_patch.h"

namespace unhidra::rego::builtins {
namespace {

constexpr int kMaxDepth = 512;
constexpr std::uint64_t kWorkOfComparison = 16;  // of two values, see Environment::spend
constexpr std::uint64_t kWorkOfSearch = 64;      // for one in many

std::unexpected<Error> too_deep() {
  return fail(CallErrc::exhausted, "the value is nested too deeply");
}

// Members of later objects hide those of earlier ones, unless both are objects: these are joined.
// Once over all members, however many objects there are.
Result<Value> joined(std::span<const Value> objects, Environment& environment, int depth) {
  if (depth > kMaxDepth) {
    return too_deep();
  }
  std::vector<Value::Member> all;
  for (const Value& object : objects) {
    UNHIDRA_TRY_VOID(environment.charge((object.size() + 1) * sizeof(Value::Member)));
    all.insert(all.end(), object.members().begin(), object.members().end());
  }
  WorkOrder order;
  std::ranges::stable_sort(all, std::ref(order), &Value::Member::first);
  std::vector<Value::Member> out;
  for (auto first = all.begin(); first != all.end();) {
    const auto last = std::find_if(first + 1, all.end(), [&](const Value::Member& member) {
      return member.first != first->first;
    });
    // What is no object hides all before it.
    auto from = last - 1;
    while (from != first && from->second.is(Kind::object) && (from - 1)->second.is(Kind::object)) {
      --from;
    }
    if (last - from == 1) {
      out.emplace_back(first->first, from->second);
    } else {
      std::vector<Value> inner;
      std::ranges::transform(from, last, std::back_inserter(inner), &Value::Member::second);
      UNHIDRA_TRY(Value value, joined(inner, environment, depth + 1));
      out.emplace_back(first->first, std::move(value));
    }
    first = last;
  }
  return Value::object(std::move(out));
}

Answer object_union(const Call& call) {
  UNHIDRA_TRY(const Value a, call.of_kind(0, Kind::object));
  UNHIDRA_TRY(const Value b, call.of_kind(1, Kind::object));
  const Value both[] = {a, b};
  return joined(both, call.environment(), 0);
}

Answer object_union_n(const Call& call) {
  UNHIDRA_TRY(const Value list, call.of_kind(0, Kind::array));
  for (const Value& element : list.elements()) {
    if (!element.is(Kind::object)) {
      return wrong_element(1, list, element, "object");
    }
  }
  return joined(list.elements(), call.environment(), 0);
}

Result<Value> key_set(const Value& keys) {
  if (keys.is(Kind::object)) {
    std::vector<Value> out;
    for (const auto& [key, value] : keys.members()) {
      out.push_back(key);
    }
    return Value::set(std::move(out));
  }
  if (!keys.is(Kind::array) && !keys.is(Kind::set)) {
    return wrong_kind(2, keys, {"object", "set", "array"});
  }
  return Value::set({keys.elements().begin(), keys.elements().end()});
}

Answer keep_members(const Call& call, bool named) {
  UNHIDRA_TRY(const Value object, call.of_kind(0, Kind::object));
  UNHIDRA_TRY(const Value keys, key_set(call[1]));
  UNHIDRA_TRY_VOID(call.environment().charge(object.size() * sizeof(Value::Member)));
  std::vector<Value::Member> out;
  for (const auto& member : object.members()) {
    UNHIDRA_TRY_VOID(call.environment().spend(kWorkOfSearch));
    if (keys.contains(member.first) == named) {
      out.push_back(member);
    }
  }
  return Value::object(std::move(out));
}
Answer object_filter(const Call& call) {
  return keep_members(call, true);
}
Answer object_remove(const Call& call) {
  return keep_members(call, false);
}

Answer object_keys(const Call& call) {
  UNHIDRA_TRY(const Value object, call.of_kind(0, Kind::object));
  UNHIDRA_TRY_VOID(call.environment().charge(object.size() * sizeof(Value)));
  UNHIDRA_TRY(Value keys, key_set(object));
  return keys;
}

Answer object_get(const Call& call) {
  UNHIDRA_TRY(const Value object, call.of_kind(0, Kind::object));
  if (!call[1].is(Kind::array)) {
    const Value* found = object.find(call[1]);
    return found != nullptr ? *found : call[2];
  }
  Value at = object;
  for (const Value& step : call[1].elements()) {
    const Value* next = child_of(at, step);
    if (next == nullptr) {
      return call[2];
    }
    at = Value(*next);
  }
  return at;
}

Result<bool> is_subset(const Value& super, const Value& sub, Environment& environment, int depth);

Result<bool> members_in(const Value& super, const Value& sub, Environment& environment, int depth) {
  for (const auto& [key, value] : sub.members()) {
    const Value* found = super.find(key);
    if (found == nullptr) {
      return false;
    }
    UNHIDRA_TRY(const bool within, is_subset(*found, value, environment, depth + 1));
    if (!within) {
      return false;
    }
  }
  return true;
}

// A contiguous part of the list, in order.
Result<bool> run_in(const Value& super, const Value& sub, Environment& environment) {
  const auto a = super.elements();
  const auto b = sub.elements();
  for (std::size_t at = 0; at + b.size() <= a.size(); ++at) {
    std::size_t same = 0;
    while (same < b.size() && a[at + same] == b[same]) {
      ++same;
    }
    if (same == b.size()) {
      return true;
    }
    UNHIDRA_TRY_VOID(environment.spend(kWorkOfComparison * (same + 1)));
  }
  return false;
}

Result<bool> is_subset(const Value& super, const Value& sub, Environment& environment, int depth) {
  if (depth > kMaxDepth) {
    return too_deep();
  }
  UNHIDRA_TRY_VOID(environment.spend(kWorkOfComparison * (sub.size() + 1)));
  if (super.is(Kind::object) && sub.is(Kind::object)) {
    return members_in(super, sub, environment, depth);
  }
  if (super.is(Kind::set) && sub.is(Kind::set)) {
    for (const Value& element : sub.elements()) {
      UNHIDRA_TRY_VOID(environment.spend(kWorkOfSearch));
      if (!super.contains(element)) {
        return false;
      }
    }
    return true;
  }
  if (super.is(Kind::array) && sub.is(Kind::array)) {
    return run_in(super, sub, environment);
  }
  return super == sub;
}

Answer object_subset(const Call& call) {
  const Value& super = call[0];
  const Value& sub = call[1];
  const auto composite = [](const Value& value) {
    return value.is(Kind::object) || value.is(Kind::set) || value.is(Kind::array);
  };
  // A list has the elements of a set when every one is in it somewhere.
  if (super.is(Kind::array) && sub.is(Kind::set)) {
    UNHIDRA_TRY_VOID(call.environment().charge(super.size() * sizeof(Value)));
    const Value elements = Value::set({super.elements().begin(), super.elements().end()});
    UNHIDRA_TRY(const bool within, is_subset(elements, sub, call.environment(), 0));
    return Value::boolean(within);
  }
  if (!composite(super) || super.kind() != sub.kind()) {
    return fail(CallErrc::type_error,
                "both arguments object.subset must be of the same type or array and set");
  }
  UNHIDRA_TRY(const bool within, is_subset(super, sub, call.environment(), 0));
  return Value::boolean(within);
}

Result<Value> path_tree(const Value& operand) {
  UNHIDRA_TRY(const auto paths, read_paths(operand));
  return tree_of_paths(paths);
}

// The value without what the tree names; nothing when the tree ends here.
Result<std::optional<Value>> without(const Value& value, const Value* tree,
                                     Environment& environment, int depth) {
  if (depth > kMaxDepth) {
    return too_deep();
  }
  if (tree == nullptr) {
    return value;
  }
  if (!tree->is(Kind::object)) {
    return std::nullopt;
  }
  UNHIDRA_TRY_VOID(environment.charge(value.size() * sizeof(Value::Member)));
  if (value.is(Kind::object)) {
    std::vector<Value::Member> out;
    for (const auto& [key, member] : value.members()) {
      UNHIDRA_TRY(auto kept, without(member, tree->find(key), environment, depth + 1));
      if (kept) {
        out.emplace_back(key, std::move(*kept));
      }
    }
    return Value::object(std::move(out));
  }
  if (!value.is(Kind::array) && !value.is(Kind::set)) {
    return value;
  }
  std::vector<Value> out;
  std::size_t index = 0;
  for (const Value& element : value.elements()) {
    const Value* branch =
        value.is(Kind::set) ? tree->find(element) : tree->find(std::to_string(index++));
    UNHIDRA_TRY(auto kept, without(element, branch, environment, depth + 1));
    if (kept) {
      out.push_back(std::move(*kept));
    }
  }
  return value.is(Kind::set) ? Value::set(std::move(out)) : Value::array(std::move(out));
}

// What the tree names and the value has.
Result<Value> only(const Value& value, const Value& tree, Environment& environment, int depth) {
  if (depth > kMaxDepth) {
    return too_deep();
  }
  if (!tree.is(Kind::object) || tree.size() == 0) {
    return value;
  }
  UNHIDRA_TRY_VOID(environment.charge(value.size() * sizeof(Value::Member)));
  if (value.is(Kind::object)) {
    std::vector<Value::Member> out;
    for (const auto& [key, member] : value.members()) {
      if (const Value* branch = tree.find(key)) {
        UNHIDRA_TRY(Value kept, only(member, *branch, environment, depth + 1));
        out.emplace_back(key, std::move(kept));
      }
    }
    return Value::object(std::move(out));
  }
  if (!value.is(Kind::array) && !value.is(Kind::set)) {
    return value;
  }
  std::vector<Value> out;
  std::size_t index = 0;
  for (const Value& element : value.elements()) {
    const Value* branch =
        value.is(Kind::set) ? tree.find(element) : tree.find(std::to_string(index++));
    if (branch != nullptr) {
      UNHIDRA_TRY(Value kept, only(element, *branch, environment, depth + 1));
      out.push_back(std::move(kept));
    }
  }
  return value.is(Kind::set) ? Value::set(std::move(out)) : Value::array(std::move(out));
}

Answer json_remove(const Call& call) {
  UNHIDRA_TRY(const Value object, call.of_kind(0, Kind::object));
  UNHIDRA_TRY(const Value tree, path_tree(call[1]));
  return without(object, &tree, call.environment(), 0);
}

Answer json_filter(const Call& call) {
  UNHIDRA_TRY(const Value object, call.of_kind(0, Kind::object));
  UNHIDRA_TRY(const Value tree, path_tree(call[1]));
  if (tree.size() == 0) {
    return Value::object({});
  }
  return only(object, tree, call.environment(), 0);
}

// A patch that cannot be applied makes the call undefined, as in the reference.
Answer json_patch(const Call& call) {
  UNHIDRA_TRY(const Value operations, call.of_kind(1, Kind::array));
  auto patched = apply_patch(call[0], operations, call.environment());
  if (patched) {
    return std::move(*patched);
  }
  if (patched.error() == CallErrc::exhausted) {
    return fail(std::move(patched).error());
  }
  return std::nullopt;
}

constexpr Builtin kTable[] = {
    {"json.filter", 2, json_filter},     {"json.patch", 2, json_patch},
    {"json.remove", 2, json_remove},     {"object.filter", 2, object_filter},
    {"object.get", 3, object_get},       {"object.keys", 1, object_keys},
    {"object.remove", 2, object_remove}, {"object.subset", 2, object_subset},
    {"object.union", 2, object_union},   {"object.union_n", 1, object_union_n},
};

}  // namespace

std::span<const Builtin> object_family() {
  return kTable;
}

}  // namespace unhidra::rego::builtins
