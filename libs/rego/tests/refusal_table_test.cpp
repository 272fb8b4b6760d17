// Tables of modules and of everything that is told about each (refusals/*.yaml).
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "unhidra/rego/engine.h"

namespace unhidra::rego {
namespace {

std::string text_of(const Value& row, std::string_view key) {
  const Value* found = row.find(key);
  return found != nullptr && found->is(Kind::string) ? found->text() : std::string();
}
bool flag_of(const Value& row, std::string_view key) {
  const Value* found = row.find(key);
  return found != nullptr && found->is(Kind::boolean) && found->as_boolean();
}

// One module, or several: then each tells its package itself.
std::vector<ModuleSource> modules_of(const Value& row) {
  if (const Value* several = row.find("modules")) {
    std::vector<ModuleSource> out;
    for (const Value& one : several->elements()) {
      out.push_back({std::string(1, static_cast<char>('a' + out.size())) + ".rego", one.text()});
    }
    return out;
  }
  return {{"a.rego", "package test\n\n" + text_of(row, "module")}};
}

// {"schema.input": {...}}
std::shared_ptr<const Schemas> schemas_of(const Value& row) {
  const Value* given = row.find("schemas");
  if (given == nullptr) {
    return nullptr;
  }
  auto out = std::make_shared<Schemas>();
  for (const auto& [name, schema] : given->members()) {
    out->by_name.emplace(name.text(), schema);
  }
  return out;
}

std::string told_about(const Value& row) {
  const Syntax syntax = text_of(row, "syntax") == "v0" ? Syntax::v0 : Syntax::v1;
  const auto policy = PolicySet::check(
      modules_of(row),
      {.syntax = syntax, .strict = flag_of(row, "strict"), .schemas = schemas_of(row)});
  std::string out;
  if (!policy) {
    for (const Problem& problem : policy.error()) {
      out += (problem.file == "a.rego" ? "" : problem.file + ":") + std::to_string(problem.row) +
             ":" + std::to_string(problem.column) + " " +
             std::string(error_code(problem.code).name) + ": " + problem.message + "\n";
    }
  }
  return out;
}

std::string wanted_about(const Value& row) {
  std::string out;
  if (const Value* told = row.find("told")) {
    for (const Value& line : told->elements()) {
      out += line.text() + "\n";
    }
  }
  return out;
}

class Refusals : public testing::TestWithParam<const char*> {};

TEST_P(Refusals, TellTheReferencesTextsAtItsPlaces) {
  std::ifstream file(std::string(UNHIDRA_REFUSALS) + "/" + GetParam() + ".yaml");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto table = value_from_yaml(text);
  ASSERT_TRUE(table) << table.error().message();
  ASSERT_GT(table->elements().size(), 10U);
  for (const Value& row : table->elements()) {
    EXPECT_EQ(told_about(row), wanted_about(row)) << value_to_json(row);
  }
}

INSTANTIATE_TEST_SUITE_P(Tables, Refusals,
                         testing::Values("annotations", "parse", "compile", "logic", "types",
                                         "schemas"),
                         [](const auto& one) { return std::string(one.param); });

}  // namespace
}  // namespace unhidra::rego
