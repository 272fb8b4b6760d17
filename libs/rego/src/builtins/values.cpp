#include <algorithm>
#include <array>
#include <numeric>

#include "unhidra/rego/value.h"

#include "builtins/json_text.h"
#include "builtins/number_math.h"

namespace unhidra::rego {

struct Value::Node {
  Kind kind = Kind::null;
  bool flag = false;
  std::string text;
  std::vector<Value> elements;
  std::vector<Member> members;
};

std::string_view kind_name(Kind kind) {
  constexpr std::array<std::string_view, 7> kNames = {"null",  "boolean", "number", "string",
                                                      "array", "object",  "set"};
  return kNames[static_cast<std::size_t>(kind)];
}

Value Value::boolean(bool value) {
  auto node = std::make_shared<Node>();
  node->kind = Kind::boolean;
  node->flag = value;
  return Value(std::move(node));
}

Value Value::number(std::string text) {
  auto node = std::make_shared<Node>();
  node->kind = Kind::number;
  node->text = std::move(text);
  return Value(std::move(node));
}

Value Value::string(std::string text) {
  auto node = std::make_shared<Node>();
  node->kind = Kind::string;
  node->text = std::move(text);
  return Value(std::move(node));
}

Value Value::array(std::vector<Value> elements) {
  auto node = std::make_shared<Node>();
  node->kind = Kind::array;
  node->elements = std::move(elements);
  return Value(std::move(node));
}

Value Value::set(std::vector<Value> elements) {
  std::ranges::sort(elements, [](const Value& a, const Value& b) { return a < b; });
  const auto extra =
      std::ranges::unique(elements, [](const Value& a, const Value& b) { return a == b; });
  elements.erase(extra.begin(), extra.end());
  auto node = std::make_shared<Node>();
  node->kind = Kind::set;
  node->elements = std::move(elements);
  return Value(std::move(node));
}

Value Value::object(std::vector<Member> members) {
  // By key, and members of one key in the order in which they came.
  std::vector<std::size_t> order(members.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, [&members](std::size_t a, std::size_t b) {
    const int keys = compare(members[a].first, members[b].first);
    return keys != 0 ? keys < 0 : a < b;
  });
  std::vector<Member> kept;
  kept.reserve(members.size());
  for (const std::size_t i : order) {
    if (!kept.empty() && kept.back().first == members[i].first) {
      kept.back().second = std::move(members[i].second);
    } else {
      kept.push_back(std::move(members[i]));
    }
  }
  auto node = std::make_shared<Node>();
  node->kind = Kind::object;
  node->members = std::move(kept);
  return Value(std::move(node));
}

Kind Value::kind() const {
  return node_ ? node_->kind : Kind::null;
}

bool Value::as_boolean() const {
  return node_ && node_->flag;
}

const std::string& Value::text() const {
  static const std::string kEmpty;
  return node_ ? node_->text : kEmpty;
}

std::span<const Value> Value::elements() const {
  return node_ ? std::span<const Value>(node_->elements) : std::span<const Value>();
}

std::span<const Value::Member> Value::members() const {
  return node_ ? std::span<const Member>(node_->members) : std::span<const Member>();
}

std::size_t Value::size() const {
  return is(Kind::object) ? members().size() : elements().size();
}

const Value* Value::find(const Value& key) const {
  const auto all = members();
  const auto at = std::ranges::lower_bound(
      all, key, [](const Value& a, const Value& b) { return a < b; }, &Member::first);
  return at != all.end() && at->first == key ? &at->second : nullptr;
}

const Value* Value::find(std::string_view key) const {
  return find(Value::string(std::string(key)));
}

bool Value::contains(const Value& element) const {
  return std::ranges::binary_search(elements(), element,
                                    [](const Value& a, const Value& b) { return a < b; });
}

int compare_numbers(std::string_view a, std::string_view b) {
  if (a == b) {
    return 0;
  }
  return builtins::compare_decimals(a, b);
}

namespace {

template <class Range, class Compare>
int compare_sequences(const Range& a, const Range& b, Compare compare_items) {
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    if (const int order = compare_items(a[i], b[i])) {
      return order;
    }
  }
  return a.size() < b.size() ? -1 : a.size() > b.size() ? 1 : 0;
}

// Keys first, one after the other, then the values of equal keys.
int compare_members(const Value::Member& a, const Value::Member& b) {
  const int order = compare(a.first, b.first);
  return order != 0 ? order : compare(a.second, b.second);
}

}  // namespace

int compare(const Value& a, const Value& b) {
  if (a.kind() != b.kind()) {
    return a.kind() < b.kind() ? -1 : 1;
  }
  switch (a.kind()) {
    case Kind::null:
      return 0;
    case Kind::boolean:
      return static_cast<int>(a.as_boolean()) - static_cast<int>(b.as_boolean());
    case Kind::number:
      return compare_numbers(a.text(), b.text());
    case Kind::string: {
      const int order = a.text().compare(b.text());
      return order < 0 ? -1 : order > 0 ? 1 : 0;
    }
    case Kind::array:
    case Kind::set:
      return compare_sequences(a.elements(), b.elements(),
                               [](const Value& x, const Value& y) { return compare(x, y); });
    case Kind::object:
      break;
  }
  return compare_sequences(a.members(), b.members(), compare_members);
}

std::string to_term(const Value& value) {
  switch (value.kind()) {
    case Kind::null:
      return "null";
    case Kind::boolean:
      return value.as_boolean() ? "true" : "false";
    case Kind::number:
      return value.text();
    case Kind::string:
      return builtins::quote_json(value.text());
    case Kind::array:
    case Kind::set: {
      if (value.is(Kind::set) && value.size() == 0) {
        return "set()";
      }
      std::string out;
      for (const Value& element : value.elements()) {
        out += (out.empty() ? "" : ", ") + to_term(element);
      }
      return value.is(Kind::array) ? "[" + out + "]" : "{" + out + "}";
    }
    case Kind::object:
      break;
  }
  std::string out;
  for (const auto& [key, member] : value.members()) {
    out += (out.empty() ? "" : ", ") + to_term(key) + ": " + to_term(member);
  }
  return "{" + out + "}";
}

}  // namespace unhidra::rego
