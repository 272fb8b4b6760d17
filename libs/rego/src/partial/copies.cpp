#include "partial/copies.h"

#include <algorithm>
#include <map>

namespace unhidra::rego {
namespace {

bool is_plain_equality(const Expr& expr) {
  return expr.type == Expr::Type::unify && !expr.negated && expr.with.empty();
}

bool names(const Term& term, const std::string& variable) {
  Names found;
  add_variables(term, found);
  return found.contains(variable);
}

// It may have several values: in two places they would not be the same.
bool is_relation(const Term& term) {
  return term.is(Term::Type::call) && term.name == "walk";
}

bool changes_world(const Term& term);

// It, or something in a closure of it, is asked in another world than what stands beside it.
bool changes_world(const Expr& expr) {
  return !expr.with.empty() ||
         std::ranges::any_of(expr.items, [](const Term& term) { return changes_world(term); }) ||
         (expr.body &&
          std::ranges::any_of(*expr.body, [](const Expr& one) { return changes_world(one); }));
}

bool changes_world(const Term& term) {
  return std::ranges::any_of(term.items, [](const Term& one) { return changes_world(one); }) ||
         (term.body &&
          std::ranges::any_of(*term.body, [](const Expr& one) { return changes_world(one); }));
}

// What may stand in an expression instead of a variable.
enum class Instead : std::uint8_t { anything, ground, values };

Instead allowed_in(const Expr& expr) {
  return changes_world(expr) ? Instead::values : expr.negated ? Instead::ground : Instead::anything;
}

class Copies {
 public:
  explicit Copies(const Names& live) : live_(live) {}

  std::optional<Body> run(const Body& body) {
    for (const Expr& expr : body) {
      if (!join(expr)) {
        return std::nullopt;
      }
    }
    find_heads(body);
    for (const Expr& expr : body) {
      if (!take(expr)) {
        return std::nullopt;
      }
    }
    bind_live();
    put_back();
    return std::move(out_);
  }

 private:
  struct Group {
    std::string name;  // of one in it; of a live one, if there is any
    std::optional<Term> constant;
  };

  // ---- variables that are equal, and constants ----

  std::string root(std::string name) const {
    for (auto at = parent_.find(name); at != parent_.end(); at = parent_.find(name)) {
      name = at->second;
    }
    return name;
  }

  bool join(const Expr& expr) {
    if (!is_plain_equality(expr)) {
      return true;
    }
    const Term& a = expr.items[0];
    const Term& b = expr.items[1];
    if (is_variable(a) && is_variable(b)) {
      return join(root(a.name), root(b.name));
    }
    if (is_variable(a) && is_known(b)) {
      return set_constant(root(a.name), b);
    }
    return is_variable(b) && is_known(a) ? set_constant(root(b.name), a) : true;
  }

  bool join(std::string a, std::string b) {
    if (a == b) {
      return true;
    }
    if (live_.contains(b)) {
      std::swap(a, b);
    }
    parent_[b] = a;
    if (const auto known = constants_.find(b); known != constants_.end()) {
      return set_constant(a, Term(known->second));
    }
    return true;
  }

  bool set_constant(const std::string& name, const Term& value) {
    const auto [known, added] = constants_.try_emplace(name, value);
    return added || known->second.value == value.value;
  }

  // What is looked into stays a variable.
  void find_heads(const Body& body) {
    for (const Expr& expr : body) {
      each_term(expr, [&](const Term& term) {
        if (term.is(Term::Type::ref) && is_variable(term.items[0])) {
          heads_.insert(root(term.items[0].name));
        }
      });
    }
    for (const std::string& head : heads_) {
      constants_.erase(head);
    }
  }

  // ---- expressions ----

  Term value_of(const std::string& name, Instead allowed) const {
    const std::string known = root(name);
    if (const auto constant = constants_.find(known); constant != constants_.end()) {
      return constant->second;
    }
    const auto removed = removed_.find(known);
    const bool stands = removed != removed_.end() && allowed != Instead::values &&
                        (allowed == Instead::anything || is_ground(removed->second));
    return stands ? removed->second : variable_term(known);
  }

  static bool is_ground(const Term& term) {
    Names found;
    add_variables(term, found);
    return found.empty();
  }

  void change(Term& term, Instead allowed) const {
    if (is_variable(term)) {
      term = value_of(term.name, allowed);
    } else if (term.is(Term::Type::ref) && term.items[0].is(Term::Type::ref)) {
      const Term base = std::move(term.items[0]);
      term = extended(base, std::span<const Term>(term.items).subspan(1));
    } else if (is_collection(term)) {
      term = collected(term.type, std::move(term.items));
    }
  }

  // False: it never holds.
  bool take(Expr expr) {
    const Instead allowed = allowed_in(expr);
    change_terms(expr, [&](Term& term) { change(term, allowed); });
    if (expr.type == Expr::Type::unify && expr.with.empty() && is_known(expr.items[0]) &&
        is_known(expr.items[1])) {
      return (expr.items[0].value == expr.items[1].value) != expr.negated;
    }
    if (!expr.negated && expr.with.empty() && is_noop(expr)) {
      return true;
    }
    const bool removed = is_plain_equality(expr) && (remove(expr.items[0], expr.items[1]) ||
                                                     remove(expr.items[1], expr.items[0]));
    if (!removed) {
      out_.push_back(std::move(expr));
    }
    return true;
  }

  static bool is_noop(const Expr& expr) {
    if (expr.type == Expr::Type::term) {
      const Term& term = expr.items[0];
      return is_known(term) && !(term.value == Value::boolean(false));
    }
    return expr.type == Expr::Type::unify && !is_computed(expr.items[0]) &&
           is_same(expr.items[0], expr.items[1]);
  }

  bool remove(const Term& variable, const Term& value) {
    if (!is_variable(variable) || live_.contains(variable.name) || names(value, variable.name)) {
      return false;
    }
    const bool is_call =
        value.is(Term::Type::call) && !is_relation(value) && !heads_.contains(variable.name);
    if (!is_call && !value.is(Term::Type::ref)) {
      return false;
    }
    removed_.emplace(variable.name, value);
    order_.push_back(variable.name);
    return true;
  }

  // ---- afterwards ----

  void bind_live() {
    for (const std::string& name : live_) {
      const std::string known = root(name);
      if (const auto constant = constants_.find(known); constant != constants_.end()) {
        out_.push_back(equality(variable_term(name), constant->second));
      } else if (known != name) {
        out_.push_back(equality(variable_term(name), variable_term(known)));
      }
    }
  }

  // What was taken out and asks for a value that nothing else asks for, or gives one.
  void put_back() {
    for (const std::string& name : order_) {
      const Term& value = removed_.at(name);
      Names used;
      add_variables(out_, used);
      const bool asked =
          std::ranges::any_of(out_, [&](const Expr& expr) { return asks_for(expr, value); });
      if (used.contains(name) || !asked) {
        out_.push_back(equality(variable_term(name), value));
      }
    }
  }

  static bool asks_for(const Expr& expr, const Term& value) {
    if (expr.negated || !expr.with.empty()) {
      return false;
    }
    const std::span<const Term> items = expr.items;
    const bool is_every = expr.type == Expr::Type::every;
    return std::ranges::any_of(is_every ? items.last(1) : items,
                               [&](const Term& term) { return contains(term, value); });
  }

  // Outside closures.
  static bool contains(const Term& term, const Term& value) {
    if (is_same(term, value)) {
      return true;
    }
    if (term.is(Term::Type::ref) && value.is(Term::Type::ref) &&
        value.items.size() <= term.items.size() &&
        std::equal(value.items.begin(), value.items.end(), term.items.begin(), is_same)) {
      return true;
    }
    return !is_comprehension(term) && !term.is(Term::Type::text) &&
           std::ranges::any_of(term.items, [&](const Term& one) { return contains(one, value); });
  }

  const Names& live_;
  std::map<std::string, std::string> parent_;
  std::map<std::string, Term> constants_;
  Names heads_;
  std::map<std::string, Term> removed_;
  std::vector<std::string> order_;
  Body out_;
};

}  // namespace

std::optional<Body> without_copies(const Body& body, const Names& live) {
  return Copies(live).run(body);
}

}  // namespace unhidra::rego
