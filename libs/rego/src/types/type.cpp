#include "types/type.h"

#include <algorithm>
#include <array>

#include "values/work.h"

namespace unhidra::rego {
namespace {

constexpr std::size_t kMostAlternatives = 64;  // more are anything
constexpr std::uint64_t kWorkOfType = 8;

bool any_of(const Type& any, const TypePtr& other) {
  return any.items.empty() ||
         std::ranges::any_of(any.items, [&](const TypePtr& one) { return unifies(one, other); });
}

bool first_elements_unify(const Type& a, const Type& b) {
  for (std::size_t i = 0; i < a.items.size(); ++i) {
    if (!unifies(a.items[i], i < b.items.size() ? b.items[i] : b.value)) {
      return false;
    }
  }
  return true;
}

TypePtr property_of(const Type& object, const Value& key) {
  for (const auto& [name, type] : object.properties) {
    if (name == key) {
      return type;
    }
  }
  return object.key != nullptr && unifies(object.key, type_of(key)) ? object.value : nullptr;
}

bool properties_unify(const Type& a, const Type& b) {
  return std::ranges::all_of(a.properties, [&](const Type::Property& property) {
    return unifies(property.second, property_of(b, property.first));
  });
}

bool others_unify(const Type& a, const Type& b) {
  return a.value == nullptr || b.value == nullptr || unifies(a.value, b.value);
}

std::uint32_t weight_of(const Type& type) {
  const auto of = [](const TypePtr& part) { return part == nullptr ? 0U : part->weight; };
  std::uint64_t out = 1U + of(type.key) + of(type.value);
  for (const TypePtr& item : type.items) {
    out += of(item);
  }
  for (const auto& [key, member] : type.properties) {
    out += 1U + of(member);
  }
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(out, Type::kMostWeight + 1));
}

// Of its kind, and no more than that when it is too large.
TypePtr finished(std::shared_ptr<Type> type) {
  type->weight = weight_of(*type);
  if (type->weight <= Type::kMostWeight) {
    return type;
  }
  if (type->is(Type::Kind::any)) {
    return Type::anything();
  }
  auto coarse = std::make_shared<Type>();
  coarse->kind = type->kind;
  coarse->key = type->is(Type::Kind::object) ? Type::anything() : nullptr;
  coarse->value = Type::anything();
  coarse->weight = weight_of(*coarse);
  return coarse;
}

}  // namespace

TypePtr Type::scalar(Kind kind) {
  static const auto kAll = [] {
    std::array<TypePtr, 4> out;
    for (std::size_t i = 0; i < out.size(); ++i) {
      auto one = std::make_shared<Type>();
      one->kind = static_cast<Kind>(i);
      out[i] = std::move(one);
    }
    return out;
  }();
  return kAll[static_cast<std::size_t>(kind)];
}

TypePtr Type::anything() {
  static const TypePtr kAny = std::make_shared<const Type>();
  return kAny;
}

TypePtr Type::array(std::vector<TypePtr> items, TypePtr others) {
  auto out = std::make_shared<Type>();
  out->kind = Kind::array;
  out->items = std::move(items);
  out->value = std::move(others);
  return finished(std::move(out));
}

TypePtr Type::object(std::vector<Property> properties, TypePtr key, TypePtr value) {
  auto out = std::make_shared<Type>();
  out->kind = Kind::object;
  out->properties = std::move(properties);
  std::ranges::sort(out->properties,
                    [](const Property& a, const Property& b) { return a.first < b.first; });
  out->key = std::move(key);
  out->value = std::move(value);
  return finished(std::move(out));
}

TypePtr Type::set(TypePtr of) {
  auto out = std::make_shared<Type>();
  out->kind = Kind::set;
  out->value = std::move(of);
  return finished(std::move(out));
}

TypePtr type_of(const Value& value) {
  if (!WorkScope::take((1 + value.size()) * kWorkOfType)) {
    return Type::anything();
  }
  switch (value.kind()) {
    case Kind::null:
      return Type::scalar(Type::Kind::null);
    case Kind::boolean:
      return Type::scalar(Type::Kind::boolean);
    case Kind::number:
      return Type::scalar(Type::Kind::number);
    case Kind::string:
      return Type::scalar(Type::Kind::string);
    case Kind::array: {
      std::vector<TypePtr> items;
      for (const Value& element : value.elements()) {
        items.push_back(type_of(element));
      }
      const bool is_empty = items.empty();
      return Type::array(std::move(items), is_empty ? Type::anything() : nullptr);
    }
    case Kind::set: {
      TypePtr of;
      for (const Value& element : value.elements()) {
        of = either(of, type_of(element));
      }
      return Type::set(of == nullptr ? Type::anything() : of);
    }
    case Kind::object:
      break;
  }
  std::vector<Type::Property> properties;
  for (const auto& [key, member] : value.members()) {
    properties.emplace_back(key, type_of(member));
  }
  const TypePtr others = properties.empty() ? Type::anything() : nullptr;
  return Type::object(std::move(properties), others, others);
}

TypePtr either(const TypePtr& a, const TypePtr& b) {
  if (a == nullptr || b == nullptr) {
    return a == nullptr ? b : a;
  }
  if (a->is_anything() || b->is_anything()) {
    return Type::anything();
  }
  if (is_same(a, b)) {
    return a;
  }
  auto out = std::make_shared<Type>();
  for (const TypePtr& side : {a, b}) {
    const auto add = [&](const TypePtr& one) {
      if (std::ranges::none_of(out->items,
                               [&](const TypePtr& known) { return is_same(known, one); })) {
        out->items.push_back(one);
      }
    };
    if (side->is(Type::Kind::any)) {
      std::ranges::for_each(side->items, add);
    } else {
      add(side);
    }
  }
  std::ranges::stable_sort(out->items, {}, [](const TypePtr& one) { return one->kind; });
  return out->items.size() > kMostAlternatives ? Type::anything() : finished(std::move(out));
}

bool is_same(const TypePtr& a, const TypePtr& b) {
  if (a == b || !WorkScope::take(kWorkOfType)) {
    return true;
  }
  return a != nullptr && b != nullptr && a->kind == b->kind && is_same(a->key, b->key) &&
         is_same(a->value, b->value) &&
         std::ranges::equal(a->items, b->items, [](auto& x, auto& y) { return is_same(x, y); }) &&
         std::ranges::equal(a->properties, b->properties, [](auto& x, auto& y) {
           return x.first == y.first && is_same(x.second, y.second);
         });
}

bool unifies(const TypePtr& a, const TypePtr& b) {
  if (a == nullptr || b == nullptr) {
    return false;
  }
  if (!WorkScope::take(kWorkOfType)) {
    return true;
  }
  if (a->is(Type::Kind::any) || b->is(Type::Kind::any)) {
    return (a->is(Type::Kind::any) && any_of(*a, b)) || (b->is(Type::Kind::any) && any_of(*b, a));
  }
  if (a->kind != b->kind) {
    return false;
  }
  switch (a->kind) {
    case Type::Kind::array:
      return first_elements_unify(*a, *b) && first_elements_unify(*b, *a) && others_unify(*a, *b);
    case Type::Kind::object:
      return properties_unify(*a, *b) && properties_unify(*b, *a) && others_unify(*a, *b);
    case Type::Kind::set:
      return unifies(a->value, b->value);
    default:
      return true;
  }
}

bool has_unknown(const TypePtr& type) {
  if (type == nullptr) {
    return true;
  }
  if (!WorkScope::take(kWorkOfType)) {
    return false;
  }
  const auto unknown = [](const TypePtr& one) { return has_unknown(one); };
  switch (type->kind) {
    case Type::Kind::array:
      return std::ranges::any_of(type->items, unknown) ||
             (type->value != nullptr && unknown(type->value));
    case Type::Kind::object:
      return std::ranges::any_of(type->properties, unknown, &Type::Property::second) ||
             (type->value != nullptr && (unknown(type->key) || unknown(type->value)));
    case Type::Kind::set:
      return unknown(type->value);
    default:
      return false;
  }
}

namespace {

template <class Part>
TypePtr of_alternatives(const Type& any, Part part) {
  if (any.items.empty()) {
    return Type::anything();
  }
  TypePtr out;
  for (const TypePtr& one : any.items) {
    out = either(out, part(one));
  }
  return out;
}

}  // namespace

TypePtr keys_of(const TypePtr& type) {
  if (type == nullptr) {
    return nullptr;
  }
  TypePtr out = type->key;
  switch (type->kind) {
    case Type::Kind::any:
      return of_alternatives(*type, keys_of);
    case Type::Kind::array:
      return Type::scalar(Type::Kind::number);
    case Type::Kind::set:
      return type->value;
    case Type::Kind::object:
      for (const auto& [key, member] : type->properties) {
        out = either(out, type_of(key));
      }
      return out;
    default:
      return nullptr;
  }
}

TypePtr values_of(const TypePtr& type) {
  if (type == nullptr) {
    return nullptr;
  }
  TypePtr out = type->value;
  switch (type->kind) {
    case Type::Kind::any:
      return of_alternatives(*type, values_of);
    case Type::Kind::array:
      for (const TypePtr& item : type->items) {
        out = either(out, item);
      }
      return out;
    case Type::Kind::object:
      for (const auto& [key, member] : type->properties) {
        out = either(out, member);
      }
      return out;
    case Type::Kind::set:
      return out;
    default:
      return nullptr;
  }
}

TypePtr member_of(const TypePtr& type, const Value& key) {
  if (type == nullptr) {
    return nullptr;
  }
  switch (type->kind) {
    case Type::Kind::any:
      return of_alternatives(*type, [&](const TypePtr& one) { return member_of(one, key); });
    case Type::Kind::array: {
      const auto index = key.small_integer();
      if (!key.is(Kind::number)) {
        return nullptr;
      }
      const bool is_first =
          index && *index >= 0 && static_cast<std::size_t>(*index) < type->items.size();
      return is_first ? type->items[static_cast<std::size_t>(*index)] : type->value;
    }
    case Type::Kind::object:
      return property_of(*type, key);
    case Type::Kind::set:
      return unifies(type->value, type_of(key)) ? type->value : nullptr;
    default:
      return nullptr;
  }
}

std::string to_string(const TypePtr& type) {
  if (type == nullptr) {
    return "???";
  }
  constexpr std::array<const char*, 8> kNames = {"null",  "boolean", "number", "string",
                                                 "array", "object",  "set",    "any"};
  std::string out = kNames[static_cast<std::size_t>(type->kind)];
  std::string inside;
  for (const TypePtr& item : type->items) {
    inside += (inside.empty() ? "" : ", ") + to_string(item);
  }
  for (const auto& [key, member] : type->properties) {
    inside += (inside.empty() ? "" : ", ") + (key.is(Kind::string) ? key.text() : to_term(key)) +
              ": " + to_string(member);
  }
  out += inside.empty() ? "" : "<" + inside + ">";
  if (type->value != nullptr) {
    out += "[" + (type->key == nullptr ? "" : to_string(type->key) + ": ") +
           to_string(type->value) + "]";
  }
  return out;
}

std::string to_string(const FunctionType& function) {
  std::string arguments;
  for (const auto& part : function.arguments) {
    arguments += (arguments.empty() ? "" : ", ") + to_string(part.type);
  }
  return "(" + arguments + ") => " + to_string(function.result.type);
}

}  // namespace unhidra::rego
