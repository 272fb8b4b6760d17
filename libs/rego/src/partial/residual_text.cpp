// Terms and expressions back to text.
#include <algorithm>
#include <array>

#include "builtins/function.h"
#include "partial/residual.h"
#include "syntax/term_text.h"

namespace unhidra::rego {
namespace {

struct Operator {
  std::string_view function;
  std::string_view symbol;
};
constexpr std::array<Operator, 14> kOperators{{{"plus", "+"},
                                               {"minus", "-"},
                                               {"mul", "*"},
                                               {"div", "/"},
                                               {"rem", "%"},
                                               {"and", "&"},
                                               {"or", "|"},
                                               {"gt", ">"},
                                               {"gte", ">="},
                                               {"lt", "<"},
                                               {"lte", "<="},
                                               {"neq", "!="},
                                               {"equal", "=="},
                                               {"internal.member_2", "in"}}};

const Operator* operator_of(const Term& call) {
  const auto* found = std::ranges::find(kOperators, call.name, &Operator::function);
  return found != kOperators.end() && call.items.size() == 2 ? found : nullptr;
}

std::string joined(std::span<const Term> terms) {
  return joined_text(terms, residual_text);
}

std::string in_line(const Body& body) {
  std::string out;
  for (const Expr& expr : body) {
    out += (out.empty() ? "" : "; ") + residual_text(expr);
  }
  return out.empty() ? "true" : out;
}

// Of an operator: in parentheses, whatever binds closer.
std::string operand(const Term& term) {
  const bool is_operator = term.is(Term::Type::call) &&
                           (operator_of(term) != nullptr || term.name == "internal.member_3");
  return is_operator ? "(" + residual_text(term) + ")" : residual_text(term);
}

std::string call_text(const Term& call) {
  if (const Operator* found = operator_of(call)) {
    return operand(call.items[0]) + " " + std::string(found->symbol) + " " + operand(call.items[1]);
  }
  if (call.name == "internal.member_3" && call.items.size() == 3) {
    return operand(call.items[0]) + ", " + operand(call.items[1]) + " in " + operand(call.items[2]);
  }
  return call.name + "(" + joined(call.items) + ")";
}

std::string ref_text_of(const Term& ref) {
  return ref_text(ref.items, operand, residual_text);
}

// In words that need no import: whether there is one. The sides of `and` and `or` are bodies.
std::string logic_text(const Term& term) {
  const auto truths = [](const Term& body) { return "[true | " + in_line(*body.body) + "]"; };
  if (term.logic == Term::Logic::body) {
    return truths(term) + " != []";
  }
  const bool is_or = term.logic == Term::Logic::disjunction;
  std::string out;
  for (const Expr& side : *term.body) {
    const std::string_view between = out.empty() ? "" : is_or ? ", " : "; ";
    out += between;
    out += truths(side.items[0]) + (is_or ? "" : " != []");
  }
  return is_or ? "array.flatten([" + out + "]) != []" : "[true | " + out + "] != []";
}

std::string comprehension_text(const Term& term) {
  if (term.logic != Term::Logic::none) {
    return logic_text(term);
  }
  const bool is_array = term.is(Term::Type::array_comp);
  const std::string head =
      operand(term.items[0]) +
      (term.is(Term::Type::object_comp) ? ": " + operand(term.items[1]) : std::string());
  return (is_array ? "[" : "{") + head + " | " + in_line(*term.body) + (is_array ? "]" : "}");
}

// An interpolated string: its parts are texts, and sets of what stands between braces.
std::string template_text(const Term& term) {
  std::string out = "$\"";
  for (const Term& part : term.items) {
    if (part.body) {
      out += "{" + residual_text((*part.body)[0].items[1]) + "}";
      continue;
    }
    const std::string quoted = to_term(part.value);
    for (const char c : std::string_view(quoted).substr(1, quoted.size() - 2)) {
      out += (c == '{' ? "\\" : "") + std::string(1, c);
    }
  }
  return out + "\"";
}

std::string with_text(const With& with) {
  const auto* builtin = static_cast<const builtins::Builtin*>(with.value.callee.builtin);
  const bool names_builtin = builtin != nullptr && is_known(with.value);
  const std::string target = with.target.name.empty() ? ref_text_of(with.target) : with.target.name;
  return " with " + target + " as " +
         (names_builtin ? std::string(builtin->name) : residual_text(with.value));
}

std::string plain_text(const Expr& expr) {
  switch (expr.type) {
    case Expr::Type::term:
      return residual_text(expr.items[0]);
    case Expr::Type::unify:
      return residual_text(expr.items[0]) + " = " + residual_text(expr.items[1]);
    case Expr::Type::some_vars:
      return "some " + joined(expr.items);
    case Expr::Type::some_in:
    case Expr::Type::every:
      break;
  }
  const std::span<const Term> items = expr.items;
  const std::string names = joined(items.first(items.size() - 1));
  if (expr.type == Expr::Type::some_in) {
    return "some " + names + " in " + operand(items.back());
  }
  return "every " + names + " in " + operand(items.back()) + " { " + in_line(*expr.body) + " }";
}

}  // namespace

std::string residual_text(const Term& term) {
  switch (term.type) {
    case Term::Type::constant:
      return to_term(term.value);
    case Term::Type::var:
      return term.name;
    case Term::Type::ref:
      return ref_text_of(term);
    case Term::Type::array:
      return "[" + joined(term.items) + "]";
    case Term::Type::set:
      return "{" + joined(term.items) + "}";
    case Term::Type::object:
      return object_text(term, residual_text);
    case Term::Type::call:
      return call_text(term);
    case Term::Type::text:
      return template_text(term);
    default:
      return comprehension_text(term);
  }
}

std::string residual_text(const Expr& expr) {
  std::string out = (expr.negated ? "not " : "") + plain_text(expr);
  for (const With& with : expr.with) {
    out += with_text(with);
  }
  return out;
}

std::string residual_text(const Body& body) {
  std::string out;
  for (const Expr& expr : body) {
    out += (out.empty() ? "" : "\n") + residual_text(expr);
  }
  return out;
}

}  // namespace unhidra::rego
