#pragma once
// Types as the reference's checker knows them: what can be said of a value before it is known.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "unhidra/rego/value.h"

namespace unhidra::rego {

class Type;
using TypePtr = std::shared_ptr<const Type>;  // none: not known at all, written ???

class Type {
 public:
  enum class Kind : std::uint8_t { null, boolean, number, string, array, object, set, any };
  using Property = std::pair<Value, TypePtr>;

  Kind kind = Kind::any;
  std::vector<TypePtr> items;        // an array's first elements; what an `any` can be, all if none
  std::vector<Property> properties;  // of an object, in order of their keys
  TypePtr key;                       // of an object's other members
  TypePtr value;                     // of other elements or members; of a set's elements
  // Of all that it is made of. What would be larger is kept more coarsely: rules made of rules must
  // not grow their types without end.
  std::uint32_t weight = 1;
  static constexpr std::uint32_t kMostWeight = 4'096;

  bool is(Kind wanted) const { return kind == wanted; }
  bool is_anything() const { return kind == Kind::any && items.empty(); }

  static TypePtr scalar(Kind kind);
  static TypePtr anything();
  static TypePtr array(std::vector<TypePtr> items, TypePtr others);
  static TypePtr object(std::vector<Property> properties, TypePtr key, TypePtr value);
  static TypePtr set(TypePtr of);
};

// Of one function: arguments and answer, with their names where it has some.
struct FunctionType {
  struct Part {
    std::string name;
    TypePtr type;
  };
  std::vector<Part> arguments;
  Part result;
};

TypePtr type_of(const Value& value);
// What is one or the other.
TypePtr either(const TypePtr& a, const TypePtr& b);
bool is_same(const TypePtr& a, const TypePtr& b);
// There can be a value of both.
bool unifies(const TypePtr& a, const TypePtr& b);
// Something in it is not known at all.
bool has_unknown(const TypePtr& type);
// What it can be looked up with, and what it then gives; none: it cannot.
TypePtr keys_of(const TypePtr& type);
TypePtr values_of(const TypePtr& type);
TypePtr member_of(const TypePtr& type, const Value& key);
// array<string>[any], object<a: number>[string: any], set[string], any<number, string>, ???
std::string to_string(const TypePtr& type);
// (string, number) => boolean
std::string to_string(const FunctionType& function);

// As `to_string` writes it. What it cannot read is a bug in a table of types.
TypePtr parse_type(std::string_view text);
// What the reference declares of a built-in function; none: it takes anything.
const FunctionType* builtin_type(std::string_view name);
// Those that have such a type, by name.
std::vector<std::string_view> typed_builtins();
// Refused in v1 and in strict mode.
bool is_deprecated_builtin(std::string_view name);

}  // namespace unhidra::rego
