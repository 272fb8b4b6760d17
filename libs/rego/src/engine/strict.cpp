#include "engine/strict.h"

#include <algorithm>
#include <set>

#include "types/type.h"
#include "values/work.h"

namespace unhidra::rego {
namespace {

std::string_view first_part(std::string_view dotted) {
  return dotted.substr(0, dotted.find('.'));
}
bool is_root(std::string_view name) {
  return name == "input" || name == "data";
}

std::string import_text(const Import& import) {
  std::string out = "import";
  for (std::size_t i = 0; i < import.path.items.size(); ++i) {
    const Term& item = import.path.items[i];
    out += (i == 0 ? " " : ".") + (i == 0 ? item.name : item.value.text());
  }
  const Term& last = import.path.items.back();
  const std::string& name = last.is(Term::Type::var) ? last.name : last.value.text();
  return import.alias == name ? out : out + " as " + import.alias;
}

// A local name: how it came to be, and whether anything reads it.
struct Local {
  std::string name;
  std::string what;  // "assigned var x unused"
  Location location;
  bool used = false;
  bool always = false;  // refused without strict mode too
};

class Checker {
 public:
  Checker(const Module& module, bool strict, Problems& problems)
      : module_(module),
        strict_(strict),
        is_modern_(strict || module.speaks_v1),
        problems_(problems) {
    for (const auto& rule : module.rules) {
      own_.insert(rule->head.items[0].name);
    }
  }

  void run() {
    if (is_modern_) {
      check_imports();
    }
    for (const auto& rule : module_.rules) {
      check(*rule);
    }
    for (const auto& import : module_.imports) {
      if (strict_ && !used_imports_.contains(import.alias)) {
        problems_.add(Errc::compile_error, import.location, import_text(import) + " unused");
      }
    }
  }

 private:
  using Scope = std::vector<Local>;
  static constexpr std::uint64_t kWorkOfName = 4;  // that is looked at

  void check_imports() {
    for (std::size_t i = 0; i < module_.imports.size(); ++i) {
      for (std::size_t k = 0; k < i && WorkScope::take(kWorkOfName); ++k) {
        if (module_.imports[k].alias == module_.imports[i].alias) {
          problems_.add(Errc::compile_error, module_.imports[i].location,
                        "import must not shadow " + import_text(module_.imports[k]));
          break;
        }
      }
    }
  }

  void check(const Rule& rule) {
    const std::string& name = rule.head.items[0].name;
    if (is_modern_ && is_root(name)) {
      problems_.add(Errc::compile_error, rule.location,
                    "rules must not shadow " + name + " (use a different rule name)");
    }
    scopes_.emplace_back();
    place_ = rule.location;
    for (const auto& argument : rule.arguments) {
      declare_argument(argument);
    }
    // Arguments are those of the whole chain.
    for (const Rule* one = &rule; one != nullptr; one = one->otherwise.get()) {
      scopes_.emplace_back();
      walk(one->body);
      for (std::size_t i = 1; i < one->head.items.size(); ++i) {
        walk(one->head.items[i]);
      }
      if (one->value) {
        walk(*one->value);
      }
      close();
    }
    if (rule.is_default) {
      scopes_.pop_back();
    } else {
      close();
    }
  }

  // What is declared and not used is refused in any case.
  void declare(const Term& var, std::string what, bool always = false) {
    const bool is_known =
        !WorkScope::take(scopes_.back().size() * kWorkOfName) ||
        std::ranges::find(scopes_.back(), var.name, &Local::name) != scopes_.back().end();
    if (!is_known && !var.name.starts_with('$')) {
      scopes_.back().push_back({var.name, std::move(what), place_, false, always});
    }
  }
  void declare_argument(const Term& pattern) {
    if (pattern.is(Term::Type::var)) {
      if (is_root(pattern.name)) {
        problems_.add(Errc::compile_error, place_,
                      "args must not shadow " + pattern.name + " (use a different variable name)");
      }
      const auto same = std::ranges::find(scopes_.back(), pattern.name, &Local::name);
      if (same != scopes_.back().end()) {
        same->used = true;  // compared with itself
      } else {
        declare(pattern,
                "unused argument " + pattern.name + ". (hint: use _ (wildcard variable) instead)");
      }
    } else if (pattern.is(Term::Type::array) || pattern.is(Term::Type::object)) {
      std::ranges::for_each(pattern.items, [&](const Term& item) { declare_argument(item); });
    } else {
      walk(pattern);
    }
  }
  void declare_assigned(const Term& pattern) {
    if (pattern.is(Term::Type::var)) {
      if (is_modern_ && is_root(pattern.name)) {
        problems_.add(
            Errc::compile_error, pattern.location,
            "variables must not shadow " + pattern.name + " (use a different variable name)");
      }
      declare(pattern, "assigned var " + pattern.name + " unused");
    } else if (pattern.is(Term::Type::array)) {
      std::ranges::for_each(pattern.items, [&](const Term& item) { declare_assigned(item); });
    } else if (pattern.is(Term::Type::object)) {
      for (std::size_t i = 0; i + 1 < pattern.items.size(); i += 2) {
        walk(pattern.items[i]);
        declare_assigned(pattern.items[i + 1]);
      }
    } else {
      walk(pattern);
    }
  }

  void close() {
    for (const auto& local : scopes_.back()) {
      if ((strict_ || local.always) && !local.used) {
        problems_.add(Errc::compile_error, local.location, local.what);
      }
    }
    scopes_.pop_back();
  }

  void use(std::string_view name) {
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
      if (!WorkScope::take(scope->size() * kWorkOfName)) {
        return;
      }
      // Of one name twice in a scope the last is meant.
      const auto local = std::find_if(scope->rbegin(), scope->rend(),
                                      [&](const Local& one) { return one.name == name; });
      if (local != scope->rend()) {
        local->used = true;
        return;
      }
    }
    used_imports_.emplace(name);
  }

  void walk(const Term& term) {
    if (term.is(Term::Type::var)) {
      return use(term.name);
    }
    if (term.is(Term::Type::call)) {
      use(first_part(term.name));
      if (is_modern_ && is_deprecated_builtin(term.name) && !own_.contains(term.name)) {
        problems_.add(Errc::type_error, term.location,
                      "deprecated built-in function calls in expression: " + term.name);
      }
    }
    if (!term.body) {
      std::ranges::for_each(term.items, [&](const Term& item) { walk(item); });
      return;
    }
    scopes_.emplace_back();
    walk(*term.body);
    std::ranges::for_each(term.items, [&](const Term& item) { walk(item); });
    close();
  }

  void walk(const Expr& expr) {
    place_ = expr.location;
    for (const auto& with : expr.with) {
      walk(with.target);
      walk(with.value);
    }
    switch (expr.type) {
      case Expr::Type::some_vars:
        for (const auto& item : expr.items) {
          declare(item, "declared var " + item.name + " unused", true);
        }
        return;
      case Expr::Type::some_in:
        walk(expr.items.back());
        for (std::size_t i = 0; i + 1 < expr.items.size(); ++i) {
          declare_some(expr.items[i]);
        }
        return;
      case Expr::Type::every:
        return every(expr);
      case Expr::Type::unify:
        if (expr.assigns) {
          walk(expr.items[1]);
          place_ = expr.location;
          return declare_assigned(expr.items[0]);
        }
        break;
      case Expr::Type::term:
        break;
    }
    std::ranges::for_each(expr.items, [&](const Term& item) { walk(item); });
  }

  // `some x in xs` asks whether there is one: x is used by that.
  void declare_some(const Term& pattern) {
    if (pattern.is(Term::Type::var)) {
      scopes_.back().push_back({pattern.name, {}, pattern.location, true, false});
    } else if (pattern.is(Term::Type::array) || pattern.is(Term::Type::object)) {
      std::ranges::for_each(pattern.items, [&](const Term& item) { declare_some(item); });
    } else {
      walk(pattern);
    }
  }

  void every(const Expr& expr) {
    walk(expr.items.back());
    scopes_.emplace_back();
    place_ = (*expr.body)[0].location;
    for (std::size_t i = 0; i + 1 < expr.items.size(); ++i) {
      declare(expr.items[i], "declared var " + expr.items[i].name + " unused", true);
    }
    walk(*expr.body);
    close();
  }

  void walk(const Body& body) {
    std::ranges::for_each(body, [&](const Expr& expr) { walk(expr); });
  }

  const Module& module_;
  bool strict_;
  bool is_modern_;  // checked as v1 is
  Problems& problems_;
  std::set<std::string, std::less<>> own_;  // names of the module's rules
  std::vector<Scope> scopes_;
  Location place_;  // of the expression that is walked
  std::set<std::string, std::less<>> used_imports_;
};

}  // namespace

void check_strictly(const Module& module, bool strict, Problems& problems) {
  Checker(module, strict, problems).run();
}

}  // namespace unhidra::rego
