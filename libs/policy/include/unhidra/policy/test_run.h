#pragma once
// Tests of policies in their own language: rules whose name begins with `test_` must hold;
// `todo_test_` marks one that is skipped. A rule with variables in its head, test_x[name], has a
// case for each of their values: that of which the rest of its body does not hold fails.

#include <chrono>
#include <string>
#include <vector>

#include "unhidra/base/random.h"
#include "unhidra/base/time.h"
#include "unhidra/policy/coverage.h"
#include "unhidra/policy/documents.h"

namespace unhidra::policy {

enum class Outcome : std::uint8_t { passed, failed, skipped, error };

struct TestCase {
  std::string name;  // a; of several variables a/b
  bool passed = false;
};

struct TestResult {
  std::string name;  // data.a.test_x
  std::string file;
  std::uint32_t row = 0;
  Outcome outcome = Outcome::passed;
  std::chrono::nanoseconds duration{0};
  std::vector<TestCase> cases;  // in the order of their names; none: it has no variables
  std::string output;           // of print()
  std::string
      detail;  // of a failure: which rules were tried and what failed; of an error: its text
};

struct TestOptions {
  std::string pattern;           // of names to run (RE2); empty: all
  Coverage* coverage = nullptr;  // not owned; without explanations then
  std::uint64_t max_steps = 50'000'000;
  std::chrono::nanoseconds timeout{0};  // of one test; zero: none
  bool with_variables = false;          // in the details of a failure: what they were
};

// In the order of the files and of their text. Errc::bad_file: the pattern is none.
Result<std::vector<TestResult>> run_tests(const rego::PolicySet& policies,
                                          const Documents& documents, const TestOptions& options,
                                          const Clock& clock, RandomSource& random);

}  // namespace unhidra::policy
