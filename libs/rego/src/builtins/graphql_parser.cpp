#include "builtins/graphql_parser.h"

#include <array>

#include "builtins/go_text.h"
#include "builtins/graphql_lexer.h"

namespace unhidra::rego::builtins {
namespace {

using Token = GraphqlToken;

constexpr int kMaxDepth = 200;

// A node of the tree; members without content are left out.
class Node {
 public:
  Node& text(std::string_view name, std::string_view value) {
    return raw(name, Value::string(std::string(value)));
  }
  Node& flag(std::string_view name, bool value) { return raw(name, Value::boolean(value)); }
  Node& list(std::string_view name, std::vector<Value> values) {
    return values.empty() ? *this : raw(name, Value::array(std::move(values)));
  }
  Node& node(std::string_view name, const Value& value) {
    return value.is(Kind::null) ? *this : raw(name, value);
  }
  Node& raw(std::string_view name, Value value) {
    members_.emplace_back(Value::string(std::string(name)), std::move(value));
    return *this;
  }
  Value take() { return Value::object(std::move(members_)); }

 private:
  std::vector<Value::Member> members_;
};

class Parser {
 public:
  Parser(std::string_view text, Environment& environment)
      : lexer_(text), environment_(environment), next_(lexer_.next()) {}

  Result<Value> query() {
    std::vector<Value> operations;
    std::vector<Value> fragments;
    while (!at(Token::end)) {
      UNHIDRA_TRY_VOID(environment_.charge(1));
      if (at_keyword("fragment")) {
        UNHIDRA_TRY(Value fragment, fragment_definition());
        fragments.push_back(std::move(fragment));
      } else if (at(Token::brace_l) || at_keyword("query") || at_keyword("mutation") ||
                 at_keyword("subscription")) {
        UNHIDRA_TRY(Value operation, operation_definition());
        operations.push_back(std::move(operation));
      } else {
        return unexpected();
      }
    }
    return Node()
        .list("Operations", std::move(operations))
        .list("Fragments", std::move(fragments))
        .take();
  }

  Result<Value> schema() {
    std::vector<Value> schemas;
    std::vector<Value> schema_extensions;
    std::vector<Value> directives;
    std::vector<Value> definitions;
    std::vector<Value> extensions;
    while (!at(Token::end)) {
      const GraphqlLexeme start = next_;
      const bool described = at(Token::string) || at(Token::block_string);
      const std::string description = described ? take().value : "";
      if (!at(Token::name)) {
        return unexpected();
      }
      if (at_keyword("extend")) {
        if (described) {
          return unexpected(start);
        }
        take();
        const bool whole = at_keyword("schema");
        UNHIDRA_TRY(Value extension,
                    whole ? schema_definition("", true) : type_definition("", true));
        (whole ? schema_extensions : extensions).push_back(std::move(extension));
      } else if (at_keyword("schema")) {
        UNHIDRA_TRY(Value definition, schema_definition(description, false));
        schemas.push_back(std::move(definition));
      } else if (at_keyword("directive")) {
        UNHIDRA_TRY(Value directive, directive_definition(description));
        directives.push_back(std::move(directive));
      } else {
        UNHIDRA_TRY(Value definition, type_definition(description, false));
        definitions.push_back(std::move(definition));
      }
    }
    return Node()
        .list("Schema", std::move(schemas))
        .list("SchemaExtension", std::move(schema_extensions))
        .list("Directives", std::move(directives))
        .list("Definitions", std::move(definitions))
        .list("Extensions", std::move(extensions))
        .take();
  }

 private:
  bool at(Token token) const { return next_.token == token; }
  bool at_keyword(std::string_view word) const {
    return next_.token == Token::name && next_.value == word;
  }
  GraphqlLexeme take() {
    GraphqlLexeme out = std::move(next_);
    next_ = lexer_.next();
    return out;
  }
  bool skip(Token token) {
    if (!at(token)) {
      return false;
    }
    take();
    return true;
  }

  static std::unexpected<Error> bad(const GraphqlLexeme& where, const std::string& what) {
    return failed(what + " in GraphQL string at location " + std::to_string(where.line) + ':' +
                  std::to_string(where.column));
  }
  static std::unexpected<Error> unexpected(const GraphqlLexeme& lexeme) {
    return bad(lexeme, "Unexpected " + lexeme.to_string());
  }
  std::unexpected<Error> unexpected() const { return unexpected(next_); }

  Result<std::string> expect(Token token) {
    if (!at(token)) {
      // What the lexer could not read is told in its own words.
      return bad(next_, at(Token::invalid) ? next_.value
                                           : "Expected " + std::string(token_name(token)) +
                                                 ", found " + next_.to_string());
    }
    return take().value;
  }
  Status expect_keyword(std::string_view word) {
    if (!at_keyword(word)) {
      return bad(next_, "Expected " + quote(word) + ", found " + next_.to_string());
    }
    take();
    return {};
  }
  Result<std::string> name() { return expect(Token::name); }

  // Parsers of one item each, until the closing token.
  template <class Item>
  Result<std::vector<Value>> many(Token open, Token close, bool one_at_least, Item item) {
    std::vector<Value> out;
    if (!skip(open)) {
      return out;
    }
    // At the end of the text the item says what it expected.
    while (!at(close)) {
      UNHIDRA_TRY_VOID(environment_.charge(sizeof(Value) * 4));
      UNHIDRA_TRY(Value value, item());
      out.push_back(std::move(value));
    }
    if (one_at_least && out.empty()) {
      return bad(next_,
                 "expected at least one definition, found " + std::string(token_name(next_.token)));
    }
    UNHIDRA_TRY_VOID(expect(close));
    return out;
  }

  Result<Value> operation_definition() {
    Node out;
    if (at(Token::brace_l)) {
      UNHIDRA_TRY(auto selections, selection_set(0));
      return out.text("Operation", "query")
          .text("Name", "")
          .list("SelectionSet", std::move(selections))
          .take();
    }
    out.text("Operation", take().value);
    out.text("Name", at(Token::name) ? take().value : "");
    UNHIDRA_TRY(auto variables, variable_definitions());
    UNHIDRA_TRY(auto list, directives(false));
    UNHIDRA_TRY(auto selections, selection_set(0));
    return out.list("VariableDefinitions", std::move(variables))
        .list("Directives", std::move(list))
        .list("SelectionSet", std::move(selections))
        .take();
  }

  Result<std::vector<Value>> variable_definitions() {
    return many(Token::paren_l, Token::paren_r, true, [this]() -> Result<Value> {
      UNHIDRA_TRY_VOID(expect(Token::dollar));
      UNHIDRA_TRY(const std::string variable, name());
      UNHIDRA_TRY_VOID(expect(Token::colon));
      UNHIDRA_TRY(const Value type, type_reference(0));
      Value default_value;
      if (skip(Token::equals)) {
        UNHIDRA_TRY(default_value, value(true, 0));
      }
      UNHIDRA_TRY(auto list, directives(true));
      return Node()
          .text("Variable", variable)
          .node("Type", type)
          .node("DefaultValue", default_value)
          .list("Directives", std::move(list))
          .flag("Used", false)
          .take();
    });
  }

  Result<std::vector<Value>> selection_set(int depth) {
    if (!at(Token::brace_l)) {
      UNHIDRA_TRY_VOID(expect(Token::brace_l));
    }
    return optional_selection_set(depth);
  }

  Result<std::vector<Value>> optional_selection_set(int depth) {
    if (depth > kMaxDepth) {
      return bad(next_, "nested too deeply");
    }
    return many(Token::brace_l, Token::brace_r, true,
                [this, depth] { return at(Token::spread) ? fragment(depth) : field(depth); });
  }

  Result<Value> field(int depth) {
    UNHIDRA_TRY(const std::string first, name());
    std::string field_name = first;
    if (skip(Token::colon)) {
      UNHIDRA_TRY(field_name, name());
    }
    UNHIDRA_TRY(auto given, arguments(false));
    UNHIDRA_TRY(auto list, directives(false));
    UNHIDRA_TRY(auto selections, optional_selection_set(depth + 1));
    return Node()
        .text("Alias", first)
        .text("Name", field_name)
        .list("Arguments", std::move(given))
        .list("Directives", std::move(list))
        .list("SelectionSet", std::move(selections))
        .take();
  }

  Result<Value> fragment(int depth) {
    UNHIDRA_TRY_VOID(expect(Token::spread));
    if (at(Token::name) && !at_keyword("on")) {
      const std::string spread = take().value;
      UNHIDRA_TRY(auto list, directives(false));
      return Node().text("Name", spread).list("Directives", std::move(list)).take();
    }
    std::string condition;
    if (at_keyword("on")) {
      take();
      UNHIDRA_TRY(condition, name());
    }
    UNHIDRA_TRY(auto list, directives(false));
    UNHIDRA_TRY(auto selections, selection_set(depth + 1));
    return Node()
        .text("TypeCondition", condition)
        .list("Directives", std::move(list))
        .list("SelectionSet", std::move(selections))
        .take();
  }

  Result<Value> fragment_definition() {
    take();
    if (at_keyword("on")) {
      return unexpected();
    }
    UNHIDRA_TRY(const std::string fragment_name, name());
    UNHIDRA_TRY(auto variables, variable_definitions());
    UNHIDRA_TRY_VOID(expect_keyword("on"));
    UNHIDRA_TRY(const std::string condition, name());
    UNHIDRA_TRY(auto list, directives(false));
    UNHIDRA_TRY(auto selections, selection_set(0));
    return Node()
        .text("Name", fragment_name)
        .list("VariableDefinition", std::move(variables))
        .text("TypeCondition", condition)
        .list("Directives", std::move(list))
        .list("SelectionSet", std::move(selections))
        .take();
  }

  Result<std::vector<Value>> arguments(bool constant) {
    return many(Token::paren_l, Token::paren_r, true, [this, constant]() -> Result<Value> {
      UNHIDRA_TRY(const std::string argument, name());
      UNHIDRA_TRY_VOID(expect(Token::colon));
      UNHIDRA_TRY(Value given, value(constant, 0));
      return Node().text("Name", argument).raw("Value", std::move(given)).take();
    });
  }

  Result<std::vector<Value>> directives(bool constant) {
    std::vector<Value> out;
    while (skip(Token::at)) {
      UNHIDRA_TRY(const std::string directive, name());
      UNHIDRA_TRY(auto given, arguments(constant));
      out.push_back(Node()
                        .text("Name", directive)
                        .list("Arguments", std::move(given))
                        .text("Location", "")
                        .take());
    }
    return out;
  }

  Result<Value> value(bool constant, int depth) {
    using VK = GraphqlValueKind;
    if (depth > kMaxDepth) {
      return bad(next_, "nested too deeply");
    }
    std::vector<Value> children;
    std::string raw;
    VK kind = VK::null;
    switch (next_.token) {
      case Token::dollar: {
        if (constant) {
          return unexpected();
        }
        take();
        UNHIDRA_TRY(raw, name());
        kind = VK::variable;
        break;
      }
      case Token::bracket_l: {
        kind = VK::list;
        UNHIDRA_TRY(children,
                    many(Token::bracket_l, Token::bracket_r, false, [&]() -> Result<Value> {
                      UNHIDRA_TRY(Value child, value(constant, depth + 1));
                      return Node().text("Name", "").raw("Value", std::move(child)).take();
                    }));
        break;
      }
      case Token::brace_l: {
        kind = VK::object;
        UNHIDRA_TRY(children, many(Token::brace_l, Token::brace_r, false, [&]() -> Result<Value> {
                      UNHIDRA_TRY(const std::string child_name, name());
                      UNHIDRA_TRY_VOID(expect(Token::colon));
                      UNHIDRA_TRY(Value child, value(constant, depth + 1));
                      return Node().text("Name", child_name).raw("Value", std::move(child)).take();
                    }));
        break;
      }
      case Token::integer:
        kind = VK::integer;
        raw = take().value;
        break;
      case Token::real:
        kind = VK::real;
        raw = take().value;
        break;
      case Token::string:
        kind = VK::string;
        raw = take().value;
        break;
      case Token::block_string:
        kind = VK::block;
        raw = take().value;
        break;
      case Token::name:
        raw = take().value;
        kind = raw == "true" || raw == "false" ? VK::boolean
               : raw == "null"                 ? VK::null
                                               : VK::enumeration;
        break;
      default:
        return unexpected();
    }
    return Node()
        .text("Raw", raw)
        .list("Children", std::move(children))
        .raw("Kind", Value::integer(static_cast<int>(kind)))
        .flag("ExpectedTypeHasDefault", false)
        .take();
  }

  Result<Value> type_reference(int depth) {
    if (depth > kMaxDepth) {
      return bad(next_, "nested too deeply");
    }
    Value element;
    std::string named;
    if (skip(Token::bracket_l)) {
      UNHIDRA_TRY(element, type_reference(depth + 1));
      UNHIDRA_TRY_VOID(expect(Token::bracket_r));
    } else {
      UNHIDRA_TRY(named, name());
    }
    return Node()
        .text("NamedType", named)
        .node("Elem", element)
        .flag("NonNull", skip(Token::bang))
        .take();
  }

  std::string description() {
    return at(Token::string) || at(Token::block_string) ? take().value : "";
  }

  Result<Value> schema_definition(std::string_view text, bool extension) {
    take();
    UNHIDRA_TRY(auto list, directives(true));
    if (!extension && !at(Token::brace_l)) {
      UNHIDRA_TRY_VOID(expect(Token::brace_l));
    }
    UNHIDRA_TRY(
        auto types, many(Token::brace_l, Token::brace_r, true, [this]() -> Result<Value> {
          UNHIDRA_TRY(const std::string operation, name());
          if (operation != "query" && operation != "mutation" && operation != "subscription") {
            return bad(next_, "Unexpected Name " + quote(operation));
          }
          UNHIDRA_TRY_VOID(expect(Token::colon));
          UNHIDRA_TRY(const std::string type, name());
          return Node().text("Operation", operation).text("Type", type).take();
        }));
    if (list.empty() && types.empty()) {
      return unexpected();
    }
    return Node()
        .text("Description", text)
        .list("Directives", std::move(list))
        .list("OperationTypes", std::move(types))
        .take();
  }

  Result<std::vector<Value>> interfaces() {
    std::vector<Value> out;
    if (!at_keyword("implements")) {
      return out;
    }
    take();
    skip(Token::amp);
    do {
      UNHIDRA_TRY(std::string interface, name());
      out.push_back(Value::string(std::move(interface)));
    } while (skip(Token::amp));
    return out;
  }

  Result<std::vector<Value>> field_definitions() {
    return many(Token::brace_l, Token::brace_r, true, [this]() -> Result<Value> {
      const std::string text = description();
      UNHIDRA_TRY(const std::string field, name());
      UNHIDRA_TRY(auto parameters, argument_definitions(Token::paren_l, Token::paren_r));
      UNHIDRA_TRY_VOID(expect(Token::colon));
      UNHIDRA_TRY(const Value type, type_reference(0));
      UNHIDRA_TRY(auto list, directives(true));
      return Node()
          .text("Description", text)
          .text("Name", field)
          .list("Arguments", std::move(parameters))
          .node("Type", type)
          .list("Directives", std::move(list))
          .take();
    });
  }

  // Of fields, directives and input objects: they look the same.
  Result<std::vector<Value>> argument_definitions(Token open, Token close) {
    return many(open, close, true, [this]() -> Result<Value> {
      const std::string text = description();
      UNHIDRA_TRY(const std::string argument, name());
      UNHIDRA_TRY_VOID(expect(Token::colon));
      UNHIDRA_TRY(const Value type, type_reference(0));
      Value default_value;
      if (skip(Token::equals)) {
        UNHIDRA_TRY(default_value, value(true, 0));
      }
      UNHIDRA_TRY(auto list, directives(true));
      return Node()
          .text("Description", text)
          .text("Name", argument)
          .node("DefaultValue", default_value)
          .node("Type", type)
          .list("Directives", std::move(list))
          .take();
    });
  }

  Result<std::vector<Value>> enum_values() {
    return many(Token::brace_l, Token::brace_r, true, [this]() -> Result<Value> {
      const std::string text = description();
      UNHIDRA_TRY(const std::string value_name, name());
      UNHIDRA_TRY(auto list, directives(true));
      return Node()
          .text("Description", text)
          .text("Name", value_name)
          .list("Directives", std::move(list))
          .take();
    });
  }

  Result<std::vector<Value>> union_members() {
    std::vector<Value> out;
    if (!skip(Token::equals)) {
      return out;
    }
    skip(Token::pipe);
    do {
      UNHIDRA_TRY(std::string member, name());
      out.push_back(Value::string(std::move(member)));
    } while (skip(Token::pipe));
    return out;
  }

  Result<Value> type_definition(std::string_view text, bool extension) {
    struct Keyword {
      std::string_view word;
      std::string_view kind;
      std::string_view member;
    };
    constexpr std::array<Keyword, 6> kKeywords = {{{"scalar", "SCALAR", ""},
                                                   {"type", "OBJECT", "Fields"},
                                                   {"interface", "INTERFACE", "Fields"},
                                                   {"union", "UNION", "Types"},
                                                   {"enum", "ENUM", "EnumValues"},
                                                   {"input", "INPUT_OBJECT", "Fields"}}};
    const Keyword* keyword = nullptr;
    for (const Keyword& known : kKeywords) {
      keyword = at_keyword(known.word) ? &known : keyword;
    }
    if (keyword == nullptr) {
      return unexpected();
    }
    take();
    UNHIDRA_TRY(const std::string type_name, name());
    std::vector<Value> implemented;
    if (keyword->word == "type" || keyword->word == "interface") {
      UNHIDRA_TRY(implemented, interfaces());
    }
    UNHIDRA_TRY(auto list, directives(true));
    std::vector<Value> content;
    if (keyword->word == "type" || keyword->word == "interface") {
      UNHIDRA_TRY(content, field_definitions());
    } else if (keyword->word == "union") {
      UNHIDRA_TRY(content, union_members());
    } else if (keyword->word == "enum") {
      UNHIDRA_TRY(content, enum_values());
    } else if (keyword->word == "input") {
      UNHIDRA_TRY(content, argument_definitions(Token::brace_l, Token::brace_r));
    }
    if (extension && implemented.empty() && list.empty() && content.empty()) {
      return unexpected();  // it would extend nothing
    }
    return Node()
        .text("Kind", keyword->kind)
        .text("Description", text)
        .text("Name", type_name)
        .list("Directives", std::move(list))
        .list("Interfaces", std::move(implemented))
        .list(keyword->member, std::move(content))
        .flag("BuiltIn", false)
        .take();
  }

  Result<Value> directive_definition(std::string_view text) {
    take();
    UNHIDRA_TRY_VOID(expect(Token::at));
    UNHIDRA_TRY(const std::string directive, name());
    UNHIDRA_TRY(auto parameters, argument_definitions(Token::paren_l, Token::paren_r));
    const bool repeatable = at_keyword("repeatable");
    if (repeatable) {
      take();
    }
    UNHIDRA_TRY_VOID(expect_keyword("on"));
    UNHIDRA_TRY(auto locations, directive_locations());
    return Node()
        .text("Description", text)
        .text("Name", directive)
        .list("Arguments", std::move(parameters))
        .list("Locations", std::move(locations))
        .flag("IsRepeatable", repeatable)
        .take();
  }

  Result<std::vector<Value>> directive_locations() {
    constexpr auto kLocations = std::to_array<std::string_view>(
        {"QUERY", "MUTATION", "SUBSCRIPTION", "FIELD", "FRAGMENT_DEFINITION", "FRAGMENT_SPREAD",
         "INLINE_FRAGMENT", "VARIABLE_DEFINITION", "SCHEMA", "SCALAR", "OBJECT", "FIELD_DEFINITION",
         "ARGUMENT_DEFINITION", "INTERFACE", "UNION", "ENUM", "ENUM_VALUE", "INPUT_OBJECT",
         "INPUT_FIELD_DEFINITION"});
    std::vector<Value> out;
    skip(Token::pipe);
    do {
      const GraphqlLexeme where = next_;
      UNHIDRA_TRY(std::string location, name());
      if (std::find(kLocations.begin(), kLocations.end(), location) == kLocations.end()) {
        return unexpected(where);
      }
      out.push_back(Value::string(std::move(location)));
    } while (skip(Token::pipe));
    return out;
  }

  GraphqlLexer lexer_;
  Environment& environment_;
  GraphqlLexeme next_;
};

Status check_size(std::string_view text, Environment& environment) {
  if (text.size() > kMaxGraphql) {
    return failed("document is too long in GraphQL string at location 1:1");
  }
  return environment.charge(text.size() * 4);
}

}  // namespace

Result<Value> parse_graphql_query(std::string_view text, Environment& environment) {
  UNHIDRA_TRY_VOID(check_size(text, environment));
  return Parser(text, environment).query();
}

Result<Value> parse_graphql_schema(std::string_view text, Environment& environment) {
  UNHIDRA_TRY_VOID(check_size(text, environment));
  return Parser(text, environment).schema();
}

}  // namespace unhidra::rego::builtins
