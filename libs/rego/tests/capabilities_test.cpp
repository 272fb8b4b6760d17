// What the Open Policy Agent publishes of its functions (published_functions.txt: names and
// types, one a line), against what there is here; and policies that may use less.
#include <fstream>
#include <sstream>

#include "builtins/function.h"
#include "policies.h"

namespace unhidra::rego {
namespace {

// A type of the published form as it is written here.
std::string type_text(const Value& type);

std::string list_text(const Value* types) {
  std::string out;
  for (const Value& one : types == nullptr ? std::span<const Value>() : types->elements()) {
    out += (out.empty() ? "" : ", ") + type_text(one);
  }
  return out;
}

std::string type_text(const Value& type) {
  const std::string& kind = type.find("type")->text();
  const Value* dynamic = type.find("dynamic");
  const Value* fixed = type.find("static");
  if (kind == "any") {
    const std::string of = list_text(type.find("of"));
    return of.empty() ? kind : "any<" + of + ">";
  }
  if (kind == "set") {
    return "set[" + type_text(*type.find("of")) + "]";
  }
  if (kind == "array") {
    const std::string first = list_text(fixed);
    return kind + (first.empty() ? "" : "<" + first + ">") +
           (dynamic == nullptr ? "" : "[" + type_text(*dynamic) + "]");
  }
  if (kind == "object") {
    std::string first;
    for (const Value& one : fixed == nullptr ? std::span<const Value>() : fixed->elements()) {
      first += (first.empty() ? "" : ", ") + one.find("key")->text() + ": " +
               type_text(*one.find("value"));
    }
    return kind + (first.empty() ? "" : "<" + first + ">") +
           (dynamic == nullptr ? ""
                               : "[" + type_text(*dynamic->find("key")) + ": " +
                                     type_text(*dynamic->find("value")) + "]");
  }
  return kind;
}

// "abs (number) => number", then what else is said of it.
std::string line_of(const Value& builtin) {
  const Value& declared = *builtin.find("decl");
  const Value* result = declared.find("result");
  std::string out = builtin.find("name")->text() + " (" + list_text(declared.find("args")) + ")" +
                    (result == nullptr ? "" : " => " + type_text(*result));
  if (const Value* variadic = declared.find("variadic")) {
    out += " variadic " + type_text(*variadic);
  }
  if (const Value* symbol = builtin.find("infix")) {
    out += " infix " + symbol->text();
  }
  for (const auto* mark : {"deprecated", "nondeterministic", "relation"}) {
    out += builtin.find(mark) == nullptr ? "" : std::string(" ") + mark;
  }
  return out;
}

std::vector<std::string> published() {
  std::ifstream file(UNHIDRA_PUBLISHED_FUNCTIONS);
  std::vector<std::string> out;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && !line.starts_with('#')) {
      out.push_back(line);
    }
  }
  return out;
}

TEST(Capabilities, AreWhatIsPublished) {
  std::vector<std::string> own;
  const Value all = own_capabilities();
  for (const Value& one : all.find("builtins")->elements()) {
    own.push_back(line_of(one));
  }
  auto wanted = published();
  ASSERT_EQ(wanted.size(), 206U);
  // Of our own, beside those.
  for (const std::string name : {"crypto.sha384", "crypto.sha512"}) {
    wanted.push_back(name + " (string) => string");
  }
  std::ranges::sort(wanted);
  std::ranges::sort(own);
  EXPECT_EQ(own, wanted);
  EXPECT_EQ(value_to_json(*all.find("features")),
            R"(["keywords_in_refs","rego_v1","template_strings"])");
  EXPECT_EQ(value_to_json(*all.find("future_keywords")), R"(["and","not","or"])");
}

// Each that has arguments can be called with so many.
TEST(Capabilities, HaveAFunctionBehindEachName) {
  const Value all = own_capabilities();
  for (const Value& one : all.find("builtins")->elements()) {
    const std::string& name = one.find("name")->text();
    const bool is_of_compiler = name == "eq" || name == "assign" || name == "print" ||
                                name == "internal.test_case" || name.starts_with("rego.metadata.");
    if (is_of_compiler) {
      continue;
    }
    const auto* builtin = builtins::find_builtin(name);
    ASSERT_NE(builtin, nullptr) << name;
    const Value* arguments = one.find("decl")->find("args");
    EXPECT_EQ(builtin->arity, arguments == nullptr ? 0 : arguments->size()) << name;
    if (one.find("nondeterministic") != nullptr) {
      EXPECT_TRUE(builtin->varies) << name;
    }
  }
}

std::string refusal(const std::string& text, const std::string& capabilities,
                    Syntax syntax = Syntax::v1) {
  const ModuleSource source{"a.rego", "package a\n" + text};
  auto read = read_capabilities(value_from_json(capabilities).value());
  if (!read) {
    return read.error().message();
  }
  const auto out = PolicySet::check(
      {&source, 1},
      {.syntax = syntax, .capabilities = std::make_shared<const Capabilities>(std::move(*read))});
  return out ? "" : to_error(out.error()).message();
}

TEST(Capabilities, RestrictFunctions) {
  const std::string few = R"({"builtins": [{"name": "count"}, {"name": "rego.metadata.rule"}],
                             "features": ["rego_v1"]})";
  EXPECT_EQ(refusal("p := count(input.x)\nq := rego.metadata.rule()\n", few), "");
  for (const std::string text : {"upper(input.x)", "1 + input.x", "input.x in [1]",
                                 "rego.metadata.chain()", "[1 | walk(input.x, _)]"}) {
    EXPECT_NE(refusal("p := " + text + "\n", few).find("undefined function"), std::string::npos)
        << text;
  }
  EXPECT_NE(refusal("p if print(1)\n", few).find("undefined function print"), std::string::npos);
  EXPECT_NE(refusal("p if 1 == 1 with upper as \"x\"\n", R"({"builtins": [{"name": "equal"}],
                     "features": ["rego_v1"]})")
                .find("must reference existing input, data, or a function"),
            std::string::npos);
}

TEST(Capabilities, RestrictTheLanguage) {
  const std::string none = R"({"builtins": [{"name": "equal"}]})";
  EXPECT_NE(refusal("p := 1\n", none)
                .find("illegal capabilities: rego_v1 feature required for parsing v1 Rego"),
            std::string::npos);
  EXPECT_EQ(refusal("p = 1\n", none, Syntax::v0), "");
  EXPECT_NE(refusal("import rego.v1\np := 1\n", none, Syntax::v0)
                .find("`rego.v1` is not supported by current capabilities"),
            std::string::npos);
  EXPECT_NE(refusal("import future.keywords.in\np = 1\n", none, Syntax::v0)
                .find("unexpected keyword, must be one of []"),
            std::string::npos);
  const std::string v1 = R"({"builtins": [{"name": "equal"}], "features": ["rego_v1"],
                            "future_keywords": ["not"]})";
  EXPECT_EQ(refusal("import future.keywords.not\nimport future.keywords.in\np := 1\n", v1), "");
  EXPECT_NE(refusal("import future.keywords.or\np := 1\n", v1)
                .find("unexpected keyword, must be one of [contains every if in not]"),
            std::string::npos);
  EXPECT_NE(refusal("p := $\"{input.x}\"\n", v1)
                .find("template strings are not supported by current capabilities"),
            std::string::npos);
  EXPECT_NE(refusal("p := input.in.x\n", v1).find("rego_parse_error"), std::string::npos);
  const std::string more = R"({"builtins": [], "future_keywords": null, "wasm_abi_versions": [1],
      "features": ["rego_v1", "keywords_in_refs", "template_strings"]})";
  EXPECT_EQ(refusal("p := input.in.x\nq := $\"{input.x}\"\n", more), "");
}

TEST(Capabilities, ThatAreNoneAreRefused) {
  for (const std::string text :
       {"[]", "{}", R"({"builtins": {}})", R"({"builtins": [{}]})",
        R"({"builtins": [], "features": [1]})", R"({"builtins": [], "allow_net": 1})"}) {
    EXPECT_FALSE(read_capabilities(value_from_json(text).value())) << text;
  }
  const auto read = read_capabilities(
      value_from_json(R"({"builtins": [], "allow_net": ["example.org"]})").value());
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->allow_net->contains("example.org"));
}

}  // namespace
}  // namespace unhidra::rego
