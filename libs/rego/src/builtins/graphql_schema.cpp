#include "builtins/graphql_schema.h"

#include <algorithm>
#include <array>
#include <set>

#include "builtins/go_text.h"
#include "builtins/graphql_parser.h"
#include "builtins/graphql_tree.h"

namespace unhidra::rego::builtins {
namespace {

// What every schema has: sections 3.5, 3.13 and 4.2.
constexpr std::string_view kBuiltIn = R"(
scalar Int scalar Float scalar String scalar Boolean scalar ID
directive @include(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @skip(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @deprecated(reason: String = "No longer supported")
  on FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | ENUM_VALUE
directive @specifiedBy(url: String!) on SCALAR
type __Schema {
  description: String types: [__Type!]! queryType: __Type! mutationType: __Type
  subscriptionType: __Type directives: [__Directive!]!
}
type __Type {
  kind: __TypeKind! name: String description: String
  fields(includeDeprecated: Boolean = false): [__Field!] interfaces: [__Type!]
  possibleTypes: [__Type!] enumValues(includeDeprecated: Boolean = false): [__EnumValue!]
  inputFields: [__InputValue!] ofType: __Type specifiedByURL: String
}
type __Field {
  name: String! description: String args: [__InputValue!]! type: __Type! isDeprecated: Boolean!
  deprecationReason: String
}
type __InputValue { name: String! description: String type: __Type! defaultValue: String }
type __EnumValue {
  name: String! description: String isDeprecated: Boolean! deprecationReason: String
}
enum __TypeKind { SCALAR OBJECT INTERFACE UNION ENUM INPUT_OBJECT LIST NON_NULL }
type __Directive {
  name: String! description: String locations: [__DirectiveLocation!]! args: [__InputValue!]!
  isRepeatable: Boolean!
}
enum __DirectiveLocation {
  QUERY MUTATION SUBSCRIPTION FIELD FRAGMENT_DEFINITION FRAGMENT_SPREAD INLINE_FRAGMENT
  VARIABLE_DEFINITION SCHEMA SCALAR OBJECT FIELD_DEFINITION ARGUMENT_DEFINITION INTERFACE UNION
  ENUM ENUM_VALUE INPUT_OBJECT INPUT_FIELD_DEFINITION
}
)";

std::vector<std::string> texts(const Value& node, std::string_view member) {
  std::vector<std::string> out;
  for (const Value& element : graphql_list(node, member)) {
    out.push_back(element.is(Kind::string) ? element.text() : graphql_text(element, "Name"));
  }
  return out;
}

template <class T>
void append_all(std::vector<T>& out, std::vector<T> more) {
  out.insert(out.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

// The first that has the name of one before it; null: none.
const Value* repeated(const std::vector<Value>& named) {
  std::set<std::string> names;
  const auto found = std::ranges::find_if(
      named, [&](const Value& one) { return !names.insert(graphql_text(one, "Name")).second; });
  return found == named.end() ? nullptr : &*found;
}

bool has_duplicates(std::vector<std::string> names) {
  std::ranges::sort(names);
  return std::ranges::adjacent_find(names) != names.end();
}

// An implementation may return something narrower: section 3.6.1 (IsValidImplementation).
bool same_type(const Value& a, const Value& b) {
  return graphql_without_places(a) == graphql_without_places(b);
}

}  // namespace

const Value* GraphqlType::field(std::string_view wanted) const {
  for (const Value& field : fields) {
    if (graphql_text(field, "Name") == wanted) {
      return &field;
    }
  }
  return nullptr;
}

const GraphqlType* GraphqlSchema::type(std::string_view name) const {
  const auto found = types_.find(name);
  return found != types_.end() ? &found->second : nullptr;
}

const Value* GraphqlSchema::directive(std::string_view name) const {
  const auto found = directives_.find(name);
  return found != directives_.end() ? &found->second : nullptr;
}

const GraphqlType* GraphqlSchema::root(std::string_view operation) const {
  const auto found = roots_.find(operation);
  return found != roots_.end() ? type(found->second) : nullptr;
}

bool GraphqlSchema::possible(const GraphqlType& abstract, const GraphqlType& object) const {
  if (abstract.name == object.name) {
    return true;
  }
  const std::vector<std::string>& names =
      abstract.kind == "UNION" ? abstract.types : object.interfaces;
  const std::string& wanted = abstract.kind == "UNION" ? object.name : abstract.name;
  return std::ranges::find(names, wanted) != names.end();
}

bool GraphqlSchema::may_overlap(const GraphqlType& a, const GraphqlType& b) const {
  if (a.name == b.name) {
    return true;
  }
  return std::ranges::any_of(types_, [&](const auto& entry) {
    const GraphqlType& object = entry.second;
    return object.kind == "OBJECT" && possible(a, object) && possible(b, object);
  });
}

Status GraphqlSchema::add_type(const Value& definition, bool extension, bool built_in) {
  const std::string name = graphql_text(definition, "Name");
  const std::string kind = graphql_text(definition, "Kind");
  auto [at, fresh] = types_.try_emplace(name);
  GraphqlType& type = at->second;
  if (!fresh && !extension) {
    return graphql_refused(definition, "Cannot redeclare type " + name + ".");
  }
  if (fresh) {
    // To extend a type that is not there declares it.
    type.name = name;
    type.kind = kind;
    type.built_in = built_in;
    type.definition = definition;
  } else if (type.kind != kind) {
    return graphql_refused(definition, "Cannot extend type " + name +
                                           " because the base type is a " + type.kind + ", not " +
                                           kind + ".");
  }
  append_all(type.fields, graphql_list(definition, "Fields"));
  append_all(type.directives, graphql_list(definition, "Directives"));
  append_all(type.interfaces, texts(definition, "Interfaces"));
  append_all(type.types, texts(definition, "Types"));
  append_all(type.enum_values, texts(definition, "EnumValues"));
  return {};
}

Status GraphqlSchema::add_document(const Value& document, bool built_in) {
  for (const Value& definition : graphql_list(document, "Definitions")) {
    UNHIDRA_TRY_VOID(add_type(definition, false, built_in));
  }
  for (const Value& extension : graphql_list(document, "Extensions")) {
    UNHIDRA_TRY_VOID(add_type(extension, true, built_in));
  }
  for (const Value& directive : graphql_list(document, "Directives")) {
    const std::string name = graphql_text(directive, "Name");
    const auto [known, is_new] = directives_.emplace(name, directive);
    if (!is_new && graphql_without_places(directive) != graphql_without_places(known->second)) {
      return graphql_refused(directive, "Cannot redeclare directive " + name + ".");
    }
  }
  return {};
}

Status GraphqlSchema::add_roots(const Value& document) {
  std::vector<Value> schemas = graphql_list(document, "Schema");
  if (schemas.size() > 1) {
    return graphql_refused(
        schemas[1],
        "Cannot have multiple schema entry points, consider schema extensions instead.");
  }
  const bool named = !schemas.empty();
  append_all(schemas, graphql_list(document, "SchemaExtension"));
  for (const Value& schema : schemas) {
    UNHIDRA_TRY_VOID(check_directives(graphql_list(schema, "Directives")));
    for (const Value& operation : graphql_list(schema, "OperationTypes")) {
      const std::string type_name = graphql_text(operation, "Type");
      const std::string kind = graphql_text(operation, "Operation");
      if (type(type_name) == nullptr) {
        return graphql_refused(operation, "Schema root " + kind + " refers to a type " + type_name +
                                              " that does not exist.");
      }
      roots_[kind] = type_name;
    }
  }
  if (!named) {
    constexpr auto kDefaults = std::to_array<std::pair<std::string_view, std::string_view>>(
        {{"query", "Query"}, {"mutation", "Mutation"}, {"subscription", "Subscription"}});
    for (const auto& [kind, type_name] : kDefaults) {
      if (type(type_name) != nullptr) {
        roots_.emplace(kind, type_name);
      }
    }
  }
  return {};
}

Status GraphqlSchema::check_directives(const std::vector<Value>& used) const {
  for (const Value& directive : used) {
    const std::string name = graphql_text(directive, "Name");
    if (this->directive(name) == nullptr) {
      return graphql_refused(directive, "Undefined directive " + name + ".");
    }
  }
  return {};
}

Status GraphqlSchema::check_reference(const Value& reference, bool input) const {
  const std::string name = graphql_type_name(reference);
  const GraphqlType* found = type(name);
  if (found == nullptr) {
    return graphql_refused(reference, "Undefined type " + name + ".");
  }
  if (input && !found->is_input()) {
    return graphql_refused(reference, "cannot use " + name + " as argument because " + found->kind +
                                          " is not a valid input type");
  }
  if (!input && found->kind == "INPUT_OBJECT") {
    return graphql_refused(reference,
                           "cannot use " + name + " as a field type because it is an input type");
  }
  return {};
}

namespace {

Status check_name(const Value& node, const std::string& name) {
  return name.starts_with("__")
             ? Status(graphql_refused(node, "Name \"" + name +
                                                "\" must not begin with \"__\", which is reserved "
                                                "by GraphQL introspection."))
             : Status();
}

}  // namespace

Status GraphqlSchema::check_fields(const GraphqlType& type) const {
  const bool input = type.kind == "INPUT_OBJECT";
  for (const Value& field : type.fields) {
    UNHIDRA_TRY_VOID(check_name(field, graphql_text(field, "Name")));
    const Value* reference = field.find("Type");
    UNHIDRA_TRY_VOID(check_reference(reference != nullptr ? *reference : Value(), input));
    for (const Value& argument : graphql_list(field, "Arguments")) {
      const Value* argument_type = argument.find("Type");
      UNHIDRA_TRY_VOID(check_reference(argument_type != nullptr ? *argument_type : Value(), true));
      UNHIDRA_TRY_VOID(check_directives(graphql_list(argument, "Directives")));
    }
    UNHIDRA_TRY_VOID(check_directives(graphql_list(field, "Directives")));
  }
  if (const Value* again = repeated(type.fields)) {
    return graphql_refused(*again, "Field " + type.name + "." + graphql_text(*again, "Name") +
                                       " can only be defined once.");
  }
  return {};
}

Status GraphqlSchema::check_interface(const GraphqlType& type, const std::string& name) const {
  const GraphqlType* interface = this->type(name);
  if (interface == nullptr) {
    return graphql_refused(type.definition, "Undefined type " + quote(name) + ".");
  }
  if (interface->kind != "INTERFACE") {
    return graphql_refused(type.definition,
                           quote(name) + " is a non interface type " + interface->kind + ".");
  }
  // What an interface implements, the type must say too.
  for (const std::string& inherited : interface->interfaces) {
    if (std::ranges::find(type.interfaces, inherited) == type.interfaces.end()) {
      return graphql_refused(type.definition, "Type " + type.name + " must implement " + inherited +
                                                  " because it is implemented by " + name + ".");
    }
  }
  for (const Value& required : interface->fields) {
    const std::string field_name = graphql_text(required, "Name");
    const Value* field = type.field(field_name);
    if (field == nullptr) {
      return graphql_refused(type.definition, "For " + type.name + " to implement " + name +
                                                  " it must have a field called " + field_name +
                                                  ".");
    }
    const Value* wanted = required.find("Type");
    const Value* given = field->find("Type");
    if (wanted == nullptr || given == nullptr) {
      continue;
    }
    const GraphqlType* wanted_type = this->type(graphql_type_name(*wanted));
    const GraphqlType* given_type = this->type(graphql_type_name(*given));
    const bool narrower = wanted_type != nullptr && given_type != nullptr &&
                          (wanted_type == given_type || possible(*wanted_type, *given_type));
    if (!same_type(*wanted, *given) && !narrower) {
      return graphql_refused(type.definition, "For " + type.name + " to implement " + name +
                                                  " the field " + field_name + " must have type " +
                                                  graphql_type_name(*wanted) + ".");
    }
    for (const Value& argument : graphql_list(required, "Arguments")) {
      const auto arguments = graphql_list(*field, "Arguments");
      const bool found = std::ranges::any_of(arguments, [&](const Value& other) {
        return graphql_text(other, "Name") == graphql_text(argument, "Name");
      });
      if (!found) {
        return graphql_refused(type.definition,
                               "For " + type.name + " to implement " + name + " the field " +
                                   field_name + " must have the same arguments but it is missing " +
                                   graphql_text(argument, "Name") + ".");
      }
    }
  }
  return {};
}

Status GraphqlSchema::check_type(const GraphqlType& type) const {
  if (type.built_in) {
    return {};
  }
  UNHIDRA_TRY_VOID(check_name(type.definition, type.name));
  const bool fields =
      type.kind == "OBJECT" || type.kind == "INTERFACE" || type.kind == "INPUT_OBJECT";
  if (fields && type.fields.empty()) {
    return graphql_refused(type.definition,
                           type.kind + " " + type.name + ": must define one or more fields.");
  }
  if (type.kind == "ENUM" && type.enum_values.empty()) {
    return graphql_refused(type.definition,
                           "ENUM " + type.name + ": must define one or more unique enum values.");
  }
  if (has_duplicates(type.enum_values)) {
    return graphql_refused(type.definition,
                           "ENUM " + type.name + ": must define one or more unique enum values.");
  }
  UNHIDRA_TRY_VOID(check_fields(type));
  for (const std::string& interface : type.interfaces) {
    UNHIDRA_TRY_VOID(check_interface(type, interface));
  }
  for (const std::string& member : type.types) {
    const GraphqlType* found = this->type(member);
    if (found == nullptr || found->kind != "OBJECT") {
      return graphql_refused(type.definition,
                             found == nullptr ? "Undefined type " + quote(member) + "."
                                              : "UNION type " + quote(member) + " must be OBJECT.");
    }
  }
  return check_directives(type.directives);
}

Result<GraphqlSchema> GraphqlSchema::build(const Value& document, Environment& environment) {
  GraphqlSchema out;
  UNHIDRA_TRY(const Value built_in, parse_graphql_schema(kBuiltIn, environment));
  UNHIDRA_TRY_VOID(out.add_document(built_in, true));
  UNHIDRA_TRY_VOID(out.add_document(document, false));
  for (const auto& [name, type] : out.types_) {
    UNHIDRA_TRY_VOID(environment.charge(64 * (type.fields.size() + 1)));
    UNHIDRA_TRY_VOID(out.check_type(type));
  }
  for (const auto& [name, directive] : out.directives_) {
    for (const Value& argument : graphql_list(directive, "Arguments")) {
      const Value* type = argument.find("Type");
      UNHIDRA_TRY_VOID(out.check_reference(type != nullptr ? *type : Value(), true));
    }
  }
  UNHIDRA_TRY_VOID(out.add_roots(document));
  return out;
}

}  // namespace unhidra::rego::builtins
