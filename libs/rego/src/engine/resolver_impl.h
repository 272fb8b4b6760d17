#pragma once
// Names to slots and places under data, of one rule or query. Its parts: resolver.cpp (rules,
// bodies), resolver_names.cpp (scopes, variables, references), resolver_calls.cpp,
// resolver_with.cpp, resolver_metadata.cpp.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/resolver.h"

namespace unhidra::rego {

class Resolver {
 public:
  Resolver(const Policy& policy, const Module* module, const RuleNode* package, Problems& problems)
      : policy_(policy), module_(module), package_(package), problems_(problems) {
    push_scope();
  }

  void rule(Rule& rule);
  Query query(Body body);

 private:
  using Scope = std::map<std::string, int, std::less<>>;
  // How a name came into a scope. A second time it cannot be declared there.
  enum class Occurrence : std::uint8_t { referenced, assigned, declared, argument };

  void note(Errc code, const Location& location, const std::string& message) {
    good_ = false;
    problems_.add(code, location, message);
  }
  int fresh(const std::string& name) {
    slot_names_.push_back(name);
    return static_cast<int>(slot_names_.size()) - 1;
  }
  const int* find_declared(std::string_view name) const;
  void declare(Term& var, Occurrence how);
  void declare_pattern(Term& pattern, Occurrence how);
  void push_scope();
  void pop_scope();
  void declare_argument(Term& pattern);
  bool is_global(std::string_view name) const;

  void term(Term& term);
  void var(Term& term);
  void ref(Term& term);
  void call(Term& term, bool is_inside);
  void wrong_arity(const Term& term);
  void metadata(Term& term);
  Value metadata_chain() const;
  void move_computed_arguments(Rule& rule);
  void closure(Term& term);
  bool global_ref(const Term& var, Term& out) const;
  std::string qualified(const std::string& name) const;

  void body(Body& body);
  void expr(Expr& expr);
  void every(Expr& expr);
  void with(Expr& expr);
  void with_target(With& with);
  void builtin_target(const Term& target);
  void with_value(With& with);
  void order(Body& body, const std::set<int>& bound);
  void head_term(Term& term, std::set<int>& bound);

  const Policy& policy_;
  const Module* module_;
  const RuleNode* package_;
  const Rule* rule_ = nullptr;
  std::vector<Scope> scopes_;
  std::vector<std::map<std::string, Occurrence, std::less<>>> occurrences_;  // in each of them
  Scope implicit_;  // variables that nothing declares
  std::vector<std::string> slot_names_;
  std::size_t taken_out_ = 0;  // calls, of what is negated
  Problems& problems_;
  bool good_ = true;  // so far, of this rule or query
};

}  // namespace unhidra::rego
