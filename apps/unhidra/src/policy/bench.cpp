// `unhidra policy bench`: what one decision costs.
#include <algorithm>
#include <cstdio>
#include <ctime>

#include "unhidra/crypto/random.h"
#include "unhidra/runtime/system_clock.h"

#include "loading.h"
#include "table.h"

namespace unhidra::server::policy_line {
namespace {

using rego::Value;

double thread_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

struct Figures {
  std::vector<double> wall_ns;  // sorted, one a decision
  double cpu_ns = 0;            // mean
  double prepare_ns = 0;
  double at(double part) const {
    const double last = static_cast<double>(wall_ns.size() - 1);
    return wall_ns[static_cast<std::size_t>(part * last)];
  }
};

void print_figures(const Options& options, const Figures& figures) {
  const std::vector<std::pair<std::string, double>> rows{
      {"decisions", static_cast<double>(figures.wall_ns.size())},
      {"cpu_ns_per_decision", figures.cpu_ns},
      {"p50_ns", figures.at(0.5)},
      {"p90_ns", figures.at(0.9)},
      {"p99_ns", figures.at(0.99)},
      {"max_ns", figures.wall_ns.back()},
      {"load_ns", figures.prepare_ns}};
  if (options.format == "json") {
    std::vector<Value::Member> members;
    for (const auto& [name, value] : rows) {
      members.emplace_back(text(name), Value::integer(static_cast<std::int64_t>(value)));
    }
    return print_json(Value::object(std::move(members)));
  }
  BoxTable table({"figure", "value"});
  for (const auto& [name, value] : rows) {
    table.add({name, std::to_string(static_cast<std::int64_t>(value))});
  }
  table.print();
}

}  // namespace

Result<int> bench(const Options& options) {
  const runtime::SystemClock clock;
  crypto::SystemRandom random;
  const auto begin = clock.steady_now();
  UNHIDRA_TRY(const auto loaded, load(options, options.data));
  if (!loaded) {
    return 1;
  }
  std::vector<rego::QueryExpression> expressions;
  UNHIDRA_TRY(const auto query, loaded->policies.prepare_with_values(options.query, expressions));
  Figures figures;
  figures.prepare_ns = static_cast<double>((clock.steady_now() - begin).count());
  rego::Evaluation evaluation;
  UNHIDRA_TRY(evaluation.input, read_input(options));
  evaluation.data = loaded->documents.data;
  evaluation.now = clock.now();
  evaluation.random = &random;
  evaluation.max_steps = options.max_steps;
  UNHIDRA_TRY(const auto first, query.evaluate(evaluation));
  if (first.empty() && options.fails_undefined) {
    return fail(policy::Errc::no_policy, "the query has no answer: nothing is measured");
  }
  figures.wall_ns.reserve(options.count);
  const double cpu = thread_seconds();
  for (std::size_t i = 0; i < options.count; ++i) {
    const auto before = clock.steady_now();
    UNHIDRA_TRY_VOID(query.evaluate(evaluation));
    figures.wall_ns.push_back(static_cast<double>((clock.steady_now() - before).count()));
  }
  figures.cpu_ns = (thread_seconds() - cpu) * 1e9 / static_cast<double>(options.count);
  std::ranges::sort(figures.wall_ns);
  print_figures(options, figures);
  return 0;
}

}  // namespace unhidra::server::policy_line
