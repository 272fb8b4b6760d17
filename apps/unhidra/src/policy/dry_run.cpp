// `unhidra policy dry-run`: which logged decisions another policy would make differently.
#include "unhidra/policy/dry_run.h"

#include <cstdio>

#include "unhidra/crypto/random.h"
#include "unhidra/runtime/system_clock.h"

#include "loading.h"

namespace unhidra::server::policy_line {
namespace {

using rego::Value;

const char* word(bool allowed) {
  return allowed ? "allow" : "deny";
}

void print_pretty(const policy::DryRun& run) {
  for (const auto& change : run.changed) {
    std::printf("line %zu: %s -> %s", change.line, word(change.was_allowed),
                word(change.now.allowed));
    if (change.now.ground != policy::Ground::policy) {
      std::printf(" (%s)", std::string(to_string(change.now.ground)).c_str());
    }
    std::printf("  %s\n", rego::value_to_json(change.input).c_str());
  }
  std::printf("%zu decisions, %zu would change", run.decisions, run.changed.size());
  if (run.without_input != 0) {
    std::printf(", %zu were logged without their input and cannot be asked again",
                run.without_input);
  }
  std::puts("");
}

void print_as_json(const policy::DryRun& run) {
  std::vector<Value> changed;
  for (const auto& change : run.changed) {
    changed.push_back(
        Value::object({{text("line"), Value::integer(static_cast<std::int64_t>(change.line))},
                       {text("was_allowed"), Value::boolean(change.was_allowed)},
                       {text("allowed"), Value::boolean(change.now.allowed)},
                       {text("ground"), text(to_string(change.now.ground))},
                       {text("input"), change.input}}));
  }
  print_json(Value::object(
      {{text("decisions"), Value::integer(static_cast<std::int64_t>(run.decisions))},
       {text("without_input"), Value::integer(static_cast<std::int64_t>(run.without_input))},
       {text("changed"), Value::array(std::move(changed))}}));
}

}  // namespace

Result<int> dry_run(const Options& options) {
  UNHIDRA_TRY(const auto loaded, load(options, options.data));
  if (!loaded) {
    return 2;
  }
  const runtime::SystemClock clock;
  crypto::SystemRandom random;
  UNHIDRA_TRY(const auto run, policy::dry_run(options.log, loaded->documents,
                                              {.compile = options.compile()}, clock, random));
  if (options.format == "json") {
    print_as_json(run);
  } else {
    print_pretty(run);
  }
  return options.fails && !run.changed.empty() ? 1 : 0;
}

}  // namespace unhidra::server::policy_line
