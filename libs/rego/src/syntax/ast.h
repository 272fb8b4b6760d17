#pragma once
// The syntax tree of the policy language, as parsed and then annotated by the compiler.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "unhidra/rego/value.h"

namespace unhidra::rego {

struct Location {
  std::shared_ptr<const std::string> file;
  std::uint32_t row = 0;  // from 1
  std::uint32_t column = 0;
};

// What a METADATA comment says of the rule or package that follows it: an object of the
// reference's form, checked.
struct Annotation {
  Location location;
  std::string scope;  // rule, document, package, subpackages
  Value value;
};

struct Expr;
using Body = std::vector<Expr>;
struct RuleNode;
struct Term;

// What a call calls, once the compiler has found it.
struct Callee {
  const void* builtin = nullptr;  // builtins::Builtin
  const RuleNode* function = nullptr;
  std::size_t arity = 0;
};

struct Term {
  enum class Type : std::uint8_t {
    constant,
    var,
    ref,          // items: head, then what is looked up
    array,        // items: elements
    set,          // items: elements
    object,       // items: key, value, key, value, ...
    array_comp,   // items: element; body; or what `logic` says
    set_comp,     // items: element; body
    object_comp,  // items: key, value; body
    call,         // name; items: arguments
    text,         // items: parts of an interpolated string
  };

  // A list comprehension of truths that stands for what holds or not (`not { ... }`, `and`, `or`):
  // it is true where it holds, else undefined, and binds nothing outside.
  enum class Logic : std::uint8_t {
    none,
    body,         // holds when the body does
    conjunction,  // of the expressions of the body, each of which is a `body`
    disjunction,
  };

  Type type = Type::constant;
  Logic logic = Logic::none;
  bool has_braces = false;  // of Logic::body: the text has
  Location location;
  Value value;       // of a constant
  std::string name;  // of a variable or, with dots, of a called function
  int slot = -1;     // of a variable, where its value lies in a frame
  std::vector<Term> items;
  std::shared_ptr<Body> body;
  Callee callee;

  bool is(Type wanted) const { return type == wanted; }
  bool is_constant_string() const { return type == Type::constant && value.is(Kind::string); }
};

struct With {
  Location location;
  Term target;  // a ref
  Term value;
};

struct Expr {
  enum class Type : std::uint8_t {
    term,       // items[0]
    unify,      // items[0] = items[1]
    some_vars,  // items: the declared variables
    some_in,    // items: [key,] value, domain
    every,      // items: [key,] value, domain; body
  };

  Type type = Type::term;
  Location location;
  bool negated = false;
  bool assigns = false;  // ":=": the left side declares
  bool turned = false;   // the sides stand the other way round in the text
  // "not", "and" or "or": it is an operand of that without braces, and binds nothing.
  std::string_view operand_of;
  std::vector<Term> items;
  std::shared_ptr<Body> body;
  std::vector<With> with;
};

enum class RuleKind : std::uint8_t { complete, partial_set, function };

struct Rule {
  Location location;
  bool is_default = false;
  RuleKind kind = RuleKind::complete;
  Term head;  // a ref: the rule's name, then what follows it
  std::vector<Term> arguments;
  std::optional<Term> value;  // of a set: the element
  bool assigned = false;      // ":=" and not "="
  Body body;
  std::shared_ptr<Rule> otherwise;  // else
  std::size_t slots = 0;
  std::size_t prefix = 0;  // items of the head that lead to its place; what follows is dynamic
  const struct Module* module = nullptr;
  const RuleNode* node = nullptr;  // its place under data
  std::vector<Annotation> annotations;
};

struct Import {
  Location location;
  Term path;  // a ref
  std::string alias;
};

struct Module {
  std::string file;
  bool is_v0 = false;
  bool speaks_v1 = false;  // in v1 syntax, or by `import rego.v1`
  Term package;            // a ref that begins with data
  std::vector<Import> imports;
  bool has_and = false;  // by import, as the next two
  bool has_or = false;
  bool negates_bodies = false;
  std::vector<std::shared_ptr<Rule>> rules;
  std::vector<Annotation> package_annotations;
};

}  // namespace unhidra::rego
