// JSON Schemas as types.
#include "types/schema_type.h"

#include <algorithm>

#include "builtins/json_schema.h"
#include "syntax/term_text.h"
#include "values/work.h"

namespace unhidra::rego {
namespace {

constexpr int kMostNested = 64;
// Of one schema: parts that refer to parts are written out.
constexpr std::size_t kMostParts = 65'536;

void sort_by_key(std::vector<Type::Property>& properties) {
  std::ranges::stable_sort(properties, [](const Type::Property& a, const Type::Property& b) {
    return a.first < b.first;
  });
}

class SchemaReader {
 public:
  explicit SchemaReader(const Value& root) : root_(root) {}

  TypePtr type(const Value& schema, int depth = 0) {
    constexpr std::uint64_t kWorkOfPart = 256;
    if (!schema.is(Kind::object) || depth > kMostNested || ++parts_ > kMostParts ||
        !WorkScope::take(kWorkOfPart)) {
      return Type::anything();
    }
    if (const Value* ref = schema.find("$ref")) {
      return referenced(*ref, depth);
    }
    if (const Value* all = schema.find("allOf")) {
      return all_of(schema, *all, depth);
    }
    if (const Value* any = schema.find("anyOf")) {
      TypePtr out;
      for (const Value& one : any->elements()) {
        out = either(out, type(one, depth + 1));
      }
      return out == nullptr ? Type::anything() : out;
    }
    return typed(schema, depth);
  }

 private:
  // One that needs itself is not followed for ever.
  TypePtr referenced(const Value& ref, int depth) {
    if (!ref.is(Kind::string) || !ref.text().starts_with('#') ||
        std::ranges::find(under_way_, ref.text()) != under_way_.end()) {
      return Type::anything();
    }
    const Value* at = &root_;
    const std::string& text = ref.text();
    for (std::size_t begin = text.find('/'); begin != std::string::npos && at != nullptr;) {
      const auto end = text.find('/', begin + 1);
      at = at->find(std::string_view(text).substr(begin + 1, end - begin - 1));
      begin = end;
    }
    if (at == nullptr) {
      return Type::anything();
    }
    under_way_.push_back(text);
    TypePtr out = type(*at, depth + 1);
    under_way_.pop_back();
    return out;
  }

  // The properties of all of them, and its own.
  TypePtr all_of(const Value& schema, const Value& all, int depth) {
    std::vector<TypePtr> parts;
    if (schema.find("properties") != nullptr) {
      parts.push_back(object(schema, depth));
    }
    for (const Value& one : all.elements()) {
      parts.push_back(type(one, depth + 1));
    }
    std::vector<Type::Property> properties;
    for (const TypePtr& part : parts) {
      if (!part->is(Type::Kind::object)) {
        return parts.size() == 1 ? part : Type::anything();
      }
      properties.insert(properties.end(), part->properties.begin(), part->properties.end());
    }
    sort_by_key(properties);
    const auto extra = std::ranges::unique(properties, {}, &Type::Property::first);
    properties.erase(extra.begin(), extra.end());
    return properties.empty() ? Type::anything()
                              : Type::object(std::move(properties), nullptr, nullptr);
  }

  TypePtr typed(const Value& schema, int depth) {
    const Value* name = schema.find("type");
    if (name == nullptr) {
      return schema.find("properties") != nullptr ? object(schema, depth)
             : schema.find("items") != nullptr    ? array(schema, depth)
                                                  : Type::anything();
    }
    if (!name->is(Kind::array)) {
      return named(name->text(), schema, depth);
    }
    TypePtr out;
    for (const Value& one : name->elements()) {
      out = either(out, named(one.text(), schema, depth));
    }
    return out == nullptr ? Type::anything() : out;
  }

  TypePtr named(std::string_view name, const Value& schema, int depth) {
    if (name == "object") {
      return object(schema, depth);
    }
    if (name == "array") {
      return array(schema, depth);
    }
    return name == "boolean"                       ? Type::scalar(Type::Kind::boolean)
           : name == "string"                      ? Type::scalar(Type::Kind::string)
           : name == "number" || name == "integer" ? Type::scalar(Type::Kind::number)
           : name == "null"                        ? Type::scalar(Type::Kind::null)
                                                   : Type::anything();
  }

  TypePtr object(const Value& schema, int depth) {
    const Value* written = schema.find("properties");
    if (written == nullptr || written->members().empty()) {
      return Type::object({}, Type::anything(), Type::anything());
    }
    std::vector<Type::Property> properties;
    for (const auto& [key, one] : written->members()) {
      properties.emplace_back(key, type(one, depth + 1));
    }
    return Type::object(std::move(properties), nullptr, nullptr);
  }

  TypePtr array(const Value& schema, int depth) {
    const Value* items = schema.find("items");
    if (items == nullptr) {
      return Type::array({}, Type::anything());
    }
    if (!items->is(Kind::array)) {
      return Type::array({}, type(*items, depth + 1));
    }
    std::vector<TypePtr> first;
    for (const Value& one : items->elements()) {
      first.push_back(type(one, depth + 1));
    }
    return Type::array(std::move(first), nullptr);
  }

  const Value& root_;
  std::size_t parts_ = 0;
  std::vector<std::string> under_way_;
};

// `base` with another type at a place in it.
TypePtr placed(const TypePtr& base, std::span<const Value> path, const TypePtr& type) {
  if (path.empty()) {
    return type;
  }
  std::vector<Type::Property> properties;
  TypePtr key = Type::anything();
  TypePtr value = Type::anything();
  TypePtr inner;
  if (base != nullptr && base->is(Type::Kind::object)) {
    properties = base->properties;
    key = base->key;
    value = base->value;
    inner = member_of(base, path[0]);
  }
  std::erase_if(properties, [&](const Type::Property& one) { return one.first == path[0]; });
  properties.emplace_back(path[0], placed(inner, path.subspan(1), type));
  sort_by_key(properties);
  return Type::object(std::move(properties), key, value);
}

// schema.a.b, as schemas are named.
std::string schema_name(const Value& path) {
  std::string out;
  for (const Value& part : path.elements()) {
    out += (out.empty() ? "" : ".") + part.text();
  }
  return out;
}

// schema["acl-list"].x, as the reference writes it.
std::string shown_path(const Value& path) {
  std::string out;
  for (const Value& part : path.elements()) {
    out += out.empty()            ? part.text()
           : is_name(part.text()) ? "." + part.text()
                                  : "[" + to_term(part) + "]";
  }
  return out;
}

}  // namespace

Result<TypePtr> type_of_schema(const Value& schema) {
  builtins::Environment environment;
  if (const auto good = builtins::check_schema(schema, environment); !good) {
    return fail(Errc::type_error, "unable to compile the schema: " + good.error().message());
  }
  return SchemaReader(schema).type(schema);
}

SchemaTypes::SchemaTypes(const Policy& policy, const Schemas* schemas, Problems& problems)
    : schemas_(schemas), problems_(problems), policy_(policy) {
  if (schemas != nullptr && schemas->by_name.contains("schema")) {
    everywhere_.input = type_named(Value::array({Value::string("schema")}), {});
  }
  read_packages(policy);
  read_rules(policy.root());
}

TypePtr SchemaTypes::type_named(const Value& path, const Location& location) {
  if (schemas_ == nullptr) {
    return nullptr;
  }
  const auto found = schemas_->by_name.find(schema_name(path));
  if (found == schemas_->by_name.end()) {
    problems_.add(Errc::type_error, location, "undefined schema: " + shown_path(path));
    return nullptr;
  }
  return type_written(found->second, location);
}

TypePtr SchemaTypes::type_written(const Value& schema, const Location& location) {
  auto type = type_of_schema(schema);
  if (!type) {
    problems_.add(Errc::type_error, location, type.error().message());
    return nullptr;
  }
  return std::move(*type);
}

SchemaTypes::Statements SchemaTypes::read(const Annotation& annotation, const Location& location) {
  Statements out;
  const Value* schemas = annotation.value.find("schemas");
  for (const Value& one : schemas == nullptr ? std::span<const Value>() : schemas->elements()) {
    const auto path = one.find("path")->elements();
    const Value* definition = one.find("definition");
    Statement statement;
    statement.of_input = path[0] == Value::string("input");
    statement.path.assign(path.begin() + 1, path.end());
    statement.type = definition == nullptr ? type_named(*one.find("schema"), location)
                                           : type_written(*definition, location);
    if (statement.type != nullptr) {
      out.push_back(std::move(statement));
    }
  }
  return out;
}

void SchemaTypes::read_packages(const Policy& policy) {
  for (const auto& module : policy.modules()) {
    for (const Annotation& one : module->package_annotations) {
      auto& to = one.scope == "subpackages" ? subpackages_ : packages_;
      std::ranges::move(read(one, module->package.location),
                        std::back_inserter(to[policy.find_package(*module)]));
    }
  }
}

void SchemaTypes::read_rules(const RuleNode& node) {
  for (const Rule* rule : node.all_rules()) {
    for (const Annotation& one : rule->annotations) {
      auto statements = read(one, rule->location);
      auto& to = one.scope == "document" ? documents_[&node] : rules_[rule];
      std::ranges::move(statements, std::back_inserter(to));
    }
  }
  for (const auto& [key, child] : node.children) {
    read_rules(*child);
  }
}

void SchemaTypes::add(const Statements& from, GivenTypes& to) {
  for (const Statement& one : from) {
    if (one.of_input) {
      to.input = placed(to.input, one.path, one.type);
    } else {
      to.data.emplace_back(one.path, one.type);
    }
  }
}

// The nearer says more than the farther.
GivenTypes SchemaTypes::of(const Rule& rule) const {
  GivenTypes out = everywhere_;
  const auto take = [&](const auto& from, const auto* key) {
    if (const auto found = from.find(key); found != from.end()) {
      add(found->second, out);
    }
  };
  const RuleNode* package = policy_.find_package(*rule.module);
  std::vector<const RuleNode*> above;
  for (const RuleNode* node = package; node != nullptr; node = node->parent) {
    above.push_back(node);
  }
  for (auto node = above.rbegin(); node != above.rend(); ++node) {
    take(subpackages_, *node);
  }
  take(packages_, package);
  take(documents_, static_cast<const RuleNode*>(rule.node));
  take(rules_, &rule);
  return out;
}

}  // namespace unhidra::rego
