#include "partial.h"

#include <cstdio>

#include "unhidra/rego/format.h"

#include "loading.h"
#include "table.h"

namespace unhidra::server::policy_line {
namespace {

using rego::Value;

std::string canonical(const rego::ModuleSource& module) {
  const auto text = rego::format_module(module.file, module.text, rego::Syntax::v1);
  std::string out = text ? *text : module.text;
  while (out.ends_with('\n')) {
    out.pop_back();
  }
  return out;
}

void print_table(const rego::Residual& residual) {
  if (residual.queries.empty()) {
    std::puts("undefined");
    return;
  }
  BoxTable table;
  std::size_t number = 0;
  for (const auto& query : residual.queries) {
    table.add({"Query " + std::to_string(++number), query});
  }
  number = 0;
  for (const auto& module : residual.support) {
    table.add({"Support " + std::to_string(++number), canonical(module)});
  }
  table.print();
}

void print_source(const rego::Residual& residual) {
  std::size_t number = 0;
  for (const auto& query : residual.queries) {
    std::printf("# Query %zu\n%s\n\n", ++number, query.c_str());
  }
  number = 0;
  for (const auto& module : residual.support) {
    std::printf("# Module %zu\n%s\n", ++number, canonical(module).c_str());
  }
}

}  // namespace

Status print_residual(const Options& options, const rego::Residual& residual,
                      const std::optional<Value>& metrics) {
  if (options.format == "json" || options.format == "discard") {
    UNHIDRA_TRY(auto partial, rego::residual_to_json(residual));
    std::vector<Value::Member> out{{text("partial"), std::move(partial)}};
    if (metrics) {
      out.emplace_back(text("metrics"), *metrics);
    }
    print_json(Value::object(std::move(out)));
    return {};
  }
  if (options.format == "source") {
    print_source(residual);
  } else if (options.format == "pretty") {
    print_table(residual);
    if (metrics) {
      print_json(*metrics);
    }
  }
  return {};
}

}  // namespace unhidra::server::policy_line
