#pragma once
// One rule or query to its program.

#include <optional>

#include "engine/program.h"

namespace unhidra::rego {

// A variable that nothing else can name: `_`.
inline bool is_wildcard(const Term& term) {
  return term.is(Term::Type::var) && term.name.starts_with('$');
}

class RulePlanner {
 public:
  RulePlanner(const Policy& policy, Plan::Kind kind) : policy_(policy), kind_(kind) {}

  // Nothing: it has something that programs do not cover.
  std::optional<Program> rule(const Rule& rule);
  // The key (of a set: the element) is in the argument register.
  std::optional<Program> keyed_rule(const Rule& rule);
  std::optional<Program> query(const Query& query);

 private:
  using Register = std::int32_t;
  using Label = std::uint32_t;

  // ---- code ----
  Step& emit(Op op, Register a = 0, Register b = 0, Register c = 0);
  Step& emit_else(Op op, Register a = 0, Register b = 0, Register c = 0);  // jumps to fail_
  Label label();
  void place(Label label);
  void link();
  Register fresh() { return static_cast<Register>(program_.registers++); }
  Register constant(const Value& value);
  std::int32_t path(std::vector<Value> keys);
  std::int32_t list(std::vector<Register> registers);
  void give_up() { covered_ = false; }
  bool is_bound(const Term& var) const { return bound_[static_cast<std::size_t>(var.slot)]; }
  void bind(const Term& var, bool bound) { bound_[static_cast<std::size_t>(var.slot)] = bound; }
  bool has_unbound(const Term& term) const;
  void begin(std::size_t slots, std::size_t arguments);
  std::optional<Program> finished();

  // ---- expressions ----
  void body(const Body& body);
  void expr(const Expr& expr);
  void plain(const Expr& expr);
  void condition(const Term& term);
  bool comparison(const Term& call);
  void unify(const Term& pattern, const Term& term);
  void negated(const Expr& expr);
  void every(const Expr& expr);
  void some_in(const Expr& expr);
  std::int32_t begin_loop(Register domain, Register key, Register value);

  // ---- terms ----
  Register value(const Term& term);
  Register composite(const Term& term);
  std::vector<Register> items(const std::vector<Term>& items, std::size_t count);
  Register comprehension(const Term& term);
  Register call(const Term& term);
  bool folded(const Term& term, Register& out);
  Register ref(const Term& term);
  Register input_ref(const Term& term);
  Register data_ref(const Term& term);
  Register keys(Register at, const Term& ref, std::size_t index, bool below_data);
  Register key(Register at, const Term& key, const std::vector<Register>* parents);
  Register document(const RuleNode& node, const Term& ref, std::size_t index);
  void match(const Term& pattern, Register value);
  void head(const Rule& rule);

  const Policy& policy_;
  Plan::Kind kind_;
  Program program_;
  std::vector<bool> bound_;
  std::vector<std::uint32_t> places_;  // of labels
  Label fail_ = 0;
  bool covered_ = true;
};

}  // namespace unhidra::rego
