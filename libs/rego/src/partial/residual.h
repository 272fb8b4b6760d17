#pragma once
// What stays of terms and expressions: trees whose variables have names that no other variable of
// the same answer has, and no slots.

#include <set>
#include <string>
#include <string_view>

#include "engine/function_ref.h"
#include "syntax/ast.h"

namespace unhidra::rego {

using Names = std::set<std::string, std::less<>>;

Term constant_term(Value value);
Term variable_term(std::string name);
// data.a.b; `path` without data.
Term data_term(std::span<const Value> path);
Expr term_expr(Term term);
Expr equality(Term left, Term right);

inline bool is_known(const Term& term) {
  return term.is(Term::Type::constant);
}
// A variable, and neither input nor data.
bool is_variable(const Term& term);
bool is_comprehension(const Term& term);
bool is_collection(const Term& term);  // an array, set or object that is no constant
// It has to be evaluated before its value can be spoken of: a reference, a call, a comprehension.
bool is_computed(const Term& term);

// Of items whose values are known a constant.
Term collected(Term::Type type, std::vector<Term> items);
// `base` with more keys.
Term extended(const Term& base, std::span<const Term> keys);

// Each term in it, closures included, from the outside to the inside.
void each_term(const Term& term, FunctionRef<void(const Term&)> visit);
void each_term(const Expr& expr, FunctionRef<void(const Term&)> visit);
void add_variables(const Term& term, Names& out);
void add_variables(const Expr& expr, Names& out);
void add_variables(const Body& body, Names& out);

// `change` puts another term in the place of one, from the inside to the outside; heads of
// references are part of the reference.
void change_terms(Term& term, FunctionRef<void(Term&)> change);
void change_terms(Expr& expr, FunctionRef<void(Term&)> change);

bool is_same(const Term& a, const Term& b);

// As text of the language: one expression a line.
std::string residual_text(const Term& term);
std::string residual_text(const Expr& expr);
std::string residual_text(const Body& body);

}  // namespace unhidra::rego
