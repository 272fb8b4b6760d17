// Types of terms, and references to what cannot be.
#include <algorithm>
#include <iterator>

#include "types/checker.h"

namespace unhidra::rego {

TypePtr TypeChecker::type(const Term& term) const {
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
    return Type::anything();
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

const FunctionType* TypeChecker::function_of(const Term& call) const {
  if (const auto* builtin = static_cast<const builtins::Builtin*>(call.callee.builtin)) {
    return builtin_type(builtin->name);
  }
  const auto found = rules_.functions.find(call.callee.function);
  return found == rules_.functions.end() ? nullptr : &found->second;
}

TypePtr TypeChecker::call_type(const Term& term) const {
  const FunctionType* function = function_of(term);
  return function == nullptr || function->result.type == nullptr ? Type::anything()
                                                                 : function->result.type;
}

TypePtr TypeChecker::extent(const RuleNode& node) const {
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

TypePtr TypeChecker::entered(const Term& ref, std::size_t& index) const {
  const Term& head = ref.items[0];
  index = 1;
  if (!head.is(Term::Type::var)) {
    return type(head);
  }
  if (head.slot >= 0) {
    const TypePtr known = slots_[static_cast<std::size_t>(head.slot)];
    return known == nullptr ? Type::anything() : known;
  }
  if (head.name != "data") {
    return Type::anything();
  }
  const RuleNode* node = &root_;
  for (; index < ref.items.size() && ref.items[index].is_constant_string(); ++index) {
    if (node->has_rules()) {
      return extent(*node);
    }
    node = node->child(ref.items[index].value.text());
    if (node == nullptr) {
      return nullptr;  // given data
    }
  }
  return node->has_rules() ? extent(*node) : nullptr;
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

// a.b["c d"][x]
std::string text_of(const Term& ref, std::size_t size) {
  std::string out;
  for (std::size_t i = 0; i < size; ++i) {
    const Term& item = ref.items[i];
    const auto is_name = [](std::string_view text) {
      return !text.empty() && (text[0] < '0' || text[0] > '9') &&
             std::ranges::all_of(text, [](char c) {
               return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      (c >= '0' && c <= '9');
             });
    };
    if (i == 0) {
      out = item.is(Term::Type::var) ? item.name : "__local__";
    } else if (item.is_constant_string() && is_name(item.value.text())) {
      out += "." + item.value.text();
    } else if (item.is(Term::Type::constant)) {
      out += "[" + to_term(item.value) + "]";
    } else {
      out +=
          "[" + (item.is(Term::Type::var) && !item.name.starts_with('$') ? item.name : "_") + "]";
    }
  }
  return out;
}

std::string undefined(const Term& ref, std::size_t at, const std::string& have,
                      const std::string& want) {
  const std::string pad(text_of(ref, at).size() + 1, ' ');
  return "undefined ref: " + text_of(ref, ref.items.size()) + "\n\t" +
         text_of(ref, ref.items.size()) + "\n\t" + pad + "^\n\t" + pad + have + "\n\t" + pad + want;
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

}  // namespace

void TypeChecker::ref(const Term& ref) {
  std::size_t index = 0;
  TypePtr at = entered(ref, index);
  for (; at != nullptr && index < ref.items.size(); ++index) {
    const TypePtr keys = keys_of(at);
    if (keys == nullptr) {
      const std::string whole = text_of(ref, ref.items.size());
      return note(ref.location, "undefined ref: " + whole + "\n\t" + whole + "\n\t" +
                                    std::string(text_of(ref, index).size(), '^') +
                                    "\n\thave: " + to_string(at));
    }
    const Term& key = ref.items[index];
    if (key.is(Term::Type::constant)) {
      const TypePtr member = member_of(at, key.value);
      if (member == nullptr) {
        const bool is_object = at->is(Type::Kind::object);
        return note(ref.location, undefined(ref, index,
                                            is_object ? "have: " + to_term(key.value)
                                                      : "have (type): " + to_string(type(key)),
                                            wanted(at)));
      }
      at = member;
      continue;
    }
    if (!unify(key, keys)) {
      return note(ref.location,
                  undefined(ref, index, "have (type): " + to_string(type(key)), wanted(at)));
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
