// Scopes, variables and references.
#include <array>

#include "engine/resolver_impl.h"
#include "syntax/term_text.h"
#include "values/work.h"

namespace unhidra::rego {
namespace {

Term data_ref(const Location& location, const std::vector<Value>& path) {
  Term out;
  out.type = Term::Type::ref;
  out.location = location;
  Term head;
  head.type = Term::Type::var;
  head.name = "data";
  out.items.push_back(std::move(head));
  for (const auto& key : path) {
    Term part;
    part.location = location;
    part.value = key;
    out.items.push_back(std::move(part));
  }
  return out;
}

}  // namespace

const int* Resolver::find_declared(std::string_view name) const {
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
    if (const auto found = scope->find(name); found != scope->end()) {
      return &found->second;
    }
  }
  return nullptr;
}

void Resolver::push_scope() {
  scopes_.emplace_back();
  occurrences_.emplace_back();
}

void Resolver::pop_scope() {
  scopes_.pop_back();
  occurrences_.pop_back();
}

void Resolver::declare(Term& var, Occurrence how) {
  const auto [known, is_first] = occurrences_.back().try_emplace(var.name, how);
  if (!is_first && !var.name.starts_with('$')) {
    constexpr std::array<std::string_view, 3> kHow = {"referenced", "assigned", "declared"};
    return note(Errc::compile_error, var.location,
                known->second == Occurrence::argument
                    ? "arg " + var.name + " redeclared"
                    : "var " + var.name + " " +
                          std::string(kHow[static_cast<std::size_t>(known->second)]) + " above");
  }
  var.slot = fresh(var.name);
  scopes_.back().insert_or_assign(var.name, var.slot);
}

void Resolver::declare_pattern(Term& pattern, Occurrence how) {
  if (pattern.is(Term::Type::var)) {
    return declare(pattern, how);
  }
  if (pattern.is(Term::Type::array)) {
    for (auto& item : pattern.items) {
      declare_pattern(item, how);
    }
  } else if (pattern.is(Term::Type::object)) {
    for (std::size_t i = 0; i + 1 < pattern.items.size(); i += 2) {
      term(pattern.items[i]);
      declare_pattern(pattern.items[i + 1], how);
    }
  } else if (how == Occurrence::assigned) {
    note(Errc::compile_error, pattern.location,
         "cannot assign to " + std::string(term_kind(pattern)));
  } else {
    term(pattern);
  }
}

// Arguments hide rules and imports; one name twice is one variable.
void Resolver::declare_argument(Term& pattern) {
  if (pattern.is(Term::Type::var)) {
    const auto known = scopes_.back().find(pattern.name);
    if (known == scopes_.back().end()) {
      return declare(pattern, Occurrence::argument);
    }
    pattern.slot = known->second;
    return;
  }
  if (pattern.is(Term::Type::array) || pattern.is(Term::Type::object) ||
      pattern.is(Term::Type::set)) {
    for (auto& item : pattern.items) {
      declare_argument(item);
    }
    return;
  }
  if (pattern.is(Term::Type::call)) {
    return note(Errc::compile_error, pattern.location, "rule arguments cannot contain calls");
  }
  term(pattern);
}

bool Resolver::global_ref(const Term& var, Term& out) const {
  if (var.name == "data" || var.name == "input") {
    out = Term();
    out.type = Term::Type::ref;
    out.location = var.location;
    out.items.push_back(var);
    return true;
  }
  if (module_ != nullptr) {
    constexpr std::uint64_t kWorkOfImport = 4;
    if (!WorkScope::take(module_->imports.size() * kWorkOfImport)) {
      return false;
    }
    for (const auto& import : module_->imports) {
      if (import.alias == var.name) {
        out = import.path;
        out.location = var.location;
        return true;
      }
    }
  }
  const RuleNode* rule = package_ == nullptr ? nullptr : package_->child(var.name);
  if (rule != nullptr && (!rule->is_package || rule->has_rules())) {
    out = data_ref(var.location, rule->path());
    return true;
  }
  return false;
}

void Resolver::var(Term& term) {
  if (const int* slot = find_declared(term.name)) {
    term.slot = *slot;
    return;
  }
  Term global;
  if (global_ref(term, global)) {
    term = std::move(global);
    return;
  }
  occurrences_.back().try_emplace(term.name, Occurrence::referenced);
  auto [known, added] = implicit_.try_emplace(term.name, 0);
  if (added) {
    known->second = fresh(term.name);
  }
  term.slot = known->second;
}

void Resolver::ref(Term& term) {
  if (term.items[0].is(Term::Type::var) && find_declared(term.items[0].name) == nullptr) {
    Term global;
    if (global_ref(term.items[0], global)) {
      std::vector<Term> items = std::move(global.items);
      for (std::size_t i = 1; i < term.items.size(); ++i) {
        this->term(term.items[i]);
        items.push_back(std::move(term.items[i]));
      }
      term.items = std::move(items);
      return;
    }
  }
  for (auto& item : term.items) {
    this->term(item);
  }
}

}  // namespace unhidra::rego
