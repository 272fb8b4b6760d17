#include "builtins/call_by_name.h"

namespace unhidra::rego::builtins {
namespace {

class Graphql : public Builtins {
 protected:
  std::string on(std::string_view function, std::initializer_list<std::string_view> documents) {
    std::string operands;
    for (const std::string_view document : documents) {
      operands += (operands.empty() ? "" : ",") + quote_json(document);
    }
    return call(function, "[" + operands + "]");
  }
};

constexpr std::string_view kSchema = R"(
  type Query { hero(id: ID!, tags: [String!]): Character, search: Found }
  interface Character { name: String! }
  type Human implements Character { name: String!, height: Float }
  type Droid implements Character { name: String!, model: Model }
  enum Model { R2 C3 }
  union Found = Human | Droid
)";

TEST_F(Graphql, QueriesBecomeTrees) {
  EXPECT_EQ(
      on("graphql.parse_query", {"{ a: f(x: [1, $v]) }"}),
      R"({"Operations": [{"Name": "", "Operation": "query", "SelectionSet": [{"Alias": "a", "Arguments": [{"Name": "x", "Value": {"Children": [{"Name": "", "Value": {"ExpectedTypeHasDefault": false, "Kind": 1, "Raw": "1"}}, {"Name": "", "Value": {"ExpectedTypeHasDefault": false, "Kind": 0, "Raw": "v"}}], "ExpectedTypeHasDefault": false, "Kind": 8, "Raw": ""}}], "Name": "f"}]}]})");
}

TEST_F(Graphql, SyntaxErrorsSayWhere) {
  EXPECT_EQ(on("graphql.parse_query", {"{"}),
            "error: Expected Name, found <EOF> in GraphQL string at location 1:2");
  EXPECT_EQ(on("graphql.parse_query", {"{ ...on }"}),
            "error: Expected Name, found } in GraphQL string at location 1:9");
  EXPECT_EQ(on("graphql.parse_query", {"notanoperation Foo { field }"}),
            R"(error: Unexpected Name "notanoperation" in GraphQL string at location 1:1)");
  EXPECT_EQ(on("graphql.parse_schema", {"type Hello {}"}),
            "error: expected at least one definition, found } in GraphQL string at location 1:13");
  EXPECT_EQ(on("graphql.parse_schema", {"\n  \"Description\"\n  extend type Hello { w: String }"}),
            R"(error: Unexpected String "Description" in GraphQL string at location 2:4)");
  EXPECT_EQ(on("graphql.parse_schema", {"\"\"\"\r"}),
            "error: Unexpected <Invalid> in GraphQL string at location 2:1");
}

TEST_F(Graphql, ValidQueriesPass) {
  for (const std::string_view query :
       {"{ hero(id: 1) { name ... on Human { height } } }",
        "query Q($id: ID!, $t: [String!]) { hero(id: $id, tags: $t) { __typename name } }",
        "{ search { ...H } } fragment H on Human { name }", "{ __schema { types { name } } }",
        ""}) {
    EXPECT_EQ(on("graphql.is_valid", {query, kSchema}), "true")
        << query << on("graphql.parse", {query, kSchema});
  }
}

TEST_F(Graphql, EachRuleRefusesItsOffence) {
  for (const std::string_view query :
       {"{ hero(id: 1) { unknown } }", "{ hero { name } }", "{ hero(id: 1, x: 2) { name } }",
        "{ hero(id: 1) }", "{ hero(id: 1) { name { x } } }", "{ hero(id: $id) { name } }",
        "query Q($id: ID!) { hero(id: 1) { name } }", "{ hero(id: 1) { ...Missing } }",
        "{ hero(id: 1) { name } } fragment F on Human { name }",
        "{ hero(id: 1) { ...F } } fragment F on Human { name ...F }",
        "{ hero(id: 1) { name @unknown } }", "mutation { x }", "{ hero(id: 1.5) { name } }",
        "{ a: hero(id: 1) { name } a: hero(id: 2) { name } }",
        "{ hero(id: 1) { ... on Model { name } } }",
        "query A { search { __typename } } { search { __typename } }",
        "query Q($id: ID) { hero(id: $id) { name } }"}) {
    EXPECT_EQ(on("graphql.is_valid", {query, kSchema}), "false") << query;
  }
}

TEST_F(Graphql, WhatIsRefusedSaysWhere) {
  const auto told = [&](std::string_view query) { return on("graphql.parse", {query, kSchema}); };
  EXPECT_EQ(
      told("{ hero(id: 1) {\n  unknown } }"),
      R"(error: Cannot query field "unknown" on type "Character" in GraphQL string at location 2:3)");
  EXPECT_EQ(
      told("{ hero(id: 1, x: 2) { name } }"),
      R"(error: Unknown argument "x" on field "Query.hero" in GraphQL string at location 1:3)");
  EXPECT_EQ(
      told("{ hero { name } }"),
      R"(error: Field "hero" argument "id" of type "ID!" is required, but it was not provided in GraphQL string at location 1:3)");
  EXPECT_EQ(
      told("{ hero(id: 1) }"),
      R"(error: Field "hero" of type "Character" must have a selection of subfields. Did you mean "hero { ... }"? in GraphQL string at location 1:3)");
  EXPECT_EQ(
      told("query Q { hero(id: $id) { name } }"),
      R"(error: Variable "$id" is not defined by operation "Q" in GraphQL string at location 1:20)");
  EXPECT_EQ(
      told("query Q($id: ID!) { hero(id: 1) { name } }"),
      R"(error: Variable "$id" is never used in operation "Q" in GraphQL string at location 1:9)");
  EXPECT_EQ(told("{ hero(id: 1) { ...Missing } }"),
            R"(error: Unknown fragment "Missing" in GraphQL string at location 1:20)");
  EXPECT_EQ(told("{ hero(id: 1) { name } }\nfragment F on Human { name }"),
            R"(error: Fragment "F" is never used in GraphQL string at location 2:1)");
  EXPECT_EQ(told("{ hero(id: 1) { name @unknown } }"),
            R"(error: Unknown directive "@unknown" in GraphQL string at location 1:23)");
  EXPECT_EQ(
      told("{ hero(id: 1.5) { name } }"),
      R"(error: ID cannot represent a non-string and non-integer value: 1.5 in GraphQL string at location 1:12)");
  EXPECT_EQ(
      told("{ hero(id: 1) { name ... on Model { name } } }"),
      R"(error: Fragment cannot condition on non composite type "Model" in GraphQL string at location 1:26)");
  EXPECT_EQ(
      told("mutation { x }"),
      R"(error: Schema does not support operation type "mutation" in GraphQL string at location 1:1)");
  EXPECT_EQ(
      on("graphql.parse", {"{ a }", "type Query { a: Unknown }"}),
      "error: Error in gqlparser SchemaDocument to Schema conversion: Undefined type Unknown. in "
      "GraphQL string at location 1:17");
  // A tree that was parsed before does not know its places.
  EXPECT_EQ(call("graphql.parse", "[" + on("graphql.parse_query", {"{ nothing }"}) + "," +
                                      quote_json(kSchema) + "]"),
            R"(error: Cannot query field "nothing" on type "Query")");
}

TEST_F(Graphql, SchemasAreChecked) {
  EXPECT_EQ(on("graphql.schema_is_valid", {kSchema}), "true");
  EXPECT_EQ(on("graphql.schema_is_valid", {"extend type Hello { world: String }"}), "true");
  for (const std::string_view schema :
       {"union Hello = World", "type A implements B { x: Int }", "schema { query: Query }",
        "type A { x: Unknown }", "type A { x: Int } type A { x: Int }", "enum E { A A }",
        "type A { __x: Int }", "input I { a: A } type A { x: Int }",
        "interface IA { id: ID! } interface IIA implements IA { id: ID! } type A implements IIA { "
        "id: ID! }"}) {
    EXPECT_EQ(on("graphql.schema_is_valid", {schema}), "false") << schema;
  }
}

TEST_F(Graphql, DeepDocumentsAreRefusedNotFollowed) {
  std::string query;
  for (int i = 0; i < 10'000; ++i) {
    query += "{a";
  }
  EXPECT_TRUE(on("graphql.parse_query", {query}).starts_with("error: "));
}

}  // namespace
}  // namespace unhidra::rego::builtins
