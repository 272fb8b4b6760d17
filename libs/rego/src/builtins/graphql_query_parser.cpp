// Executable documents: operations and fragments (GraphQL, October 2021, section 2.3 to 2.8).
#include "builtins/graphql_reader.h"

namespace unhidra::rego::builtins {
namespace {

class QueryParser : public GraphqlReader {
 public:
  using GraphqlReader::GraphqlReader;

  Result<Value> query() {
    std::vector<Value> operations;
    std::vector<Value> fragments;
    while (!at(Token::end)) {
      UNHIDRA_TRY_VOID(environment().charge(1));
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

 private:
  Result<Value> operation_definition() {
    Node out;
    out.at(here());
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
      const GraphqlPlace place = here();
      UNHIDRA_TRY_VOID(expect(Token::dollar));
      UNHIDRA_TRY(const std::string variable, name());
      UNHIDRA_TRY(auto declared, declaration());
      return Node()
          .at(place)
          .text("Variable", variable)
          .node("Type", declared.type)
          .node("DefaultValue", declared.default_value)
          .list("Directives", std::move(declared.directives))
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
      return bad(next(), "nested too deeply");
    }
    return many(Token::brace_l, Token::brace_r, true,
                [this, depth] { return at(Token::spread) ? fragment(depth) : field(depth); });
  }

  Result<Value> field(int depth) {
    const GraphqlPlace place = here();
    UNHIDRA_TRY(const std::string first, name());
    std::string field_name = first;
    if (skip(Token::colon)) {
      UNHIDRA_TRY(field_name, name());
    }
    UNHIDRA_TRY(auto given, arguments(false));
    UNHIDRA_TRY(auto list, directives(false));
    UNHIDRA_TRY(auto selections, optional_selection_set(depth + 1));
    return Node()
        .at(place)
        .text("Alias", first)
        .text("Name", field_name)
        .list("Arguments", std::move(given))
        .list("Directives", std::move(list))
        .list("SelectionSet", std::move(selections))
        .take();
  }

  Result<Value> fragment(int depth) {
    UNHIDRA_TRY_VOID(expect(Token::spread));
    const GraphqlPlace place = here();
    if (at(Token::name) && !at_keyword("on")) {
      const std::string spread = take().value;
      UNHIDRA_TRY(auto list, directives(false));
      return Node().at(place).text("Name", spread).list("Directives", std::move(list)).take();
    }
    std::string condition;
    if (at_keyword("on")) {
      take();
      UNHIDRA_TRY(condition, name());
    }
    UNHIDRA_TRY(auto list, directives(false));
    UNHIDRA_TRY(auto selections, selection_set(depth + 1));
    return Node()
        .at(place)
        .text("TypeCondition", condition)
        .list("Directives", std::move(list))
        .list("SelectionSet", std::move(selections))
        .take();
  }

  Result<Value> fragment_definition() {
    const GraphqlPlace place = here();
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
        .at(place)
        .text("Name", fragment_name)
        .list("VariableDefinition", std::move(variables))
        .text("TypeCondition", condition)
        .list("Directives", std::move(list))
        .list("SelectionSet", std::move(selections))
        .take();
  }
};

}  // namespace

Result<Value> parse_graphql_query(std::string_view text, Environment& environment,
                                  GraphqlPlaces places) {
  UNHIDRA_TRY_VOID(check_graphql_size(text, environment));
  return QueryParser(text, places, environment).query();
}

}  // namespace unhidra::rego::builtins
