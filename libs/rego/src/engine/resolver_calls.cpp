// Calls: which function is meant, and how many arguments it takes.
#include <algorithm>
#include <iterator>

#include "engine/resolver_impl.h"
#include "syntax/term_text.h"
#include "types/type_checker.h"

namespace unhidra::rego {

// The dotted name of a function, when its first part is an import or a rule of the package.
std::string Resolver::qualified(const std::string& name) const {
  const auto dot = name.find('.');
  Term head;
  head.type = Term::Type::var;
  head.name = name.substr(0, dot);
  Term global;
  if (!global_ref(head, global)) {
    return name;
  }
  std::string out;
  for (const auto& item : global.items) {
    out += (out.empty() ? "" : ".") + (item.is(Term::Type::var) ? item.name : item.value.text());
  }
  return dot == std::string::npos ? out : out + name.substr(dot);
}

// `is_inside`: what it answers is used.
void Resolver::call(Term& term, bool is_inside) {
  if (rule_ != nullptr && term.items.empty() && policy_.allows(term.name) &&
      (term.name == "rego.metadata.chain" || term.name == "rego.metadata.rule")) {
    return metadata(term);
  }
  for (auto& item : term.items) {
    this->term(item);
  }
  if (find_declared(std::string_view(term.name).substr(0, term.name.find('.'))) != nullptr) {
    return is_inside ? note(Errc::compile_error, term.location,
                            "called function " + term.name + " shadowed")
                     : note(Errc::type_error, term.location, "undefined function " + term.name);
  }
  std::string name = qualified(term.name);
  if (name.starts_with("data.")) {
    const RuleNode* node = &policy_.root();
    for (std::size_t at = 5; node != nullptr && at <= name.size();) {
      const auto end = std::min(name.find('.', at), name.size());
      node = node->child(std::string_view(name).substr(at, end - at));
      at = end + 1;
    }
    if (node != nullptr && node->has_rules() && node->kind == RuleKind::function) {
      const Rule* any = node->rules.empty() ? node->fallback : node->rules[0];
      term.callee = {.function = node, .arity = any->arguments.size()};
    }
  } else if (const auto* builtin = policy_.builtin(name)) {
    if (name == "rego.parse_module" && module_ != nullptr && module_->is_v0) {
      name = "internal.parse_module_v0";  // a module's text is in the asking module's syntax
      builtin = builtins::find_builtin(name);
    }
    term.callee = {.builtin = builtin, .arity = builtin->arity};
  }
  if (name == "print" && policy_.allows(name)) {
    return is_inside ? note(Errc::type_error, term.location, term_text(term) + " used as value")
                     : void();
  }
  if (term.callee.builtin == nullptr && term.callee.function == nullptr) {
    return note(Errc::type_error, term.location, "undefined function " + name);
  }
  term.name = name;
  if (term.items.size() != term.callee.arity && term.items.size() != term.callee.arity + 1) {
    wrong_arity(term);
  }
}

void Resolver::wrong_arity(const Term& term) {
  const auto* builtin = static_cast<const builtins::Builtin*>(term.callee.builtin);
  if (const FunctionType* want = builtin == nullptr ? nullptr : builtin_type(builtin->name)) {
    std::vector<std::string> have;
    std::ranges::transform(term.items, std::back_inserter(have),
                           [](const Term& item) { return to_string(type_alone(item)); });
    return note(Errc::type_error, term.location,
                argument_error(term.name, "arity mismatch", have, *want, false));
  }
  note(Errc::type_error, term.location,
       "function " + term.name + " has arity " + std::to_string(term.callee.arity) + ", got " +
           std::to_string(term.items.size()) + " argument" + (term.items.size() == 1 ? "" : "s"));
}

}  // namespace unhidra::rego
