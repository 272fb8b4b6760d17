#include "partial/residual.h"

#include <algorithm>

namespace unhidra::rego {

Term constant_term(Value value) {
  Term out;
  out.value = std::move(value);
  return out;
}

Term variable_term(std::string name) {
  Term out;
  out.type = Term::Type::var;
  out.name = std::move(name);
  return out;
}

Term data_term(std::span<const Value> path) {
  Term out;
  out.type = Term::Type::ref;
  out.items.push_back(variable_term("data"));
  for (const Value& key : path) {
    out.items.push_back(constant_term(key));
  }
  return out;
}

Expr term_expr(Term term) {
  Expr out;
  out.items.push_back(std::move(term));
  return out;
}

Expr equality(Term left, Term right) {
  Expr out;
  out.type = Expr::Type::unify;
  out.items.push_back(std::move(left));
  out.items.push_back(std::move(right));
  return out;
}

bool is_variable(const Term& term) {
  return term.is(Term::Type::var) && term.name != "input" && term.name != "data";
}

bool is_comprehension(const Term& term) {
  return term.is(Term::Type::array_comp) || term.is(Term::Type::set_comp) ||
         term.is(Term::Type::object_comp);
}

bool is_collection(const Term& term) {
  return term.is(Term::Type::array) || term.is(Term::Type::set) || term.is(Term::Type::object);
}

bool is_computed(const Term& term) {
  return !is_known(term) && !term.is(Term::Type::var) && !is_collection(term);
}

Term collected(Term::Type type, std::vector<Term> items) {
  if (!std::ranges::all_of(items, is_known)) {
    Term out;
    out.type = type;
    out.items = std::move(items);
    return out;
  }
  if (type == Term::Type::object) {
    std::vector<Value::Member> members;
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
      members.emplace_back(items[i].value, items[i + 1].value);
    }
    return constant_term(Value::object(std::move(members)));
  }
  std::vector<Value> elements;
  for (Term& item : items) {
    elements.push_back(std::move(item.value));
  }
  return constant_term(type == Term::Type::set ? Value::set(std::move(elements))
                                               : Value::array(std::move(elements)));
}

Term extended(const Term& base, std::span<const Term> keys) {
  Term out = base;
  if (!base.is(Term::Type::ref)) {
    out = Term();
    out.type = Term::Type::ref;
    out.items.push_back(base);
  }
  out.items.insert(out.items.end(), keys.begin(), keys.end());
  return out.items.size() == 1 && !base.is(Term::Type::ref) ? base : out;
}

void each_term(const Term& term, FunctionRef<void(const Term&)> visit) {
  visit(term);
  for (const Term& item : term.items) {
    each_term(item, visit);
  }
  if (term.body) {
    for (const Expr& expr : *term.body) {
      each_term(expr, visit);
    }
  }
}

void each_term(const Expr& expr, FunctionRef<void(const Term&)> visit) {
  for (const Term& item : expr.items) {
    each_term(item, visit);
  }
  if (expr.body) {
    for (const Expr& one : *expr.body) {
      each_term(one, visit);
    }
  }
  for (const With& with : expr.with) {
    each_term(with.target, visit);
    each_term(with.value, visit);
  }
}

void add_variables(const Term& term, Names& out) {
  each_term(term, [&](const Term& one) {
    if (is_variable(one)) {
      out.insert(one.name);
    }
  });
}

void add_variables(const Expr& expr, Names& out) {
  each_term(expr, [&](const Term& one) {
    if (is_variable(one)) {
      out.insert(one.name);
    }
  });
}

void add_variables(const Body& body, Names& out) {
  for (const Expr& expr : body) {
    add_variables(expr, out);
  }
}

void change_terms(Term& term, FunctionRef<void(Term&)> change) {
  for (Term& item : term.items) {
    change_terms(item, change);
  }
  if (term.body) {
    term.body = std::make_shared<Body>(*term.body);
    for (Expr& expr : *term.body) {
      change_terms(expr, change);
    }
  }
  change(term);
}

void change_terms(Expr& expr, FunctionRef<void(Term&)> change) {
  for (Term& item : expr.items) {
    change_terms(item, change);
  }
  if (expr.body) {
    expr.body = std::make_shared<Body>(*expr.body);
    for (Expr& one : *expr.body) {
      change_terms(one, change);
    }
  }
  for (With& with : expr.with) {
    change_terms(with.value, change);
  }
}

bool is_same(const Term& a, const Term& b) {
  if (a.type != b.type || a.name != b.name || a.items.size() != b.items.size() || a.body ||
      b.body || (is_known(a) && !(a.value == b.value))) {
    return false;
  }
  return std::equal(a.items.begin(), a.items.end(), b.items.begin(),
                    [](const Term& one, const Term& other) { return is_same(one, other); });
}

}  // namespace unhidra::rego
