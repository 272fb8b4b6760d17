#pragma once
// One rule or query to its program.

#include <map>
#include <optional>
#include <span>

#include "engine/folder.h"
#include "engine/program.h"

namespace unhidra::rego {

// A variable that nothing else can name: `_`.
inline bool is_wildcard(const Term& term) {
  return term.is(Term::Type::var) && term.name.starts_with('$');
}

class RulePlanner {
 public:
  // `known`: the first free number of what an evaluation keeps.
  // `searches`: where those of the policy are listed; none: it makes none.
  RulePlanner(const Policy& policy, Folder& folder, Plan::Kind kind, std::uint32_t known,
              std::vector<Search>* searches)
      : policy_(&policy), folder_(&folder), kind_(kind), searches_(searches) {
    program_.known = known;
  }

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
  void logic(const Term& term);
  bool comparison(const Term& call);
  void never();
  void unify(const Term& pattern, const Term& term);
  void negated(const Expr& expr);
  void every(const Expr& expr);
  void some_in(const Expr& expr);
  void begin_loop(Register domain, Register key, Register value, const Term* element);

  // ---- searches in data ----
  struct Wanted {
    std::vector<Value> path;
    const Term* value = nullptr;
  };
  bool is_ready(const Term& term);
  std::optional<Wanted> wanted(const Term& element);
  void emit_loop(std::int32_t loop, Register domain, const Term* element);
  void goes_on_in_data(Register from, Register to, std::optional<Value> key);

  // ---- terms ----
  Register value(const Term& term);
  Register composite(const Term& term);
  std::vector<Register> items(const std::vector<Term>& items, std::size_t count);
  Register comprehension(const Term& term);
  Register gathered(const Term& term);
  Register kept(const Term& term);
  bool indexed(const Term& term, int slot, Register& out);
  std::vector<int> needs(const Term& term) const;
  Register call(const Term& term);
  Register ref(const Term& term);
  Register input_ref(const Term& term);
  Register data_ref(const Term& term, const Term* element);
  Register keys(Register at, const Term& ref, std::size_t index, bool below_data,
                const Term* element = nullptr);
  Register key(Register at, const Term& key, const std::vector<Register>* parents,
               const Term* element);
  Register document(const RuleNode& node, const Term& ref, std::size_t index);
  void match(const Term& pattern, Register value);
  void head(const Rule& rule);

  const Policy* policy_;
  Folder* folder_;
  Plan::Kind kind_;
  std::vector<Search>* searches_;
  std::span<const Expr> rest_;    // of the body, behind the expression that is planned
  const Term* target_ = nullptr;  // the variable that the planned reference is for
  std::map<Register, std::vector<std::optional<Value>>> from_data_;  // and where they are there
  Program program_;
  std::vector<bool> bound_;
  std::vector<std::uint32_t> places_;  // of labels
  Label fail_ = 0;
  Label end_ = 0;     // of the program
  int attempts_ = 0;  // to index a comprehension, one inside the other
  bool covered_ = true;
};

}  // namespace unhidra::rego
