// Types of terms, and references to what cannot be.
#include <algorithm>
#include <iterator>

#include "syntax/term_text.h"
#include "types/checker.h"
#include "values/work.h"

namespace unhidra::rego {

TypePtr TypeChecker::type(const Term& term) const {
  constexpr std::uint64_t kWorkOfTerm = 32;
  if (!WorkScope::take(kWorkOfTerm)) {
    return Type::anything();
  }
  switch (term.type) {
    case Term::Type::constant:
      // A function's name, or what stands for a call of one.
      return term.callee.builtin != nullptr || !term.name.empty() ? Type::anything()
                                                                  : type_of(term.value);
    case Term::Type::var:
      return term.slot < 0 ? Type::anything() : slots_[static_cast<std::size_t>(term.slot)];
    case Term::Type::ref:
      return ref_type(term);
    case Term::Type::array_comp:
      return Type::array({}, type(term.items[0]));
    case Term::Type::set_comp:
      return Type::set(type(term.items[0]));
    case Term::Type::object_comp:
      return Type::object({}, type(term.items[0]), type(term.items[1]));
    case Term::Type::call:
      return call_type(term);
    case Term::Type::text:
      return Type::scalar(Type::Kind::string);
    default:
      return composite(term);
  }
}

TypePtr TypeChecker::composite(const Term& term) const {
  if (term.items.empty()) {
    return term.is(Term::Type::array) ? Type::array({}, Type::anything())
           : term.is(Term::Type::set) ? Type::set(Type::anything())
                                      : Type::object({}, Type::anything(), Type::anything());
  }
  if (term.is(Term::Type::array)) {
    std::vector<TypePtr> items;
    std::ranges::transform(term.items, std::back_inserter(items),
                           [&](const Term& item) { return type(item); });
    return Type::array(std::move(items), nullptr);
  }
  if (term.is(Term::Type::set)) {
    TypePtr of;
    for (const Term& item : term.items) {
      of = either(of, type(item));
    }
    return Type::set(of);
  }
  std::vector<Type::Property> properties;
  TypePtr key;
  TypePtr value;
  for (std::size_t i = 0; i + 1 < term.items.size(); i += 2) {
    if (term.items[i].is(Term::Type::constant)) {
      properties.emplace_back(term.items[i].value, type(term.items[i + 1]));
    } else {
      key = type(term.items[i]);
      value = type(term.items[i + 1]);
    }
  }
  return Type::object(std::move(properties), key, value);
}

const FunctionType* TypeChecker::function_of(const RuleNode& node) const {
  const auto found = rules_.functions.find(&node);
  return found == rules_.functions.end() ? nullptr : &found->second;
}

const FunctionType* TypeChecker::function_of(const Term& call) const {
  if (const auto* builtin = static_cast<const builtins::Builtin*>(call.callee.builtin)) {
    return builtin_type(builtin->name);
  }
  return call.callee.function == nullptr ? nullptr : function_of(*call.callee.function);
}

TypePtr TypeChecker::call_type(const Term& term) const {
  const FunctionType* function = function_of(term);
  const bool is_known = function != nullptr && function->result.type != nullptr &&
                        (term.callee.function == nullptr || !reads_replaced(*term.callee.function));
  return is_known ? function->result.type : Type::anything();
}

TypePtr TypeChecker::extent(const RuleNode& node) const {
  constexpr std::uint64_t kWorkOfChild = 128;
  if (!WorkScope::take((1 + node.children.size()) * kWorkOfChild)) {
    return Type::anything();
  }
  if (node.has_rules()) {
    const auto found = rules_.documents.find(&node);
    const bool is_leaf = node.children.empty();
    return is_leaf && found != rules_.documents.end() ? found->second : Type::anything();
  }
  std::vector<Type::Property> properties;
  for (const auto& [name, child] : node.children) {
    if (!child->has_rules() || child->kind != RuleKind::function) {
      properties.emplace_back(Value::string(name), extent(*child));
    }
  }
  return Type::object(std::move(properties), Type::scalar(Type::Kind::string), Type::anything());
}

// By a schema; the last that was said of a place holds.
TypePtr TypeChecker::given_data(const Term& ref, std::size_t& index) const {
  for (auto one = given_.data.rbegin(); one != given_.data.rend(); ++one) {
    const auto& [path, type] = *one;
    const bool leads = path.size() < ref.items.size() &&
                       std::equal(
                           path.begin(), path.end(), ref.items.begin() + 1,
                           [](const Value& key, const Term& item) {
                             return item.is(Term::Type::constant) && item.value == key;
                           });
    if (leads) {
      index = path.size() + 1;
      return type;
    }
  }
  return nullptr;
}

TypePtr TypeChecker::entered(const Term& ref, std::size_t& index) const {
  const Term& head = ref.items[0];
  if (is_replaced(ref)) {
    index = ref.items.size();
    return Type::anything();
  }
  index = 1;
  if (!head.is(Term::Type::var)) {
    return type(head);
  }
  if (head.slot >= 0) {
    const TypePtr known = slots_[static_cast<std::size_t>(head.slot)];
    return known == nullptr ? Type::anything() : known;
  }
  if (head.name != "data") {
    const bool is_known = head.name == "input" && given_.input != nullptr;
    return is_known ? given_.input : Type::anything();
  }
  const RuleNode* node = &root_;
  for (; index < ref.items.size() && ref.items[index].is_constant_string(); ++index) {
    if (node->has_rules()) {
      return extent(*node);
    }
    node = node->child(ref.items[index].value.text());
    if (node == nullptr) {
      return given_data(ref, index);
    }
  }
  return node->has_rules() ? extent(*node) : given_data(ref, index);
}

TypePtr TypeChecker::selected(TypePtr type, const Term& ref, std::size_t index) const {
  for (; index < ref.items.size() && type != nullptr; ++index) {
    const Term& key = ref.items[index];
    type = key.is(Term::Type::constant) ? member_of(type, key.value) : values_of(type);
  }
  return type;
}

TypePtr TypeChecker::ref_type(const Term& ref) const {
  std::size_t index = 0;
  const TypePtr type = entered(ref, index);
  return type == nullptr ? Type::anything() : selected(type, ref, index);
}

namespace {

std::string undefined(const Term& ref, std::size_t at, const std::string& have,
                      const std::string& want) {
  const std::string pad(ref_text(ref, at).size() + 1, ' ');
  return "undefined ref: " + term_text(ref) + "\n\t" + term_text(ref) + "\n\t" + pad + "^\n\t" +
         pad + have + "\n\t" + pad + want;
}

// Its first `size` items are marked.
std::string marked(const Term& ref, std::size_t size, const std::string& have) {
  return term_text(ref) + "\n\t" + std::string(ref_text(ref, size).size(), '^') +
         "\n\thave: " + have;
}

// Its first `size` items cannot be looked up in.
std::string unsupported(const Term& ref, std::size_t size, const std::string& have) {
  return "undefined ref: " + term_text(ref) + "\n\t" + marked(ref, size, have);
}

// The keys that there are, when no other can be.
std::string wanted(const TypePtr& type) {
  if (!type->is(Type::Kind::object) || type->value != nullptr) {
    return "want (type): " + to_string(keys_of(type));
  }
  std::string out;
  for (const auto& [key, member] : type->properties) {
    out += (out.empty() ? "" : " ") + to_term(key);
  }
  return "want (one of): [" + out + "]";
}

// A scalar is shown itself, of a composite its type.
std::string no_such_key(const Term& ref, std::size_t index, const TypePtr& keys,
                        const TypePtr& at) {
  const Value& key = ref.items[index].value;
  const bool is_composite = key.is(Kind::array) || key.is(Kind::object) || key.is(Kind::set);
  return is_composite ? undefined(ref, index, "have (type): " + to_string(type_of(key)),
                                  "want (type): " + to_string(keys))
                      : undefined(ref, index, "have: " + to_term(key), wanted(at));
}

}  // namespace

// Another rule is there, or below.
bool TypeChecker::has_others(const RuleNode& node) const {
  constexpr std::uint64_t kWorkOfNode = 8;
  return !WorkScope::take(kWorkOfNode) || (node.has_rules() && &node != own_) ||
         std::ranges::any_of(node.children,
                             [&](const auto& one) { return has_others(*one.second); });
}

// Through packages and rules, where keys are names. False: it does not, which has been told.
bool TypeChecker::leads_somewhere(const Term& ref) {
  const RuleNode* node = is_global(ref.items[0], "data") ? &root_ : nullptr;
  for (std::size_t i = 1; node != nullptr && !node->has_rules() && i < ref.items.size(); ++i) {
    const Term& key = ref.items[i];
    if (key.is_constant_string()) {
      node = node->child(key.value.text());
      continue;
    }
    const TypePtr have = type(key);
    std::string names;
    for (const auto& [name, child] : node->children) {
      if (has_others(*child)) {
        names += (names.empty() ? "" : " ") + to_term(Value::string(name));
      }
    }
    if (have == nullptr || unifies(have, Type::scalar(Type::Kind::string)) || names.empty()) {
      return true;  // given data
    }
    note(ref.location,
         undefined(ref, i, "have (type): " + to_string(have), "want (one of): [" + names + "]"));
    return false;
  }
  const FunctionType* function =
      node == nullptr || !node->has_rules() ? nullptr : function_of(*node);
  if (function != nullptr) {
    const std::size_t size = node->path().size() + 1;
    note(ref.location, "function " + ref_text(ref, size) + " used as reference, not called\n\t" +
                           marked(ref, size, to_string(*function)));
  }
  return function == nullptr;
}

const FunctionType* TypeChecker::function_at(const Term& ref) const {
  const bool is_data = ref.is(Term::Type::ref) && is_global(ref.items[0], "data");
  const RuleNode* node = is_data ? &root_ : nullptr;
  for (std::size_t i = 1; node != nullptr && i < ref.items.size(); ++i) {
    node = ref.items[i].is_constant_string() ? node->child(ref.items[i].value.text()) : nullptr;
  }
  return node == nullptr ? nullptr : function_of(*node);
}

void TypeChecker::ref(const Term& ref) {
  if (!leads_somewhere(ref)) {
    return;
  }
  std::size_t index = 0;
  TypePtr at = entered(ref, index);
  for (; at != nullptr && index < ref.items.size(); ++index) {
    const TypePtr keys = keys_of(at);
    if (keys == nullptr) {
      return note(ref.location, unsupported(ref, index, to_string(at)));
    }
    const Term& key = ref.items[index];
    if (key.is(Term::Type::constant)) {
      const TypePtr member = member_of(at, key.value);
      if (member == nullptr) {
        return note(ref.location, no_such_key(ref, index, keys, at));
      }
      at = member;
      continue;
    }
    if (!unify(key, keys)) {
      const bool is_composite =
          key.is(Term::Type::array) || key.is(Term::Type::object) || key.is(Term::Type::set);
      return note(ref.location,
                  undefined(ref, index, "have (type): " + to_string(type(key)),
                            is_composite ? "want (type): " + to_string(keys) : wanted(at)));
    }
    at = values_of(at);
  }
}

void TypeChecker::check(const Term& term) {
  if (term.is(Term::Type::call)) {
    return call(term, true);
  }
  if (term.body) {
    body(*term.body);
  }
  for (const Term& item : term.items) {
    check(item);
  }
  if (term.is(Term::Type::ref)) {
    ref(term);
  }
}

}  // namespace unhidra::rego
