#include "unhidra/rego/capabilities.h"

#include <algorithm>
#include <array>

#include "unhidra/rego/errc.h"

#include "builtins/function.h"
#include "types/type.h"

namespace unhidra::rego {
namespace {

Value text(std::string_view value) {
  return Value::string(std::string(value));
}

Value typed(std::string_view kind, std::vector<Value::Member> more = {}) {
  more.emplace_back(text("type"), text(kind));
  return Value::object(std::move(more));
}

Value json_of(const TypePtr& type);

std::vector<Value> json_of(const std::vector<TypePtr>& types) {
  std::vector<Value> out;
  for (const TypePtr& type : types) {
    out.push_back(json_of(type));
  }
  return out;
}

Value array_json(const Type& type) {
  std::vector<Value::Member> out;
  if (!type.items.empty()) {
    out.emplace_back(text("static"), Value::array(json_of(type.items)));
  }
  if (type.value != nullptr) {
    out.emplace_back(text("dynamic"), json_of(type.value));
  }
  return typed("array", std::move(out));
}

Value object_json(const Type& type) {
  std::vector<Value::Member> out;
  std::vector<Value> fixed;
  for (const auto& [key, value] : type.properties) {
    fixed.push_back(Value::object({{text("key"), key}, {text("value"), json_of(value)}}));
  }
  if (!fixed.empty()) {
    out.emplace_back(text("static"), Value::array(std::move(fixed)));
  }
  if (type.value != nullptr) {
    out.emplace_back(text("dynamic"), Value::object({{text("key"), json_of(type.key)},
                                                     {text("value"), json_of(type.value)}}));
  }
  return typed("object", std::move(out));
}

Value json_of(const TypePtr& type) {
  switch (type->kind) {
    case Type::Kind::null:
      return typed("null");
    case Type::Kind::boolean:
      return typed("boolean");
    case Type::Kind::number:
      return typed("number");
    case Type::Kind::string:
      return typed("string");
    case Type::Kind::array:
      return array_json(*type);
    case Type::Kind::object:
      return object_json(*type);
    case Type::Kind::set:
      return typed("set", {{text("of"), json_of(type->value)}});
    case Type::Kind::any:
      break;
  }
  return type->items.empty() ? typed("any")
                             : typed("any", {{text("of"), Value::array(json_of(type->items))}});
}

// What the compiler knows by itself: operators of its own, relations to the text around them.
// `result`: empty where there is none.
struct Special {
  std::string_view name;
  std::vector<std::string_view> arguments;
  std::string_view result;
};
const std::vector<Special>& specials() {
  static const std::vector<Special> kAll{
      {"assign", {"any", "any"}, "boolean"},
      {"eq", {"any", "any"}, "boolean"},
      {"internal.member_2", {"any", "any"}, "boolean"},
      {"internal.member_3", {"any", "any", "any"}, "boolean"},
      {"internal.print", {"array[set[any]]"}, ""},
      {"internal.template_string", {"array[any]"}, "string"},
      {"internal.test_case", {"array[any]"}, ""},
      {"print", {}, ""},
      {"rego.metadata.chain", {}, "array[any]"},
      {"rego.metadata.rule", {}, "any"},
  };
  return kAll;
}

std::string_view operator_of(std::string_view name) {
  using Symbol = std::pair<std::string_view, std::string_view>;
  static constexpr std::array<Symbol, 17> kSymbols{{{"and", "&"},
                                                    {"assign", ":="},
                                                    {"div", "/"},
                                                    {"eq", "="},
                                                    {"equal", "=="},
                                                    {"gt", ">"},
                                                    {"gte", ">="},
                                                    {"internal.member_2", "in"},
                                                    {"internal.member_3", "in"},
                                                    {"lt", "<"},
                                                    {"lte", "<="},
                                                    {"minus", "-"},
                                                    {"mul", "*"},
                                                    {"neq", "!="},
                                                    {"or", "|"},
                                                    {"plus", "+"},
                                                    {"rem", "%"}}};
  const auto* found = std::ranges::find(kSymbols, name, &Symbol::first);
  return found == kSymbols.end() ? std::string_view() : found->second;
}

// By the reference. More functions than these are not called before they must be: see `varies`.
bool is_nondeterministic(std::string_view name) {
  static constexpr std::array<std::string_view, 9> kNames{
      "http.send",          "io.jwt.decode_verify", "io.jwt.encode_sign", "io.jwt.encode_sign_raw",
      "net.lookup_ip_addr", "opa.runtime",          "rand.intn",          "time.now_ns",
      "uuid.rfc4122"};
  return std::ranges::find(kNames, name) != kNames.end();
}

Value builtin_json(std::string_view name, std::vector<Value> arguments,
                   std::optional<Value> result) {
  std::vector<Value::Member> declared;
  if (!arguments.empty()) {
    declared.emplace_back(text("args"), Value::array(std::move(arguments)));
  }
  if (result) {
    declared.emplace_back(text("result"), std::move(*result));
  }
  if (name == "print") {
    declared.emplace_back(text("variadic"), typed("any"));
  }
  std::vector<Value::Member> out{{text("name"), text(name)},
                                 {text("decl"), typed("function", std::move(declared))}};
  if (const auto symbol = operator_of(name); !symbol.empty()) {
    out.emplace_back(text("infix"), text(symbol));
  }
  const auto mark = [&](std::string_view what, bool holds) {
    if (holds) {
      out.emplace_back(text(what), Value::boolean(true));
    }
  };
  mark("deprecated", is_deprecated_builtin(name));
  mark("nondeterministic", is_nondeterministic(name));
  mark("relation", name == "walk");
  return Value::object(std::move(out));
}

std::vector<Value> builtins_json() {
  std::vector<std::pair<std::string_view, Value>> out;
  for (const std::string_view name : typed_builtins()) {
    const auto* builtin = builtins::find_builtin(name);
    if (builtin == nullptr || builtin->for_tests) {
      continue;
    }
    const FunctionType& type = *builtin_type(name);
    std::vector<Value> arguments;
    for (const auto& part : type.arguments) {
      arguments.push_back(json_of(part.type));
    }
    out.emplace_back(name, builtin_json(name, std::move(arguments), json_of(type.result.type)));
  }
  for (const Special& one : specials()) {
    std::vector<Value> arguments;
    for (const auto argument : one.arguments) {
      arguments.push_back(json_of(parse_type(argument)));
    }
    out.emplace_back(one.name, builtin_json(one.name, std::move(arguments),
                                            one.result.empty()
                                                ? std::nullopt
                                                : std::optional(json_of(parse_type(one.result)))));
  }
  std::ranges::sort(out, {}, [](const auto& one) { return one.first; });
  std::vector<Value> sorted;
  for (auto& [name, value] : out) {
    sorted.push_back(std::move(value));
  }
  return sorted;
}

Value texts(std::initializer_list<std::string_view> all) {
  std::vector<Value> out;
  for (const auto one : all) {
    out.push_back(text(one));
  }
  return Value::array(std::move(out));
}

Result<Capabilities::Names> names_of(const Value& document, std::string_view member) {
  Capabilities::Names out;
  const Value* list = document.find(member);
  if (list == nullptr || list->is(Kind::null)) {
    return out;
  }
  if (!list->is(Kind::array)) {
    return fail(Errc::bad_document, "\"" + std::string(member) + "\" is no list");
  }
  for (const Value& one : list->elements()) {
    if (!one.is(Kind::string)) {
      return fail(Errc::bad_document, "\"" + std::string(member) + "\" is a list of texts");
    }
    out.insert(one.text());
  }
  return out;
}

}  // namespace

Value own_capabilities() {
  return Value::object(
      {{text("builtins"), Value::array(builtins_json())},
       {text("features"), texts({"keywords_in_refs", "rego_v1", "template_strings"})},
       {text("future_keywords"), texts({"and", "not", "or"})}});
}

Result<Capabilities> read_capabilities(const Value& document) {
  const Value* builtins = document.is(Kind::object) ? document.find("builtins") : nullptr;
  if (builtins == nullptr || !builtins->is(Kind::array)) {
    return fail(Errc::bad_document, "capabilities have a list of \"builtins\"");
  }
  Capabilities out;
  for (const Value& one : builtins->elements()) {
    const Value* name = one.is(Kind::object) ? one.find("name") : nullptr;
    if (name == nullptr || !name->is(Kind::string)) {
      return fail(Errc::bad_document, "each of the \"builtins\" is an object with a \"name\"");
    }
    out.builtins.insert(name->text());
  }
  UNHIDRA_TRY(out.future_keywords, names_of(document, "future_keywords"));
  UNHIDRA_TRY(out.features, names_of(document, "features"));
  if (document.find("allow_net") != nullptr) {
    UNHIDRA_TRY(out.allow_net, names_of(document, "allow_net"));
  }
  return out;
}

}  // namespace unhidra::rego
