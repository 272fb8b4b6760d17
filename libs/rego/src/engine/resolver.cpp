#include "engine/resolver.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "engine/order.h"
#include "engine/unsafe_place.h"
#include "types/type_checker.h"

namespace unhidra::rego {
namespace {

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
  void call(Term& term);
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
  Problems& problems_;
  bool good_ = true;  // so far, of this rule or query
};

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
  } else if (!pattern.is(Term::Type::constant)) {
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

void Resolver::call(Term& term) {
  if (rule_ != nullptr && term.items.empty() &&
      (term.name == "rego.metadata.chain" || term.name == "rego.metadata.rule")) {
    return metadata(term);
  }
  for (auto& item : term.items) {
    this->term(item);
  }
  std::string name = qualified(term.name);
  if (name == "rego.parse_module" && module_ != nullptr && module_->is_v0) {
    name = "internal.parse_module_v0";  // a module's text is in the asking module's syntax
  }
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
  } else if (const auto* builtin = builtins::find_builtin(name)) {
    term.callee = {.builtin = builtin, .arity = builtin->arity};
  }
  if (name == "print") {
    return;
  }
  if (term.callee.builtin == nullptr && term.callee.function == nullptr) {
    return note(Errc::type_error, term.location, "undefined function " + term.name);
  }
  term.name = name;
  if (term.items.size() != term.callee.arity && term.items.size() != term.callee.arity + 1) {
    wrong_arity(term);
  }
}

void Resolver::wrong_arity(const Term& term) {
  const auto* builtin = static_cast<const builtins::Builtin*>(term.callee.builtin);
  if (const FunctionType* want = builtin == nullptr ? nullptr : builtin_type(builtin->name)) {
    std::vector<TypePtr> have;
    std::ranges::transform(term.items, std::back_inserter(have), type_alone);
    return note(Errc::type_error, term.location,
                argument_error(term.name, "arity mismatch", have, *want, false));
  }
  note(Errc::type_error, term.location,
       "function " + term.name + " has arity " + std::to_string(term.callee.arity) + ", got " +
           std::to_string(term.items.size()) + " argument" + (term.items.size() == 1 ? "" : "s"));
}

void Resolver::closure(Term& term) {
  push_scope();
  body(*term.body);
  for (auto& item : term.items) {
    this->term(item);
  }
  pop_scope();
}

void Resolver::term(Term& term) {
  switch (term.type) {
    case Term::Type::constant:
      return;
    case Term::Type::var:
      return var(term);
    case Term::Type::ref:
      return ref(term);
    case Term::Type::call:
      return call(term);
    case Term::Type::array_comp:
    case Term::Type::set_comp:
    case Term::Type::object_comp:
      return closure(term);
    default:
      for (auto& item : term.items) {
        this->term(item);
      }
  }
}

void Resolver::every(Expr& expr) {
  term(expr.items.back());
  push_scope();
  for (std::size_t i = 0; i + 1 < expr.items.size(); ++i) {
    if (!expr.items[i].is(Term::Type::var)) {
      note(Errc::compile_error, expr.location, "every: key and value must be variables");
      continue;
    }
    declare(expr.items[i], Occurrence::declared);
  }
  body(*expr.body);
  pop_scope();
}

// `with f as g`: names of functions are no variables.
void Resolver::with(Expr& expr) {
  for (auto& with : expr.with) {
    const auto dotted = [](const Term& ref) {
      std::string name;
      for (const auto& item : ref.items) {
        name += (name.empty() ? "" : ".") + (item.is(Term::Type::var)    ? item.name
                                             : item.is_constant_string() ? item.value.text()
                                                                         : "[]");
      }
      return name;
    };
    const std::string target = dotted(with.target);
    ref(with.target);
    if (with.target.items[0].is(Term::Type::var) && with.target.items[0].slot >= 0) {
      with.target.name = target;
      if (builtins::find_builtin(target) == nullptr) {
        note(Errc::compile_error, expr.location,
             "with keyword target must reference existing input, data, or a function");
      }
    }
    const bool may_be_function = with.value.is(Term::Type::var) || with.value.is(Term::Type::ref);
    const std::string value = with.value.is(Term::Type::var) ? with.value.name
                              : may_be_function              ? dotted(with.value)
                                                             : std::string();
    if (may_be_function && find_declared(value.substr(0, value.find('.'))) == nullptr &&
        builtins::find_builtin(value) != nullptr) {
      with.value.callee.builtin = builtins::find_builtin(value);
      with.value.type = Term::Type::constant;
      continue;
    }
    term(with.value);
    if (with.value.is(Term::Type::ref) && with.value.items[0].name == "data") {
      const RuleNode* node = &policy_.root();
      for (std::size_t i = 1; node != nullptr && i < with.value.items.size(); ++i) {
        node = with.value.items[i].is_constant_string()
                   ? node->child(with.value.items[i].value.text())
                   : nullptr;
      }
      if (node != nullptr && node->has_rules() && node->kind == RuleKind::function) {
        with.value.callee.function = node;
      }
    }
  }
}

void Resolver::expr(Expr& expr) {
  with(expr);
  switch (expr.type) {
    case Expr::Type::term:
      return term(expr.items[0]);
    case Expr::Type::unify:
      if (expr.assigns) {
        term(expr.items[1]);
        return declare_pattern(expr.items[0], Occurrence::assigned);
      }
      term(expr.items[0]);
      return term(expr.items[1]);
    case Expr::Type::some_vars:
      for (auto& item : expr.items) {
        declare(item, Occurrence::declared);
      }
      return;
    case Expr::Type::some_in:
      term(expr.items.back());
      for (std::size_t i = 0; i + 1 < expr.items.size(); ++i) {
        declare_pattern(expr.items[i], Occurrence::declared);
      }
      return;
    case Expr::Type::every:
      return every(expr);
  }
}

void Resolver::body(Body& body) {
  for (auto& one : body) {
    expr(one);
  }
}

void Resolver::order(Body& body, const std::set<int>& bound) {
  good_ = good_ && order_body(body, bound, slot_names_, problems_);
}

void Resolver::head_term(Term& term, std::set<int>& bound) {
  Body needs(1);
  needs[0].location.file = term.location.file;
  if (!is_plain(term)) {
    needs[0].location = term.location;
  }
  needs[0].items.push_back(std::move(term));
  order(needs, bound);
  if (good_) {
    bind_body(needs, bound);
  }
  term = std::move(needs[0].items[0]);
}

// What is computed from other variables cannot be matched before them: it is compared in the body.
void Resolver::move_computed_arguments(Rule& rule) {
  for (std::size_t i = 0; i < rule.arguments.size(); ++i) {
    Term& argument = rule.arguments[i];
    if (argument.is(Term::Type::text) || argument.is(Term::Type::call) ||
        argument.is(Term::Type::ref) || argument.body != nullptr) {
      Expr same;
      same.type = Expr::Type::unify;
      same.location = argument.location;
      Term var;
      var.type = Term::Type::var;
      var.location = argument.location;
      var.name = "$argument" + std::to_string(i);
      same.items.push_back(var);
      same.items.push_back(std::move(argument));
      argument = std::move(var);
      rule.body.push_back(std::move(same));
    }
  }
}

// The annotations of the rule, of its document and of its packages.
Value Resolver::metadata_chain() const {
  const auto entry = [](const Value* annotations, std::vector<Value> path) {
    std::vector<Value::Member> out{{Value::string("path"), Value::array(std::move(path))}};
    if (annotations != nullptr) {
      out.emplace_back(Value::string("annotations"), *annotations);
    }
    return Value::object(std::move(out));
  };
  const auto scope_of = [](const Value& annotations) {
    const Value* scope = annotations.find("scope");
    return scope != nullptr && scope->is(Kind::string) ? scope->text() : std::string();
  };
  const std::vector<Value> package = package_->path();
  std::vector<Value> path = package;
  const RuleNode* node = package_;
  for (std::size_t i = 0; i < rule_->prefix; ++i) {
    const Term& item = rule_->head.items[i];
    const std::string& key = item.is(Term::Type::var) ? item.name : item.value.text();
    path.push_back(Value::string(key));
    node = node == nullptr ? nullptr : node->child(key);
  }
  std::vector<Value> out;
  for (const Value& one : rule_->annotations) {
    if (scope_of(one) == "rule") {
      out.push_back(entry(&one, path));
    }
  }
  if (out.empty()) {
    out.push_back(entry(nullptr, path));
  }
  for (const Rule* rule : node == nullptr ? std::vector<Rule*>() : node->rules) {
    for (const Value& one : rule->annotations) {
      if (scope_of(one) == "document") {
        out.push_back(entry(&one, path));
      }
    }
  }
  for (const auto& module : policy_.modules()) {
    for (const Value& one : module->package_annotations) {
      if (policy_.find_package(*module) == package_) {
        out.push_back(entry(&one, package));
      }
    }
  }
  return Value::array(std::move(out));
}

void Resolver::metadata(Term& term) {
  Value chain = metadata_chain();
  std::string name = std::move(term.name);
  const bool whole = name == "rego.metadata.chain";
  term = Term();
  term.name = std::move(name);
  const Value* own = chain.elements()[0].find("annotations");
  term.value = whole ? chain : own == nullptr ? Value::object({}) : *own;
}

void Resolver::rule(Rule& rule) {
  rule_ = &rule;
  move_computed_arguments(rule);
  for (auto& argument : rule.arguments) {
    declare_argument(argument);
  }
  std::set<int> bound;
  for (int slot = 0; slot < static_cast<int>(slot_names_.size()); ++slot) {
    bound.insert(slot);
  }
  body(rule.body);
  for (std::size_t i = 1; i < rule.head.items.size(); ++i) {
    term(rule.head.items[i]);
  }
  if (rule.value) {
    term(*rule.value);
  }
  order(rule.body, bound);
  if (!good_) {
    return;
  }
  bind_body(rule.body, bound);
  // What the head needs is checked like one more expression each.
  for (std::size_t i = 1; i < rule.head.items.size() && good_; ++i) {
    head_term(rule.head.items[i], bound);
  }
  if (rule.value && good_) {
    head_term(*rule.value, bound);
  }
  rule.slots = slot_names_.size();
}

Query Resolver::query(Body query) {
  body(query);
  order(query, {});
  Query out;
  if (!good_) {
    return out;
  }
  out.body = std::move(query);
  out.slots = slot_names_.size();
  const auto name = [&](const Scope& scope) {
    for (const auto& [variable, slot] : scope) {
      if (!variable.starts_with('$') || variable.starts_with(kShownValue)) {
        out.variables.emplace_back(variable, slot);
      }
    }
  };
  std::set<int> used;
  bind_body(out.body, used);
  name(scopes_[0]);
  Scope outer;
  for (const auto& [variable, slot] : implicit_) {
    if (used.contains(slot)) {
      outer.emplace(variable, slot);
    }
  }
  name(outer);
  return out;
}

}  // namespace

void resolve_rule(const Policy& policy, const Module& module, const RuleNode& package, Rule& rule,
                  Problems& problems) {
  Resolver(policy, &module, &package, problems).rule(rule);
}

Result<Query> compile_query(const Policy& policy, Body body) {
  Problems problems;
  Query out = Resolver(policy, nullptr, nullptr, problems).query(std::move(body));
  if (problems.empty()) {
    check_types(policy.root(), policy.types(), out.body, out.slots, problems);
  }
  if (!problems.empty()) {
    return fail(to_error(problems.list()));
  }
  return out;
}

}  // namespace unhidra::rego
