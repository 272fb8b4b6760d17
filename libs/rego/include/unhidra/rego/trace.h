#pragma once
// How an evaluation came to its answer, told while it happens: what explanations and coverage are
// made of.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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
  // Once for each solution of it.
  virtual void expression_held(const Place& /*expression*/) {}
  // After a solution of it, when it is gone back to for the next.
  virtual void expression_redone(const Place& /*expression*/) {}
  // It was tried and had no solution.
  virtual void expression_failed(const Place& /*expression*/) {}
};

}  // namespace unhidra::rego
