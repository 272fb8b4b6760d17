#pragma once
// One rule or query while it is checked: the types of its variables, as far as they are known.

#include <string>
#include <vector>

#include "types/readers.h"
#include "types/type_checker.h"

namespace unhidra::rego {

inline bool is_global(const Term& var, std::string_view name) {
  return var.is(Term::Type::var) && var.slot < 0 && var.name == name;
}

class TypeChecker {
 public:
  // `own`: where the rule is; none: a query.
  TypeChecker(const RuleNode& root, const RuleTypes& rules, const GivenTypes& given,
              Readers& readers, const RuleNode* own, std::size_t slots, Problems& problems)
      : root_(root),
        rules_(rules),
        given_(given),
        readers_(readers),
        own_(own),
        slots_(slots),
        problems_(problems) {}

  bool is_good() const { return good_; }
  void body(const Body& body) {
    for (const Expr& one : body) {
      expr(one);
    }
  }
  void check(const Term& term);
  TypePtr type(const Term& term) const;
  // Of an argument: what its rule does not ask of it can be anything.
  TypePtr argument(const Term& pattern);

 private:
  TypePtr& slot(const Term& var) { return slots_[static_cast<std::size_t>(var.slot)]; }
  void note(const Location& location, std::string message) {
    good_ = false;
    problems_.add(Errc::type_error, location, std::move(message));
  }

  void expr(const Expr& expr);
  void equality(const Term& a, const Term& b, const Location& location);
  void call(const Term& term, bool has_result);
  void member(const Term& term);
  void no_match(const TypePtr& left, const TypePtr& right, const Location& location);
  // That a reference names without calling it; none: it names none.
  const FunctionType* function_at(const Term& ref) const;
  const FunctionType* function_of(const Term& call) const;
  const FunctionType* function_of(const RuleNode& node) const;
  bool unify(const Term& a, const Term& b);
  bool unify(const Term& term, const TypePtr& type, bool joins = false);
  bool unify_items(const Term& a, const Term& b);
  bool unify_parts(const Term& term, const TypePtr& type, bool joins);

  TypePtr composite(const Term& term) const;
  TypePtr call_type(const Term& term) const;
  TypePtr ref_type(const Term& ref) const;
  TypePtr extent(const RuleNode& node) const;
  TypePtr selected(TypePtr type, const Term& ref, std::size_t index) const;
  // Where a reference leaves the tree of rules, and with what type; none: it never does.
  TypePtr entered(const Term& ref, std::size_t& index) const;
  TypePtr given_data(const Term& ref, std::size_t& index) const;
  void ref(const Term& ref);
  bool leads_somewhere(const Term& ref);
  bool has_others(const RuleNode& node) const;
  // Replaced by a `with` around it, or read by a rule that reads what is.
  bool is_replaced(const Term& ref) const;
  bool reads_replaced(const RuleNode& node) const;
  bool reads_replaced_below(const RuleNode& node) const;
  void plain_expr(const Expr& expr);
  const FunctionType* replaced(const With& with) const;
  void replacement(const With& with);

  const RuleNode& root_;
  const RuleTypes& rules_;
  const GivenTypes& given_;
  Readers& readers_;
  const RuleNode* own_;
  std::vector<TypePtr> slots_;
  std::vector<ReplacedPlace> replaced_places_;
  Problems& problems_;
  bool good_ = true;
};

}  // namespace unhidra::rego
