// Type system documents (GraphQL, October 2021, section 3).
#include <algorithm>
#include <array>

#include "builtins/go_text.h"
#include "builtins/graphql_reader.h"

namespace unhidra::rego::builtins {
namespace {

class SchemaParser : public GraphqlReader {
 public:
  using GraphqlReader::GraphqlReader;

  Result<Value> schema() {
    std::vector<Value> schemas;
    std::vector<Value> schema_extensions;
    std::vector<Value> directives;
    std::vector<Value> definitions;
    std::vector<Value> extensions;
    while (!at(Token::end)) {
      const GraphqlLexeme start = next();
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
  std::string description() {
    return at(Token::string) || at(Token::block_string) ? take().value : "";
  }

  Result<Value> schema_definition(std::string_view text, bool extension) {
    take();
    const GraphqlPlace place = here();
    UNHIDRA_TRY(auto list, directives(true));
    if (!extension && !at(Token::brace_l)) {
      UNHIDRA_TRY_VOID(expect(Token::brace_l));
    }
    UNHIDRA_TRY(
        auto types, many(Token::brace_l, Token::brace_r, true, [this]() -> Result<Value> {
          const GraphqlPlace own = here();
          UNHIDRA_TRY(const std::string operation, name());
          if (operation != "query" && operation != "mutation" && operation != "subscription") {
            return bad(next(), "Unexpected Name " + quote(operation));
          }
          UNHIDRA_TRY_VOID(expect(Token::colon));
          UNHIDRA_TRY(const std::string type, name());
          return Node().at(own).text("Operation", operation).text("Type", type).take();
        }));
    if (list.empty() && types.empty()) {
      return unexpected();
    }
    return Node()
        .at(place)
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
      const GraphqlPlace place = here();
      const std::string text = description();
      UNHIDRA_TRY(const std::string field, name());
      UNHIDRA_TRY(auto parameters, argument_definitions(Token::paren_l, Token::paren_r));
      UNHIDRA_TRY_VOID(expect(Token::colon));
      UNHIDRA_TRY(const Value type, type_reference(0));
      UNHIDRA_TRY(auto list, directives(true));
      return Node()
          .at(place)
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
      const GraphqlPlace place = here();
      const std::string text = description();
      UNHIDRA_TRY(const std::string argument, name());
      UNHIDRA_TRY(auto declared, declaration());
      return Node()
          .at(place)
          .text("Description", text)
          .text("Name", argument)
          .node("DefaultValue", declared.default_value)
          .node("Type", declared.type)
          .list("Directives", std::move(declared.directives))
          .take();
    });
  }

  Result<std::vector<Value>> enum_values() {
    return many(Token::brace_l, Token::brace_r, true, [this]() -> Result<Value> {
      const GraphqlPlace place = here();
      const std::string text = description();
      UNHIDRA_TRY(const std::string value_name, name());
      UNHIDRA_TRY(auto list, directives(true));
      return Node()
          .at(place)
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
    const GraphqlPlace place = here();
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
        .at(place)
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
    const GraphqlPlace place = here();
    UNHIDRA_TRY(const std::string directive, name());
    UNHIDRA_TRY(auto parameters, argument_definitions(Token::paren_l, Token::paren_r));
    const bool repeatable = at_keyword("repeatable");
    if (repeatable) {
      take();
    }
    UNHIDRA_TRY_VOID(expect_keyword("on"));
    UNHIDRA_TRY(auto locations, directive_locations());
    return Node()
        .at(place)
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
      const GraphqlLexeme where = next();
      UNHIDRA_TRY(std::string location, name());
      if (std::find(kLocations.begin(), kLocations.end(), location) == kLocations.end()) {
        return unexpected(where);
      }
      out.push_back(Value::string(std::move(location)));
    } while (skip(Token::pipe));
    return out;
  }
};

}  // namespace

Result<Value> parse_graphql_schema(std::string_view text, Environment& environment,
                                   GraphqlPlaces places) {
  UNHIDRA_TRY_VOID(check_graphql_size(text, environment));
  return SchemaParser(text, places, environment).schema();
}

}  // namespace unhidra::rego::builtins
