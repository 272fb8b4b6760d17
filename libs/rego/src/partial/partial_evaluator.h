#pragma once
// Evaluates a query while some of input and data is not known. As the evaluator it hands each
// solution to what follows; a value that is not known is a term, and what such a term must satisfy
// is an expression that stays.
//
// Its parts: partial_evaluator.cpp (expressions), partial_terms.cpp (values), partial_refs.cpp
// (references, what they lead to), partial_rules.cpp (rules), partial_negation.cpp,
// partial_support.cpp, partial_unknown.cpp, partial_with.cpp.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "unhidra/rego/partial.h"

#include "engine/evaluator.h"
#include "partial/residual.h"
#include "partial/unknowns.h"

namespace unhidra::rego {

class PartialEvaluator {
 public:
  PartialEvaluator(const Policy& policy, Evaluator& known, const Value* input, const Value& data,
                   const Unknowns& unknowns, const PartialOptions& options, std::uint64_t max_steps)
      : policy_(policy),
        known_(known),
        input_(input),
        data_(data),
        unknowns_(unknowns),
        options_(options),
        max_steps_(max_steps) {}

  Result<std::vector<Body>> run(const Query& query);
  // Modules that the queries refer to, each a package.
  std::vector<ModuleSource> support() const;

 private:
  // What slots of one rule or query stand for; nothing: no value yet.
  struct Frame {
    std::vector<std::optional<Term>> slots;
    std::uint32_t number = 0;  // of the use of a rule: two uses have variables of their own
  };
  using Next = FunctionRef<bool()>;  // false: ends the search, by an error
  using Take = FunctionRef<bool(const Term&)>;
  // One key of a reference and where it leads.
  struct Lookup {
    const Term& ref;
    std::size_t index = 1;
    // What the value is compared with, if that is known.
    const Value* expected = nullptr;

    bool is_done() const { return index == ref.items.size(); }
    const Term& key() const { return ref.items[index]; }
    Lookup next() const { return {ref, index + 1, expected}; }
  };

  bool fail_with(Error error);
  bool step();
  template <class T>
  bool got(const Result<T>& result) {
    return result || fail_with(result.error());
  }

  // Without copies, unless no value can satisfy it: that is seen when it is compiled, too.
  std::optional<Body> simplified(const Body& body, const Names& live) const;
  bool passes(const Body& body) const;

  // ---- what is not known ----
  bool unknown(const Expr& expr, const Frame& frame) const;
  bool unknown(const Body& body, const Frame& frame) const;
  bool unknown(const Term& term, const Frame& frame) const;
  bool unknown_ref(const Term& ref, const Frame& frame) const;
  bool unknown_below(const RuleNode& node, const Term& ref, std::size_t index,
                     const Frame& frame) const;
  bool has_unbound(const Term& term, const Frame& frame) const;
  std::optional<Value> constant_of(const Term& term, const Frame& frame) const;
  DataPlace place_of(const Term& ref, const Frame& frame) const;

  // ---- expressions ----
  Frame new_frame(std::size_t slots);
  bool body(const Body& body, std::size_t index, Frame& frame, Next next);
  bool expr(const Expr& expr, Frame& frame, Next next);
  bool plain_expr(const Expr& expr, Frame& frame, Next next);
  bool known_expr(const Expr& expr, Frame& frame, Next next);
  bool with_expr(const Expr& expr, Frame& frame, Next next);
  bool is_known_with(const Expr& expr, const Frame& frame) const;
  bool replaces_the_unknown(const Expr& expr, const Frame& frame) const;
  void ask_support(Expr& expr);
  void ask_support(Term& term);
  bool call_expr(const Term& call, Frame& frame, Next next);
  bool some_in(const Expr& expr, Frame& frame, Next next);
  bool kept(const Expr& expr, Frame& frame, Next next);
  bool holds(const Term& value, Next next);
  bool keep(Expr expr, Next next);
  bool negated(const Expr& expr, Frame& frame, Next next);
  bool logic(const Term& term, Frame& frame, Next next);
  bool keep_all(const Body& exprs, std::size_t index, Next next);
  void add_variables_around(const Frame& frame, Names& out) const;
  bool negated_apart(const std::vector<Body>& bodies, const Names& around, Next next);
  bool complements(const std::vector<Body>& bodies, std::size_t index, Next next);

  // ---- terms ----
  bool value(const Term& term, Frame& frame, Take take);
  // The same, but a reference or call may come as it is.
  bool raw_value(const Term& term, Frame& frame, const Value* expected, Take take);
  bool known_value(const Term& term, Frame& frame, Take take);
  bool collection(const Term& term, std::size_t index, Frame& frame, std::vector<Term>& done,
                  Take take);
  bool call(const Term& term, Frame& frame, Take take, bool is_condition = false);
  bool arguments(const Term& term, std::size_t index, Frame& frame, std::vector<Term>& done,
                 Next next);
  bool named(const Term& value, Take take);
  bool bound(const Term& var, Frame& frame, const Term& value, Next next);
  bool bound_known(const Evaluator::Row& row, Frame& frame, Next next);
  bool match(const Term& pattern, const Term& value, Frame& frame, bool turned, Next next);
  bool match_items(const Term& pattern, const std::vector<Term>& values, std::size_t index,
                   Frame& frame, bool turned, Next next);
  bool match_collection(const Term& pattern, const Term& value, Frame& frame, bool turned,
                        Next next);
  bool unified(const Term& a, const Term& b, Next next);
  bool unified_items(const std::vector<Term>& a, const std::vector<Term>& b, std::size_t index,
                     Next next);
  Evaluator::Row row_of(const Frame& frame) const;
  Term variable_of(const Term& var, const Frame& frame);
  Term fresh_variable();
  // Variables replaced by what they stand for; those without a value get a name, and are bound.
  void close(Term& term, Frame& frame);
  void close(Expr& expr, Frame& frame);

  // ---- references ----
  bool ref(const Term& term, Frame& frame, const Value* expected, Take take);
  bool kept_ref(const Term& base, const Lookup& at, Frame& frame, Take take);
  bool look_up(const Term& value, const Lookup& at, Frame& frame, Take take);
  bool look_up_known(const Value& value, const Lookup& at, Frame& frame, Take take);
  bool look_up_items(const Term& value, const Lookup& at, Frame& frame, Take take);
  bool data(const RuleNode* node, const Value* base, const Lookup& at, Frame& frame, Take take);
  bool data_children(const RuleNode& node, const Value* base, const Lookup& at, Frame& frame,
                     Take take);
  bool original(const RuleNode& node, const Lookup& at, Frame& frame, Take take);
  bool document(const RuleNode& node, const Lookup& at, Frame& frame, Take take);

  // ---- rules ----
  static bool has_ordered_rules(const RuleNode& node);  // else
  bool has_base(const RuleNode& node) const;            // given data beside its rules
  bool rules(const RuleNode& node, const Lookup& at, Frame& frame, Take take);
  bool complete(const RuleNode& node, const Lookup& at, Frame& frame, Take take);
  bool elements(const RuleNode& node, const Lookup& at, Frame& frame, Take take);
  bool members(const RuleNode& node, const Lookup& at, Frame& frame, Take take);
  bool member(const Rule& rule, std::size_t item, Frame& inner, const Lookup& at, Frame& frame,
              Take take);
  // `is_condition`: what it answers is only asked to hold.
  bool function(const RuleNode& node, const std::vector<Term>& arguments, bool is_condition,
                Take take);
  static Term call_of(const RuleNode& node, std::string name, const std::vector<Term>& arguments);
  bool match_items_of(const Rule& rule, const std::vector<Term>& arguments, std::size_t index,
                      Frame& inner, Next next);

  // ---- support ----
  // What rules of support a place has; nothing: it cannot have any.
  struct Supported {
    Term ref;
    bool is_empty = false;
    bool is_set = false;
  };
  const Supported* supported(const RuleNode& node);
  bool support_rule(const Rule& rule, const std::string& name, std::vector<std::string>& out);
  bool support_function(const Rule& rule, const std::string& name, std::vector<std::string>& out);
  // data.partial.a.f
  std::string support_name(const RuleNode& node) const;
  bool head_parts(const Term& head, std::size_t index, Frame& inner, std::vector<Term>& done,
                  Next next);
  static std::string rule_text(const std::string& head, const Body& body);
  bool from_support(const RuleNode& node, const Lookup& at, Frame& frame, Take take);
  Term apart_rule(const std::string& name, std::vector<std::string> rules,
                  std::vector<Term> arguments);

  const Policy& policy_;
  Evaluator& known_;
  const Value* input_;
  const Value& data_;
  const Unknowns& unknowns_;
  const PartialOptions& options_;
  const std::uint64_t max_steps_;

  std::vector<Body> kept_;  // of the query, and of each negation or rule of support under way
  std::map<std::pair<std::uint32_t, int>, std::string> names_;
  Names used_;
  std::uint32_t frames_ = 0;
  std::uint32_t fresh_ = 0;
  std::uint32_t negations_ = 0;
  std::uint64_t steps_ = 0;
  std::size_t depth_ = 0;
  std::size_t made_ = 0;  // queries and rules
  std::map<const RuleNode*, std::optional<Supported>> supported_;
  std::map<std::vector<std::string>, std::vector<std::string>> modules_;  // package, rules
  std::optional<Error> error_;
};

}  // namespace unhidra::rego
