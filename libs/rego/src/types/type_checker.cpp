#include "types/type_checker.h"

#include <algorithm>
#include <iterator>

#include "syntax/term_text.h"
#include "types/checker.h"
#include "values/work.h"

namespace unhidra::rego {

// The function that a `with` replaces; none: it is none, or not known.
const FunctionType* TypeChecker::replaced(const With& with) const {
  const Term& target = with.target;
  if (!is_global(target.items[0], "data")) {
    return target.name.empty() ? nullptr : builtin_type(target.name);
  }
  const RuleNode* node = &root_;
  for (std::size_t i = 1; node != nullptr && i < target.items.size(); ++i) {
    node =
        target.items[i].is_constant_string() ? node->child(target.items[i].value.text()) : nullptr;
  }
  return node == nullptr ? nullptr : function_of(*node);
}

// A function takes the place of one with as many arguments, of types that can be the same.
void TypeChecker::replacement(const With& with) {
  const FunctionType* wanted = replaced(with);
  const FunctionType* given = function_of(with.value);
  if (wanted == nullptr || given == nullptr) {
    return;
  }
  const bool fits = std::ranges::equal(wanted->arguments, given->arguments,
                                       [](auto& a, auto& b) { return unifies(a.type, b.type); });
  if (!fits) {
    std::vector<std::string> have;
    std::ranges::transform(given->arguments, std::back_inserter(have),
                           [](const FunctionType::Part& part) { return to_string(part.type); });
    note(with.location,
         argument_error(term_text(with.target), "arity mismatch", have, *wanted, false));
  }
}

bool TypeChecker::reads_replaced(const RuleNode& node) const {
  return std::ranges::any_of(replaced_places_, [&](const ReplacedPlace& place) {
    return place.touches(false, node.path()) || readers_.reads(node, place);
  });
}

bool TypeChecker::reads_replaced_below(const RuleNode& node) const {
  constexpr std::uint64_t kWorkOfPlace = 64;
  return !WorkScope::take((1 + replaced_places_.size()) * kWorkOfPlace) ||
         (node.has_rules() && reads_replaced(node)) ||
         std::ranges::any_of(
             node.children, [&](const auto& child) { return reads_replaced_below(*child.second); });
}

bool TypeChecker::is_replaced(const Term& ref) const {
  const bool of_input = is_global(ref.items[0], "input");
  if (replaced_places_.empty() || (!of_input && !is_global(ref.items[0], "data"))) {
    return false;
  }
  const RuleNode* node = of_input ? nullptr : &root_;
  std::vector<Value> path;
  for (std::size_t i = 1; i < ref.items.size() && ref.items[i].is(Term::Type::constant); ++i) {
    path.push_back(ref.items[i].value);
    const bool goes_on = node != nullptr && !node->has_rules();
    if (goes_on) {
      node = path.back().is(Kind::string) ? node->child(path.back().text()) : nullptr;
    }
  }
  return std::ranges::any_of(
             replaced_places_,
             [&](const ReplacedPlace& place) { return place.touches(of_input, path); }) ||
         (node != nullptr && reads_replaced_below(*node));
}

// Under a `with`, what it replaces and what reads that may be of any type.
void TypeChecker::expr(const Expr& expr) {
  const std::size_t outer = replaced_places_.size();
  for (const auto& with : expr.with) {
    replacement(with);
    if (with.value.callee.function == nullptr) {
      check(with.value);
    }
  }
  for (const auto& with : expr.with) {
    if (auto place = ReplacedPlace::of(with.target)) {
      replaced_places_.push_back(std::move(*place));
    }
  }
  plain_expr(expr);
  replaced_places_.resize(outer);
}

void TypeChecker::plain_expr(const Expr& expr) {
  const auto domain = [&](const Term& of, std::size_t patterns) {
    const TypePtr keys = keys_of(type(of));
    const TypePtr values = values_of(type(of));
    const auto one = [&](const Term& pattern, const TypePtr& wanted) {
      if (wanted != nullptr && !unify(pattern, wanted)) {
        no_match(type(pattern), wanted, expr.location);
      }
    };
    one(expr.items[patterns - 1], values == nullptr ? Type::anything() : values);
    if (patterns == 2) {
      one(expr.items[0], keys == nullptr ? Type::anything() : keys);
    }
  };
  switch (expr.type) {
    case Expr::Type::some_vars:
      return;
    case Expr::Type::term: {
      const Term& term = expr.items[0];
      if (!term.is(Term::Type::call)) {
        return check(term);
      }
      if (term.name == "equal" && term.items.size() == 2) {
        check(term.items[0]);
        check(term.items[1]);
        return equality(term.items[0], term.items[1], term.location);
      }
      return call(term, false);
    }
    case Expr::Type::unify:
      check(expr.items[0]);
      check(expr.items[1]);
      return equality(expr.items[0], expr.items[1], expr.location);
    case Expr::Type::some_in:
    case Expr::Type::every:
      break;
  }
  check(expr.items.back());
  domain(expr.items.back(), expr.items.size() - 1);
  if (expr.body) {
    body(*expr.body);
  }
}

TypePtr TypeChecker::argument(const Term& pattern) {
  if (pattern.is(Term::Type::var) && pattern.slot >= 0) {
    if (slot(pattern) == nullptr) {
      slot(pattern) = Type::anything();
    }
    return slot(pattern);
  }
  for (const Term& item : pattern.items) {
    (void)argument(item);
  }
  return type(pattern);
}

namespace {

void add_rule(const RuleNode& root, RuleTypes& out, const Rule& rule, const GivenTypes& given,
              Readers& readers, bool& good, Problems& problems) {
  TypeChecker checker(root, out, given, readers, rule.node, rule.slots, problems);
  checker.body(rule.body);
  for (std::size_t i = rule.prefix; i < rule.head.items.size(); ++i) {
    checker.check(rule.head.items[i]);
  }
  if (rule.value) {
    checker.check(*rule.value);
  }
  good = good && checker.is_good();
  FunctionType function;
  for (const Term& argument : rule.arguments) {
    function.arguments.push_back({{}, checker.argument(argument)});
  }
  TypePtr value = rule.value ? checker.type(*rule.value) : Type::scalar(Type::Kind::boolean);
  value = has_unknown(value) ? Type::anything() : value;
  if (rule.kind == RuleKind::function) {
    auto [at, is_first] = out.functions.try_emplace(rule.node, function);
    for (std::size_t i = 0; i < function.arguments.size() && !is_first; ++i) {
      TypePtr& known = at->second.arguments[i].type;
      known = either(known, function.arguments[i].type);
    }
    at->second.result.type = either(at->second.result.type, value);
    return;
  }
  if (rule.kind == RuleKind::partial_set) {
    value = Type::set(value);
  }
  for (std::size_t i = rule.head.items.size(); i > rule.prefix; --i) {
    const Term& item = rule.head.items[i - 1];
    TypePtr key = checker.type(item);
    value = item.is(Term::Type::constant)
                ? Type::object({{item.value, value}}, nullptr, nullptr)
                : Type::object({}, has_unknown(key) ? Type::anything() : key, value);
  }
  TypePtr& known = out.documents[rule.node];
  known = either(known, value);
}

}  // namespace

RuleTypes check_types(const RuleNode& root, const Dependencies& dependencies,
                      std::span<const std::uint32_t> order, const SchemaTypes& schemas,
                      Problems& problems) {
  RuleTypes out;
  out.given = schemas.everywhere();
  Readers readers(root, &dependencies);
  for (const std::uint32_t number : order) {
    const RuleNode& node = dependencies.node(number);
    bool good = true;
    for (const Rule* rule : node.all_rules()) {
      const GivenTypes given = schemas.of(*rule);
      constexpr std::uint64_t kWorkOfRule = 512;
      for (const Rule* one = rule; one != nullptr && WorkScope::take(kWorkOfRule);
           one = one->otherwise.get()) {
        add_rule(root, out, *one, given, readers, good, problems);
      }
    }
    if (!good) {
      out.functions.erase(&node);
      out.documents[&node] = Type::anything();
    }
  }
  return out;
}

void check_types(const RuleNode& root, const RuleTypes& rules, const Body& query, std::size_t slots,
                 Problems& problems) {
  Readers readers(root);
  TypeChecker(root, rules, rules.given, readers, nullptr, slots, problems).body(query);
}

std::string argument_error(std::string_view function, std::string_view what,
                           std::span<const std::string> have, const FunctionType& want,
                           bool with_result) {
  std::string got;
  for (const std::string& type : have) {
    got += (got.empty() ? "" : ", ") + type;
  }
  std::string wanted;
  const auto add = [&](const FunctionType::Part& part) {
    wanted += (wanted.empty() ? "" : ", ") + (part.name.empty() ? "" : part.name + ": ") +
              to_string(part.type);
  };
  std::ranges::for_each(want.arguments, add);
  if (with_result) {
    add(want.result);
  }
  return std::string(function) + ": " + std::string(what) + "\n\thave: (" + got + ")\n\twant: (" +
         wanted + ")";
}

TypePtr type_alone(const Term& term) {
  switch (term.type) {
    case Term::Type::constant:
      return type_of(term.value);
    case Term::Type::ref:
      return is_global(term.items[0], "data") || is_global(term.items[0], "input")
                 ? Type::anything()
                 : nullptr;
    case Term::Type::text:
      return Type::scalar(Type::Kind::string);
    default:
      return nullptr;
  }
}

}  // namespace unhidra::rego
