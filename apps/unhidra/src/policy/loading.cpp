#include "loading.h"

#include <cstdio>
#include <filesystem>

#include "unhidra/base/text.h"
#include "unhidra/policy/bundle.h"

namespace unhidra::server::policy_line {
namespace {

using rego::Value;

Value as_value(const rego::Problem& problem) {
  std::vector<Value::Member> out{{text("code"), text(error_code(problem.code).name)},
                                 {text("message"), text(problem.message)}};
  if (problem.row != 0) {
    out.emplace_back(text("location"),
                     Value::object({{text("file"), text(problem.file)},
                                    {text("row"), Value::integer(problem.row)},
                                    {text("col"), Value::integer(problem.column)}}));
    out.emplace_back(text("details"), Value::object({{text("line"), text(problem.line)}}));
  }
  return Value::object(std::move(out));
}

void print_errors(std::vector<Value> errors) {
  print_json(Value::object({{text("errors"), Value::array(std::move(errors))}}));
}

}  // namespace

void print_json(const Value& value) {
  std::printf("%s\n", rego::value_to_json_lines(value).c_str());
}

void print_problems(const rego::ProblemList& problems, bool json) {
  if (json) {
    std::vector<Value> errors;
    for (const auto& problem : problems) {
      errors.push_back(as_value(problem));
    }
    return print_errors(std::move(errors));
  }
  std::fprintf(stderr, "%zu error%s occurred:\n", problems.size(), problems.size() == 1 ? "" : "s");
  for (const auto& problem : problems) {
    std::fprintf(stderr, "%s\n", rego::to_text(problem).c_str());
  }
}

void print_error(const Error& error, bool json) {
  if (json) {
    return print_errors({Value::object(
        {{text("code"), text(error.code().name)}, {text("message"), text(error.message())}})});
  }
  std::fprintf(stderr, "unhidra: %s\n", error.message().c_str());
}

namespace {

Status add_bundles(const Options& options, const std::vector<std::string>& paths,
                   policy::Documents& out) {
  policy::BundleTrust trust;
  if (!options.bundle_keys.empty()) {
    UNHIDRA_TRY(trust, policy::read_bundle_keys(options.bundle_keys));
  }
  for (const auto& path : paths) {
    UNHIDRA_TRY(auto bundle, policy::load_bundle(path, trust));
    for (auto& module : bundle.modules) {
      module.file = path + "/" + module.file;
      out.modules.push_back(std::move(module));
    }
    UNHIDRA_TRY(out.data, policy::merge(out.data, bundle.data));
    out.revision += (out.revision.empty() ? "" : "+") + bundle.revision;
  }
  return {};
}

// schema.a.b for the file a/b.json of a folder.
std::string schema_name(const std::filesystem::path& file) {
  std::string out = "schema";
  for (const auto& part : file.parent_path() / file.stem()) {
    out += "." + part.string();
  }
  return out;
}

Result<std::shared_ptr<const rego::Schemas>> read_schemas(const std::string& path) {
  auto out = std::make_shared<rego::Schemas>();
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) {
    UNHIDRA_TRY(out->by_name["schema"], policy::load_document(path));
    return out;
  }
  for (auto file = std::filesystem::recursive_directory_iterator(path, error);
       !error && file != std::filesystem::recursive_directory_iterator(); file.increment(error)) {
    if (file->path().extension() == ".json" && !file->path().filename().string().starts_with('.')) {
      const auto name = schema_name(file->path().lexically_relative(path));
      UNHIDRA_TRY(out->by_name[name], policy::load_document(file->path()));
    }
  }
  if (error) {
    return fail(policy::Errc::bad_file, path + ": " + error.message());
  }
  return out;
}

}  // namespace

Result<std::shared_ptr<const rego::Capabilities>> load_capabilities(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    return fail(policy::Errc::bad_file,
                "--capabilities " + path +
                    ": there is no such file; versions of opa are not known by their names");
  }
  UNHIDRA_TRY(const auto document, policy::load_document(path));
  auto read = rego::read_capabilities(document);
  if (!read) {
    return fail(std::move(read).error().in(path));
  }
  return std::make_shared<const rego::Capabilities>(std::move(*read));
}

Result<std::optional<Loaded>> load(const Options& options, const std::vector<std::string>& paths) {
  Loaded out;
  if (!options.paths_are_bundles) {
    UNHIDRA_TRY(out.documents, policy::load_paths(paths, options.ignored));
  }
  UNHIDRA_TRY_VOID(
      add_bundles(options, options.paths_are_bundles ? paths : options.bundles, out.documents));
  auto compile = options.compile();
  if (!options.schema.empty()) {
    UNHIDRA_TRY(compile.schemas, read_schemas(options.schema));
  }
  if (!options.capabilities.empty()) {
    UNHIDRA_TRY(compile.capabilities, load_capabilities(options.capabilities));
  }
  auto policies = rego::PolicySet::check(out.documents.modules, compile);
  if (!policies) {
    auto problems = std::move(policies.error());
    const std::size_t found = problems.size();
    if (options.max_errors != 0 && found > options.max_errors) {
      problems.resize(options.max_errors);
    }
    print_problems(problems, options.format == "json");
    if (problems.size() < found) {
      std::fprintf(stderr, "unhidra: %zu more errors are not shown (--max-errors)\n",
                   found - problems.size());
    }
    return std::optional<Loaded>();
  }
  out.policies = std::move(*policies);
  return std::optional(std::move(out));
}

Result<std::string> read_stdin() {
  std::string out;
  char buffer[65'536];
  while (const std::size_t got = std::fread(buffer, 1, sizeof buffer, stdin)) {
    out.append(buffer, got);
    if (out.size() > policy::kMaxPolicyFile) {
      return fail(policy::Errc::bad_file, "standard input is too long");
    }
  }
  return out;
}

Result<std::optional<Value>> read_input(const Options& options) {
  if (options.input_from_stdin) {
    UNHIDRA_TRY(const auto read, read_stdin());
    UNHIDRA_TRY(auto value, policy::parse_document("standard input", read));
    return std::optional(std::move(value));
  }
  if (options.input.empty()) {
    return std::optional<Value>();
  }
  UNHIDRA_TRY(auto value, policy::load_document(options.input));
  return std::optional(std::move(value));
}

}  // namespace unhidra::server::policy_line
