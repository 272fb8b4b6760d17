#pragma once
// How an evaluation came to its answer, told while it happens: what explanations and coverage are
// made of.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "unhidra/rego/value.h"

namespace unhidra::rego {

// In the text of a module; lives as long as the PolicySet (or the query) that it is of.
struct Place {
  std::string_view file;
  std::uint32_t row = 0;     // from 1
  std::uint32_t column = 0;  // from 1, in characters
  friend auto operator<=>(const Place&, const Place&) = default;
};

// A rule as it is written. Each `else` is one of its own.
struct RuleInfo {
  std::string path;  // data.unhidra.automation.allow
  Place place;
  bool is_default = false;
  bool is_function = false;
  bool is_else = false;
  bool has_keys = false;  // its head goes on with variables behind its path: test_x[name]
  // Of its body, and of the bodies of comprehensions and `every` in it, in the order of their
  // evaluation. Two may have one place: [x, y] = [1, 2] is evaluated as x = 1 and y = 2.
  std::vector<Place> expressions;
};

// Called on the thread that evaluates, between the begin and the end of that evaluation. With a
// tracer nothing is left out that an index would rule out; a document is still evaluated once.
class Tracer {
 public:
  virtual ~Tracer() = default;
  virtual void rule_entered(std::string_view /*path*/, const Place& /*rule*/) {}
  // `matched`: it gave a value, or values.
  virtual void rule_left(std::string_view /*path*/, const Place& /*rule*/, bool /*matched*/) {}
  virtual void expression_tried(const Place& /*expression*/) {}
  // The variables in the head of such a rule have values; whether the rest of its body holds for
  // them is not known yet.
  virtual void rule_keyed(std::string_view /*path*/, const Place& /*rule*/,
                          std::span<const Value> /*keys*/) {}
  // Once for each solution of it.
  virtual void expression_held(const Place& /*expression*/) {}
  // After a solution of it, when it is gone back to for the next.
  virtual void expression_redone(const Place& /*expression*/) {}
  // Whether to be told of variables, which takes time.
  virtual bool wants_variables() const { return false; }
  // Before expression_failed: those in the expression that had a value, by name; not those inside
  // its comprehensions.
  virtual void expression_variables(
      const Place& /*expression*/,
      std::span<const std::pair<std::string_view, Value>> /*variables*/) {}
  // It was tried and had no solution.
  virtual void expression_failed(const Place& /*expression*/) {}
};

}  // namespace unhidra::rego
