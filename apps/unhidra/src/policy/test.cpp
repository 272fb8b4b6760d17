// `unhidra policy test`.
#include <algorithm>
#include <cstdio>

#include "unhidra/base/text.h"
#include "unhidra/crypto/random.h"
#include "unhidra/policy/test_run.h"
#include "unhidra/runtime/system_clock.h"

#include "loading.h"
#include "measurement.h"

namespace unhidra::server::policy_line {
namespace {

using policy::Outcome;
using rego::Value;

const char* word(Outcome outcome) {
  switch (outcome) {
    case Outcome::passed:
      return "PASS";
    case Outcome::failed:
      return "FAIL";
    case Outcome::skipped:
      return "SKIPPED";
    case Outcome::error:
      break;
  }
  return "ERROR";
}

std::string duration_text(std::chrono::nanoseconds duration) {
  char out[32];
  const double nanos = static_cast<double>(duration.count());
  if (nanos >= 1e9) {
    std::snprintf(out, sizeof out, "%.3fs", nanos / 1e9);
  } else if (nanos >= 1e6) {
    std::snprintf(out, sizeof out, "%.3fms", nanos / 1e6);
  } else {
    std::snprintf(out, sizeof out, "%.1fµs", nanos / 1e3);
  }
  return out;
}

void print_indented(const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    std::printf("  %s\n", printable(std::string_view(text).substr(at, end - at)).c_str());
    at = end + 1;
  }
}

std::size_t count(const std::vector<policy::TestResult>& results, Outcome outcome) {
  return static_cast<std::size_t>(
      std::ranges::count(results, outcome, &policy::TestResult::outcome));
}

void print_pretty(const std::vector<policy::TestResult>& results, bool verbose) {
  std::string file;
  for (const auto& result : results) {
    if (!verbose && result.outcome == Outcome::passed) {
      continue;
    }
    if (result.file != file) {
      file = result.file;
      std::printf("%s:\n", printable(file).c_str());
    }
    std::printf("%s: %s", printable(result.name).c_str(), word(result.outcome));
    if (result.outcome != Outcome::skipped) {
      std::printf(" (%s)", duration_text(result.duration).c_str());
    }
    std::puts("");
    for (const auto& one : result.cases) {
      print_indented(one.name + ": " + word(one.passed ? Outcome::passed : Outcome::failed));
    }
    print_indented(result.output);
    print_indented(result.detail);
  }
  if (results.empty()) {
    std::puts("no tests found");
    return;
  }
  const bool any_line = verbose || count(results, Outcome::passed) != results.size();
  if (any_line) {
    std::puts(std::string(80, '-').c_str());
  }
  for (const auto outcome : {Outcome::passed, Outcome::failed, Outcome::skipped, Outcome::error}) {
    if (const auto found = count(results, outcome); found != 0) {
      std::printf("%s: %zu/%zu\n", word(outcome), found, results.size());
    }
  }
}

void print_as_json(const std::vector<policy::TestResult>& results) {
  std::vector<Value> out;
  for (const auto& result : results) {
    const auto dot = result.name.rfind('.');
    std::vector<Value::Member> members{
        {text("location"), Value::object({{text("file"), text(result.file)},
                                          {text("row"), Value::integer(result.row)},
                                          {text("col"), Value::integer(1)}})},
        {text("package"), text(result.name.substr(0, dot))},
        {text("name"), text(result.name.substr(dot + 1))},
        {text("duration"), Value::integer(result.duration.count())},
    };
    if (result.outcome == Outcome::failed) {
      members.emplace_back(text("fail"), Value::boolean(true));
      members.emplace_back(text("trace"), text(result.detail));
    } else if (result.outcome == Outcome::skipped) {
      members.emplace_back(text("skip"), Value::boolean(true));
    } else if (result.outcome == Outcome::error) {
      members.emplace_back(text("error"), Value::object({{text("message"), text(result.detail)}}));
    }
    if (!result.cases.empty()) {
      std::vector<Value::Member> cases;
      for (const auto& one : result.cases) {
        std::vector<Value::Member> said{{text("name"), text(one.name)}};
        if (!one.passed) {
          said.emplace_back(text("fail"), Value::boolean(true));
        }
        cases.emplace_back(text(one.name), Value::object(std::move(said)));
      }
      members.emplace_back(text("sub_results"), Value::object(std::move(cases)));
    }
    if (!result.output.empty()) {
      members.emplace_back(text("output"), text(result.output));
    }
    out.push_back(Value::object(std::move(members)));
  }
  print_json(Value::array(std::move(out)));
}

bool any_failed(const std::vector<policy::TestResult>& results) {
  return count(results, Outcome::failed) + count(results, Outcome::error) != 0;
}

// Those that passed, one after another.
Status bench_tests(const Options& options, const Loaded& loaded,
                   const std::vector<policy::TestResult>& results) {
  Measurement measurement(options, loaded);
  for (const auto& result : results) {
    if (result.outcome == Outcome::passed) {
      UNHIDRA_TRY_VOID(measurement.run(result.name, {}));
    }
  }
  measurement.print();
  return {};
}

Result<int> test_or_error(const Options& options) {
  if (options.format == "gobench" && !options.benches) {
    return fail(policy::Errc::bad_file, "--format gobench shows what --bench measures");
  }
  UNHIDRA_TRY(const auto loaded, load(options, options.paths));
  if (!loaded) {
    return 1;
  }
  const runtime::SystemClock clock;
  crypto::SystemRandom random;
  policy::Coverage coverage;
  const bool covers = options.coverage || options.threshold > 0;
  const policy::TestOptions how{.pattern = options.pattern,
                                .coverage = covers ? &coverage : nullptr,
                                .max_steps = options.max_steps,
                                .timeout = options.timeout,
                                .with_variables = options.with_variables};
  UNHIDRA_TRY(auto results,
              policy::run_tests(loaded->policies, loaded->documents, how, clock, random));
  // Again until one fails.
  for (std::uint32_t i = 1; !options.benches && i < options.repeats && !any_failed(results); ++i) {
    UNHIDRA_TRY(results,
                policy::run_tests(loaded->policies, loaded->documents, how, clock, random));
  }
  if (results.empty() && options.fails_empty) {
    return fail(policy::Errc::no_policy, "there is no test");
  }
  const bool failed = any_failed(results);
  const auto every_file = [](std::string_view) { return true; };
  if (covers && !failed) {
    print_json(coverage.report(loaded->policies, every_file));
    const double percent = coverage.percent(loaded->policies, every_file);
    if (percent < options.threshold) {
      std::fprintf(stderr, "Code coverage threshold not met: got %.2f instead of %.2f\n", percent,
                   options.threshold);
      return 2;
    }
  } else if (options.benches && !failed) {
    UNHIDRA_TRY_VOID(bench_tests(options, *loaded, results));
  } else if (options.format == "json") {
    print_as_json(results);
  } else {
    print_pretty(results, options.verbose);
  }
  const bool skipped = count(results, Outcome::skipped) != 0 && !options.zero_on_skipped;
  return failed || skipped ? 2 : 0;
}

}  // namespace

Result<int> test(const Options& options) {
  const auto code = test_or_error(options);
  if (!code) {
    print_error(code.error(), options.format == "json");
    return 1;
  }
  return *code;
}

}  // namespace unhidra::server::policy_line
