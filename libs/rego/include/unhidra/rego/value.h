#pragma once
// Values of the language: an immutable tree, numbers as their text, sets and
// objects in term order.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace unhidra::rego {

// In the order in which the language sorts values of different types.
enum class Kind : std::uint8_t { null, boolean, number, string, array, object, set };
std::string_view kind_name(Kind kind);

class Value {
 public:
  using Member = std::pair<Value, Value>;

  Value() = default;  // null
  static Value boolean(bool value);
  // A JSON number, kept as it is written.
  static Value number(std::string text);
  static Value integer(std::int64_t value) { return number(std::to_string(value)); }
  static Value string(std::string text);
  static Value array(std::vector<Value> elements);
  // Sorts, and drops duplicates.
  static Value set(std::vector<Value> elements);
  // Sorts; of two members with one key the later stays.
  static Value object(std::vector<Member> members);

  Kind kind() const;
  bool is(Kind wanted) const { return kind() == wanted; }
  bool as_boolean() const;
  // The text of a string or a number.
  const std::string& text() const;
  // Elements of arrays and sets.
  std::span<const Value> elements() const;
  std::span<const Member> members() const;
  std::size_t size() const;
  const Value* find(const Value& key) const;
  const Value* find(std::string_view key) const;
  bool contains(const Value& element) const;

 private:
  struct Node;
  explicit Value(std::shared_ptr<const Node> node) : node_(std::move(node)) {}
  std::shared_ptr<const Node> node_;
};

// Term order: null, booleans, numbers, strings, arrays, objects, sets.
int compare(const Value& a, const Value& b);
inline bool operator==(const Value& a, const Value& b) {
  return compare(a, b) == 0;
}
inline bool operator<(const Value& a, const Value& b) {
  return compare(a, b) < 0;
}
int compare_numbers(std::string_view a, std::string_view b);

// The value as a term of the language: {"a": [1, set()]}.
std::string to_term(const Value& value);

}  // namespace unhidra::rego
