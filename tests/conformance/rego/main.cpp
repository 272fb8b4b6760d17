// rego_cases [--code-only] [--walk-tree] [--format] <folder or file>...
//
// Runs the Open Policy Agent's evaluation cases in the form that the data's README describes.
// --walk-tree does without programs; --format puts every module that parses into the canonical form
// instead, and checks that it means the same and stays the same when formatted again. Prints a line
// per failing case and per category, closes with "N passed, N failed, 0 skipped". Exit status: 0
// nothing failed; 1 a case failed or a file is malformed; 2 wrong usage; 77 no such data.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <thread>

#include "unhidra/rego/engine.h"
#include "unhidra/rego/format.h"

namespace unhidra::rego {
namespace {

namespace fs = std::filesystem;

constexpr int kNoData = 77;

class SystemRandom final : public RandomSource {
 public:
  void fill(MutableByteView out) override {
    std::ranges::generate(out, [&] { return static_cast<Byte>(device_()); });
  }

 private:
  std::random_device device_;
};

class Sleeper final : public Host {
 public:
  Status sleep(std::chrono::nanoseconds duration) override {
    std::this_thread::sleep_for(duration);
    return {};
  }
};

std::string text_of(const Value& object, std::string_view name) {
  const Value* value = object.find(name);
  return value != nullptr && value->is(Kind::string) ? value->text() : std::string();
}
bool flag_of(const Value& object, std::string_view name) {
  const Value* value = object.find(name);
  return value != nullptr && value->is(Kind::boolean) && value->as_boolean();
}

// As it would be in JSON: sets are lists, keys are texts.
Value plain(const Value& value) {
  auto out = value_from_json(value_to_json(value));
  return out ? std::move(*out) : Value::string("not representable: " + out.error().message());
}

Value sorted_lists(const Value& row) {
  std::vector<Value::Member> out;
  for (const auto& [name, value] : row.members()) {
    if (value.is(Kind::array)) {
      std::vector<Value> elements(value.elements().begin(), value.elements().end());
      std::ranges::sort(elements, [](const Value& a, const Value& b) { return a < b; });
      out.emplace_back(name, Value::array(std::move(elements)));
    } else {
      out.emplace_back(name, value);
    }
  }
  return Value::object(std::move(out));
}

struct Mode {
  bool code_only = false;
  bool walk_tree = false;
  bool formats = false;
};

class Case {
 public:
  Case(const Value& description, Mode mode) : description_(description), mode_(mode) {}

  // Empty when each module that parses has a canonical form of the same meaning.
  std::string check_format() const {
    const Value* modules = description_.find("modules");
    const Syntax syntax = text_of(description_, "syntax") == "v0" ? Syntax::v0 : Syntax::v1;
    if (modules == nullptr || !modules->is(Kind::array)) {
      return {};
    }
    for (const Value& module : modules->elements()) {
      const std::string& text = module.text();
      if (!same_module(text, text, syntax)) {
        continue;  // it does not parse
      }
      const auto formatted = format_module("test.rego", text, syntax);
      if (!formatted) {
        return "not formatted: " + to_text(formatted.error()[0]) + "\n" + text;
      }
      if (!same_module(text, *formatted, syntax) ||
          format_module("test.rego", *formatted, syntax).value_or("") != *formatted) {
        return "formatted to another module:\n" + *formatted;
      }
    }
    return {};
  }

  // Empty when it passes.
  std::string run() {
    auto solutions = evaluate();
    const std::string code = text_of(description_, "want_error_code");
    const bool wants_error = description_.find("want_error") != nullptr || !code.empty();
    if (!solutions) {
      return wants_error ? check_error(solutions.error(), code)
                         : "failed: " + solutions.error().message();
    }
    if (wants_error) {
      return "should fail with " + code + " " + text_of(description_, "want_error");
    }
    return check_rows(*solutions);
  }

 private:
  Result<std::vector<Solution>> evaluate() {
    std::vector<ModuleSource> sources;
    if (const Value* modules = description_.find("modules");
        modules != nullptr && modules->is(Kind::array)) {
      for (const Value& module : modules->elements()) {
        sources.push_back({"test-" + std::to_string(sources.size()) + ".rego", module.text()});
      }
    }
    const bool old = text_of(description_, "syntax") == "v0";
    const auto compiled = PolicySet::check(
        sources, {.syntax = old ? Syntax::v0 : Syntax::v1, .test_functions = true});
    if (!compiled) {
      return fail(to_error(compiled.error()));
    }
    const PolicySet& policies = *compiled;
    UNHIDRA_TRY(const auto query, policies.prepare(text_of(description_, "query")));
    Evaluation evaluation;
    if (const Value* data = description_.find("data"); data != nullptr && data->is(Kind::object)) {
      evaluation.data = *data;
    }
    if (const Value* input = description_.find("input")) {
      evaluation.input = *input;
    }
    if (const Value* term = description_.find("input_term");
        term != nullptr && term->is(Kind::string)) {
      UNHIDRA_TRY(auto input, value_from_term(term->text()));
      evaluation.input = std::move(input);
    }
    evaluation.strict_errors = flag_of(description_, "strict_error");
    evaluation.now =
        std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
    evaluation.random = &random_;
    evaluation.host = &host_;
    evaluation.walk_tree = mode_.walk_tree;
    return query.evaluate(evaluation);
  }

  std::string check_error(const Error& error, const std::string& code) const {
    if (!code.empty() && error.code().name != code) {
      return "failed with " + std::string(error.code().name) + " instead of " + code + ": " +
             error.message();
    }
    const std::string text = text_of(description_, "want_error");
    if (!mode_.code_only && error.message().find(text) == std::string::npos) {
      return "the error '" + error.message() + "' does not contain '" + text + "'";
    }
    return {};
  }

  std::string check_rows(const std::vector<Solution>& solutions) const {
    const bool sorts = flag_of(description_, "sort_bindings");
    const auto normal = [&](const Value& row) { return sorts ? sorted_lists(row) : row; };
    std::vector<Value> got;
    for (const auto& solution : solutions) {
      std::vector<Value::Member> row;
      for (const auto& [name, value] : solution) {
        row.emplace_back(Value::string(name), plain(value));
      }
      got.push_back(normal(Value::object(std::move(row))));
    }
    std::vector<Value> wanted;
    if (const Value* rows = description_.find("want_result");
        rows != nullptr && rows->is(Kind::array)) {
      for (const Value& row : rows->elements()) {
        wanted.push_back(normal(row));
      }
    }
    const Value got_set = Value::set(std::move(got));
    const Value wanted_set = Value::set(std::move(wanted));
    return got_set == wanted_set
               ? std::string()
               : "got " + value_to_json(got_set) + ", wanted " + value_to_json(wanted_set);
  }

  const Value& description_;
  Mode mode_;
  SystemRandom random_;
  Sleeper host_;
};

class Runner {
 public:
  explicit Runner(Mode mode) : mode_(mode) {}

  void run_file(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(file), {}};
    const auto document = value_from_json(content);
    const Value* cases = document ? document->find("cases") : nullptr;
    if (cases == nullptr || !cases->is(Kind::array)) {
      ++failed_;
      std::printf("ERROR %s: no list of cases\n", path.filename().c_str());
      return;
    }
    std::size_t passed = 0;
    for (const Value& one : cases->elements()) {
      const std::string problem =
          mode_.formats ? Case(one, mode_).check_format() : Case(one, mode_).run();
      if (problem.empty()) {
        ++passed;
      } else {
        ++failed_;
        std::printf("FAIL %s (%s): %.600s\n", text_of(one, "id").c_str(),
                    text_of(one, "note").c_str(), problem.c_str());
      }
    }
    passed_ += passed;
    std::printf("%s: %zu of %zu\n", path.string().c_str(), passed, cases->elements().size());
  }

  int report() const {
    std::printf("%zu passed, %zu failed, 0 skipped\n", passed_, failed_);
    return failed_ == 0 ? 0 : 1;
  }

 private:
  Mode mode_;
  std::size_t passed_ = 0;
  std::size_t failed_ = 0;
};

std::vector<fs::path> files_of(const fs::path& path) {
  std::vector<fs::path> out;
  if (!fs::is_directory(path)) {
    return {path};
  }
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    if (entry.path().extension() == ".json") {
      out.push_back(entry.path());
    }
  }
  std::ranges::sort(out);
  return out;
}

int run(std::vector<std::string> arguments) {
  Mode mode;
  mode.code_only = std::erase(arguments, "--code-only") != 0;
  mode.walk_tree = std::erase(arguments, "--walk-tree") != 0;
  mode.formats = std::erase(arguments, "--format") != 0;
  if (arguments.empty()) {
    std::fprintf(stderr,
                 "usage: rego_cases [--code-only] [--walk-tree] [--format] <folder or file>...\n");
    return 2;
  }
  Runner runner(mode);
  for (const auto& argument : arguments) {
    if (!fs::exists(argument)) {
      std::printf("there is no data at %s\n", argument.c_str());
      return kNoData;
    }
    for (const auto& file : files_of(argument)) {
      runner.run_file(file);
    }
  }
  return runner.report();
}

}  // namespace
}  // namespace unhidra::rego

int main(int argc, char** argv) {
  return unhidra::rego::run({argv + 1, argv + argc});
}
