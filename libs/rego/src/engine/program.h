#pragma once
// Rules as flat programs. Which variables have a value is known at each place of an ordered body:
// what fails goes on at a place that is known too, the next turn of the innermost loop.

#include <memory>
#include <optional>
#include <vector>

#include "engine/policy.h"
#include "engine/rule_index.h"

namespace unhidra::rego {

// Registers are a, b, c unless said otherwise. "Else": goes to `jump` when there is no such thing.
enum class Op : std::uint8_t {
  constant,       // a = constants[b]
  input,          // a = input, else
  input_path,     // a = input at paths[b], else
  data_path,      // a = data at paths[b], else
  move,           // a = b
  field,          // a = member of b with the name constants[c], else
  lookup,         // a = b[c], else
  data_lookup,    // the same below data, where a number finds a name; lists[d]: b's parents
  loop,           // begins loop a over b, else (no collection)
  loop_where,     // the same, for those that search d finds with c
  next,           // next turn of loop a: key b unless negative, value c; else
  check_true,     // b is neither false nor undefined, else
  check_equal,    // b = c, else
  check_compare,  // b and c compare as `d` asks, else
  check_prefix,   // startswith(b, c), else
  check_array,    // b is an array of c elements, else
  check_object,   // b is an object of c members, else
  element,        // a = element c of b
  array,          // a = [lists[b]]
  set,            // a = {lists[b]}
  object,         // a = {lists[b]}: key, value, ...
  call,           // a = builtins[b](lists[c]), else
  function,       // a = nodes[b](lists[c]), else
  document,       // a = document of nodes[b], else
  document_key,   // a = document of nodes[b] at key c, else
  gather,         // begins collection a
  collect,        // adds b (and c, of an object) to collection a
  array_of,       // a = collection b as an array
  set_of,         // a = collection b as a set
  object_of,      // a = collection b as an object
  group_of,       // a = collection b as an object: key to the set (c = 1) or array of its values
  known,          // when comprehension b is known: a = it, and goes to `jump`
  remember,       // comprehension b is a
  group,          // a = b[c]; without that: an empty set (d = 1) or array
  yield,          // the rule's value is b (its key is c)
  jump,           // goes to `jump`
  finish,         // ends: nothing more can come
  end,            // ends: no more solutions
};

struct Step {
  Op op = Op::end;
  std::int32_t a = 0;
  std::int32_t b = 0;
  std::int32_t c = 0;
  std::int32_t d = 0;
  std::uint32_t jump = 0;
};

// What rules look for in given data: where, any key being none, and by which member of each
// element.
struct Search {
  std::vector<std::optional<Value>> place;
  std::vector<Value> path;
  friend bool operator==(const Search&, const Search&) = default;
};

enum class Comparison : std::uint8_t { less, less_or_equal, greater, greater_or_equal, differs };

struct Program {
  std::vector<Step> steps;
  std::vector<Value> constants;
  std::vector<std::vector<Value>> paths;
  std::vector<std::vector<std::int32_t>> lists;
  std::vector<const builtins::Builtin*> builtins;
  std::vector<const Location*> locations;  // of the calls, by their place in `builtins`
  std::vector<const RuleNode*> nodes;
  std::size_t registers = 0;
  std::size_t loops = 0;
  std::size_t collections = 0;
  std::uint32_t known = 0;     // behind the numbers of the comprehensions that it keeps
  std::int32_t arguments = 0;  // the first register of them
  const Rule* rule = nullptr;  // none: a query
  bool is_dead = false;        // no input lets it match
};

// What a node of the rule tree is evaluated with.
struct Plan {
  enum class Kind : std::uint8_t { complete, set, object, function };
  struct Chain {  // a rule and its `else`
    const Rule* rule = nullptr;
    std::vector<Program> programs;
    std::unique_ptr<Program> keyed;  // of a set or an object: with a known key
  };

  Kind kind = Kind::complete;
  const RuleNode* node = nullptr;
  std::uint32_t number = 0;
  std::vector<Chain> chains;
  std::unique_ptr<Program> fallback;
  std::vector<Value> path;  // under data
  bool one_value = false;   // each rule gives the same constant: the first match decides
  bool has_keyed = false;
  RuleIndex index;
};

}  // namespace unhidra::rego
