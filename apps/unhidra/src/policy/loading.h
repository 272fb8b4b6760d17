#pragma once
// Policies, data and input as the options name them; and how problems are shown.

#include <optional>

#include "options.h"

namespace unhidra::server::policy_line {

// Everything that is wrong with the modules goes to standard error, or as JSON to standard output
// when the format is json.
struct Loaded {
  policy::Documents documents;
  rego::PolicySet policies;
};
// Nothing: the problems have been told.
Result<std::optional<Loaded>> load(const Options& options, const std::vector<std::string>& paths);

// Of --capabilities.
Result<std::shared_ptr<const rego::Capabilities>> load_capabilities(const std::string& path);
Result<std::optional<rego::Value>> read_input(const Options& options);
Result<std::string> read_stdin();

// {"errors": [{"code", "message", "location"}]}
void print_problems(const rego::ProblemList& problems, bool json);
void print_error(const Error& error, bool json);
// "a = 1" as JSON on standard output, with a line's end.
void print_json(const rego::Value& value);

inline rego::Value text(std::string_view value) {
  return rego::Value::string(std::string(value));
}

}  // namespace unhidra::server::policy_line
