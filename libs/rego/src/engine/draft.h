#pragma once
// A document while rules still add to it.

#include <map>
#include <optional>
#include <vector>

#include "unhidra/rego/value.h"

namespace unhidra::rego {

struct Draft {
  std::optional<Value> leaf;  // what one rule gave as a whole: nothing is added to it
  std::map<Value, Draft> members;
  std::vector<Value> elements;
  bool is_set = false;

  // False: something else is there already.
  bool set(const Value& value) {
    if (is_set || !members.empty() || (leaf && !(*leaf == value))) {
      return false;
    }
    leaf = value;
    return true;
  }
  bool add(const Value& element) {
    if (leaf || !members.empty()) {
      return false;
    }
    is_set = true;
    elements.push_back(element);
    return true;
  }
  Value value() const {
    if (leaf) {
      return *leaf;
    }
    if (is_set) {
      return Value::set(elements);
    }
    std::vector<Value::Member> out;
    for (const auto& [key, member] : members) {
      out.emplace_back(key, member.value());
    }
    return Value::object(std::move(out));
  }
};

}  // namespace unhidra::rego
