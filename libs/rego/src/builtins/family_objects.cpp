// Objects and JSON documents: object.*, json.filter, json.remove, json.patch.
#include <algorithm>

#include "builtins/families.h"
#include "builtins/go_text.h"
#include "builtins/json_patch.h"

namespace unhidra::rego::builtins {
namespace {

constexpr int kMaxDepth = 512;

std::unexpected<Error> too_deep() {
  return fail(CallErrc::exhausted, "the value is nested too deeply");
}

Result<Value> merged(const Value& a, const Value& b, Environment& environment, int depth) {
  if (depth > kMaxDepth) {
    return too_deep();
  }
  UNHIDRA_TRY_VOID(environment.charge((a.size() + b.size() + 1) * sizeof(Value::Member)));
  std::vector<Value::Member> out(a.members().begin(), a.members().end());
  for (const auto& [key, value] : b.members()) {
    const Value* old = a.find(key);
    if (old != nullptr && old->is(Kind::object) && value.is(Kind::object)) {
      UNHIDRA_TRY(Value inner, merged(*old, value, environment, depth + 1));
      out.emplace_back(key, std::move(inner));
    } else {
      out.emplace_back(key, value);
    }
  }
  return Value::object(std::move(out));
}

Answer object_union(const Call& call) {
  UNHIDRA_TRY(const Value a, call.of_kind(0, Kind::object));
  UNHIDRA_TRY(const Value b, call.of_kind(1, Kind::object));
  return merged(a, b, call.environment(), 0);
}

Answer object_union_n(const Call& call) {
  UNHIDRA_TRY(const Value list, call.of_kind(0, Kind::array));
  Value out = Value::object({});
  for (const Value& element : list.elements()) {
    if (!element.is(Kind::object)) {
      return wrong_element(1, list, element, "object");
    }
    UNHIDRA_TRY(out, merged(out, element, call.environment(), 0));
  }
  return out;
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
  std::vector<Value::Member> out;
  for (const auto& member : object.members()) {
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

bool is_subset(const Value& super, const Value& sub, int depth);

bool members_in(const Value& super, const Value& sub, int depth) {
  return std::ranges::all_of(sub.members(), [&](const auto& member) {
    const Value* found = super.find(member.first);
    return found != nullptr && is_subset(*found, member.second, depth + 1);
  });
}

// A contiguous part of the list, in order.
bool run_in(const Value& super, const Value& sub) {
  const auto a = super.elements();
  const auto b = sub.elements();
  return std::ranges::search(a, b, [](const Value& x, const Value& y) { return x == y; }).begin() !=
             a.end() ||
         b.empty();
}

bool is_subset(const Value& super, const Value& sub, int depth) {
  if (depth > kMaxDepth) {
    return false;
  }
  if (super.is(Kind::object) && sub.is(Kind::object)) {
    return members_in(super, sub, depth);
  }
  if (super.is(Kind::set) && sub.is(Kind::set)) {
    return std::ranges::all_of(sub.elements(), [&](const Value& v) { return super.contains(v); });
  }
  if (super.is(Kind::array) && sub.is(Kind::array)) {
    return run_in(super, sub);
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
    return Value::boolean(std::ranges::all_of(sub.elements(), [&](const Value& wanted) {
      return std::ranges::any_of(super.elements(), [&](const Value& v) { return v == wanted; });
    }));
  }
  if (!composite(super) || super.kind() != sub.kind()) {
    return fail(CallErrc::type_error,
                "both arguments object.subset must be of the same type or array and set");
  }
  return Value::boolean(is_subset(super, sub, 0));
}

Result<Value> path_tree(const Value& operand) {
  UNHIDRA_TRY(const auto paths, read_paths(operand));
  return tree_of_paths(paths);
}

// The value without what the tree names; nothing when the tree ends here.
Result<std::optional<Value>> without(const Value& value, const Value* tree, int depth) {
  if (depth > kMaxDepth) {
    return too_deep();
  }
  if (tree == nullptr) {
    return value;
  }
  if (!tree->is(Kind::object)) {
    return std::nullopt;
  }
  if (value.is(Kind::object)) {
    std::vector<Value::Member> out;
    for (const auto& [key, member] : value.members()) {
      UNHIDRA_TRY(auto kept, without(member, tree->find(key), depth + 1));
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
    UNHIDRA_TRY(auto kept, without(element, branch, depth + 1));
    if (kept) {
      out.push_back(std::move(*kept));
    }
  }
  return value.is(Kind::set) ? Value::set(std::move(out)) : Value::array(std::move(out));
}

// What the tree names and the value has.
Result<Value> only(const Value& value, const Value& tree, int depth) {
  if (depth > kMaxDepth) {
    return too_deep();
  }
  if (!tree.is(Kind::object) || tree.size() == 0) {
    return value;
  }
  if (value.is(Kind::object)) {
    std::vector<Value::Member> out;
    for (const auto& [key, member] : value.members()) {
      if (const Value* branch = tree.find(key)) {
        UNHIDRA_TRY(Value kept, only(member, *branch, depth + 1));
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
      UNHIDRA_TRY(Value kept, only(element, *branch, depth + 1));
      out.push_back(std::move(kept));
    }
  }
  return value.is(Kind::set) ? Value::set(std::move(out)) : Value::array(std::move(out));
}

Answer json_remove(const Call& call) {
  UNHIDRA_TRY(const Value object, call.of_kind(0, Kind::object));
  UNHIDRA_TRY(const Value tree, path_tree(call[1]));
  return without(object, &tree, 0);
}

Answer json_filter(const Call& call) {
  UNHIDRA_TRY(const Value object, call.of_kind(0, Kind::object));
  UNHIDRA_TRY(const Value tree, path_tree(call[1]));
  if (tree.size() == 0) {
    return Value::object({});
  }
  return only(object, tree, 0);
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
