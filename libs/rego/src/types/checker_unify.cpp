// Calls and equalities that nothing satisfies.
#include <algorithm>
#include <iterator>

#include "types/checker.h"

namespace unhidra::rego {
namespace {

constexpr std::string_view kMember = "internal.member_2";
constexpr std::string_view kKeyedMember = "internal.member_3";

}  // namespace

void TypeChecker::call(const Term& term, bool has_result) {
  for (const Term& item : term.items) {
    check(item);
  }
  if (term.name == kMember || term.name == kKeyedMember) {
    return member(term);
  }
  const FunctionType* function = function_of(term);
  if (function == nullptr || function->arguments.size() != term.callee.arity) {
    return;
  }
  bool good = true;
  for (std::size_t i = 0; i < term.items.size() && good; ++i) {
    const bool is_argument = i < term.callee.arity;
    const TypePtr want = is_argument ? function->arguments[i].type : call_type(term);
    good = function_at(term.items[i]) == nullptr && (want == nullptr || unify(term.items[i], want));
  }
  if (good) {
    return;
  }
  std::vector<std::string> have;
  std::ranges::transform(term.items, std::back_inserter(have), [&](const Term& item) {
    const FunctionType* given = function_at(item);
    return given == nullptr ? to_string(type(item)) : to_string(*given);
  });
  if (has_result && term.items.size() == term.callee.arity) {
    have.push_back(to_string(TypePtr()));
  }
  note(term.location, argument_error(term.name, "invalid argument(s)", have, *function, true));
}

// x in xs, k, x in xs: something of that type can be there.
void TypeChecker::member(const Term& term) {
  const TypePtr domain = type(term.items.back());
  const auto one = [&](const Term& item, const TypePtr& there) {
    const bool good = there == nullptr || has_unknown(there) || unify(item, there);
    if (!good) {
      no_match(type(item), there, term.location);
    }
    return good;
  };
  const bool is_keyed = term.items.size() > 2 && term.name == kKeyedMember;
  if (!is_keyed || one(term.items[0], keys_of(domain))) {
    (void)one(term.items[is_keyed ? 1 : 0], values_of(domain));
  }
}

void TypeChecker::no_match(const TypePtr& left, const TypePtr& right, const Location& location) {
  note(location, "match error\n\tleft  : " + to_string(left) + "\n\tright : " + to_string(right));
}

void TypeChecker::equality(const Term& a, const Term& b, const Location& location) {
  const TypePtr left = type(a);
  const TypePtr right = type(b);
  if (!unify(a, b)) {
    no_match(left, right, location);
  }
}

bool TypeChecker::unify_items(const Term& a, const Term& b) {
  if (a.type != b.type || a.items.size() != b.items.size()) {
    return false;
  }
  for (std::size_t i = 0; i < a.items.size(); ++i) {
    if (!unify(a.items[i], b.items[i])) {
      return false;
    }
  }
  return true;
}

bool TypeChecker::unify(const Term& a, const Term& b) {
  const TypePtr left = type(a);
  const TypePtr right = type(b);
  const bool knows_left = !has_unknown(left);
  const bool knows_right = !has_unknown(right);
  if (knows_left != knows_right) {
    return knows_right ? unify(a, right) : unify(b, left);
  }
  if (knows_left) {
    return unifies(left, right);
  }
  if (a.is(Term::Type::var) && b.is(Term::Type::var)) {
    return unify(a, Type::anything()) && unify(b, Type::anything());
  }
  if (a.is(Term::Type::array) && b.is(Term::Type::array)) {
    return unify_items(a, b);
  }
  return true;  // what is too little known is not refused
}

bool TypeChecker::unify(const Term& term, const TypePtr& type, bool joins) {
  switch (term.type) {
    case Term::Type::var: {
      if (term.slot < 0) {
        return true;
      }
      TypePtr& known = slot(term);
      if (known != nullptr && !joins) {
        return unifies(known, type);
      }
      known = either(known, type);
      return true;
    }
    case Term::Type::array:
    case Term::Type::object:
    case Term::Type::set:
      return unify_parts(term, type, joins);
    default: {
      const TypePtr known = this->type(term);
      return has_unknown(known) || unifies(known, type);
    }
  }
}

bool TypeChecker::unify_parts(const Term& term, const TypePtr& type, bool joins) {
  if (type == nullptr) {
    return true;
  }
  if (type->is(Type::Kind::any)) {
    if (type->items.empty()) {
      for (const Term& item : term.items) {
        (void)unify(item, Type::anything(), true);
      }
      return true;
    }
    bool any = false;
    for (const TypePtr& one : type->items) {
      any = unify(term, one, true) || any;
    }
    return any;
  }
  if (term.is(Term::Type::array) && type->is(Type::Kind::array)) {
    if (term.items.size() != type->items.size() && type->value == nullptr) {
      return false;
    }
    for (std::size_t i = 0; i < term.items.size(); ++i) {
      if (!unify(term.items[i], i < type->items.size() ? type->items[i] : type->value, joins)) {
        return false;
      }
    }
    return true;
  }
  if (term.is(Term::Type::set) && type->is(Type::Kind::set)) {
    return std::ranges::all_of(term.items,
                               [&](const Term& item) { return unify(item, type->value, joins); });
  }
  if (!term.is(Term::Type::object) || !type->is(Type::Kind::object)) {
    return false;
  }
  if (term.items.size() / 2 != type->properties.size() && type->value == nullptr) {
    return false;
  }
  for (std::size_t i = 0; i + 1 < term.items.size(); i += 2) {
    const Term& key = term.items[i];
    const TypePtr member = key.is(Term::Type::constant) ? member_of(type, key.value) : type->value;
    if (member != nullptr && !unify(term.items[i + 1], member, joins)) {
      return false;
    }
  }
  return true;
}

}  // namespace unhidra::rego
