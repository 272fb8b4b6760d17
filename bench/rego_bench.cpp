// Decisions of policies: the roadmap's example, many rules, roles in data.
//
//   rego_bench [--case NAME] [--batches N] [--batch N] [--walk-tree]
//
// Prints one JSON object: for each case the median, over batches, of the CPU time of this thread
// per decision, in microseconds. --walk-tree asks the evaluator that walks the tree. Instruction
// counts: bench/rego_instructions.py.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "unhidra/rego/engine.h"

#include "measured_policies.h"

namespace unhidra::rego {
namespace {

struct Options {
  std::string only;
  int batches = 300;
  int batch = 100;
  bool walk_tree = false;
};

[[noreturn]] void give_up(const std::string& what) {
  std::fprintf(stderr, "rego_bench: %s\n", what.c_str());
  std::exit(1);
}

template <class T>
T must(Result<T> result) {
  if (!result) {
    give_up(result.error().message());
  }
  return std::move(*result);
}

double cpu_micros() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) * 1e-3;
}

PolicySet compiled(const std::string& text, Syntax syntax = Syntax::v1) {
  const ModuleSource source{"bench.rego", text};
  return must(PolicySet::compile({&source, 1}, syntax));
}

// The loop that is measured; named, so that callgrind can be told to count only here.
[[gnu::noinline]] void rego_bench_measured(int count, const std::function<void(int)>& one) {
  for (int i = 0; i < count; ++i) {
    one(i);
  }
}

class Bench {
 public:
  explicit Bench(Options options) : options_(std::move(options)) {}

  void measure(const std::string& name, int batch, const std::function<void(int)>& one) {
    if (!options_.only.empty() && options_.only != name) {
      return;
    }
    for (int i = 0; i < batch; ++i) {
      one(i);  // warm-up
    }
    std::vector<double> times;
    const int batches = batch > 1 ? options_.batches : std::max(1, options_.batches / 10);
    for (int i = 0; i < batches; ++i) {
      const double start = cpu_micros();
      rego_bench_measured(batch, one);
      times.push_back((cpu_micros() - start) / batch);
    }
    std::ranges::sort(times);
    const auto at = [&](double part) {
      return times[static_cast<std::size_t>(part * static_cast<double>(times.size() - 1))];
    };
    std::printf(
        "%s\n  \"%s\": {\"p50_us\": %.3f, \"p10_us\": %.3f, \"p90_us\": %.3f, \"measured\": %d}",
        first_ ? "" : ",", name.c_str(), at(0.5), at(0.1), at(0.9), batches * batch);
    std::fflush(stdout);
    first_ = false;
  }

  // Each request from a ready value and, when wanted, from its JSON text.
  void decisions(const std::string& name, const PolicySet& policy, const std::string& query,
                 const Value& data, const std::vector<Request>& requests, bool from_json = false,
                 const LoadedData& loaded = {}) {
    if (!options_.only.empty() && !options_.only.starts_with(name)) {
      return;
    }
    const PreparedQuery prepared = must(policy.prepare(query));
    std::vector<Evaluation> ready(requests.size());
    for (std::size_t i = 0; i < requests.size(); ++i) {
      ready[i].input = must(value_from_json(requests[i].json));
      ready[i].data = data;
      ready[i].loaded = loaded ? &loaded : nullptr;
      ready[i].walk_tree = options_.walk_tree;
      check(prepared, ready[i], requests[i].allowed);
    }
    measure(name + "_ready", options_.batch, [&](int i) {
      const auto k = static_cast<std::size_t>(i) % ready.size();
      check(prepared, ready[k], requests[k].allowed);
    });
    if (from_json) {
      Evaluation evaluation;
      evaluation.data = data;
      evaluation.loaded = loaded ? &loaded : nullptr;
      evaluation.walk_tree = options_.walk_tree;
      measure(name + "_json", options_.batch, [&](int i) {
        const auto k = static_cast<std::size_t>(i) % requests.size();
        evaluation.input = must(value_from_json(requests[k].json));
        check(prepared, evaluation, requests[k].allowed);
      });
    }
  }

 private:
  static void check(const PreparedQuery& query, const Evaluation& evaluation, bool allowed) {
    const auto decision = must(query.evaluate_one(evaluation));
    if (!decision || decision->as_boolean() != allowed) {
      give_up("wrong decision");
    }
  }

  Options options_;
  bool first_ = true;
};

void run_roadmap(Bench& bench) {
  const PolicySet policy = compiled(kRoadmap, Syntax::v0);
  const std::string query = "data.unhidra.automation.allow = x";
  const Value none = Value::object({});
  bench.decisions("roadmap", policy, query, none, roadmap_requests(), true);
  bench.decisions("roadmap_sensor", policy, query, none, {roadmap_requests()[1]}, true);
}

void run_rules(Bench& bench, const Options& options) {
  const std::string query = "data.rules.allow = x";
  for (const int count : {10, 1'000, 100'000}) {
    const std::string name = "rules_" + std::to_string(count);
    if (!options.only.empty() && !options.only.starts_with(name + "_")) {
      continue;
    }
    const std::string text = many_rules(count);
    const PolicySet policy = compiled(text);
    const Value none = Value::object({});
    bench.decisions(name + "_hit", policy, query, none, rules_requests(count, true));
    bench.decisions(name + "_miss", policy, query, none, rules_requests(count, false));
    if (count == 1'000) {
      bench.measure("rules_1000_compile", 1, [&](int) { (void)compiled(text); });
    }
  }
}

void run_patterns(Bench& bench) {
  const std::string query = "data.globs.allow = x";
  const Value none = Value::object({});
  for (const int count : {10, 1'000, 10'000}) {
    const std::string name = "globs_" + std::to_string(count);
    const PolicySet policy = compiled(many_patterns(count));
    bench.decisions(name + "_hit", policy, query, none, patterns_requests(count, true));
    bench.decisions(name + "_miss", policy, query, none, patterns_requests(count, false));
  }
}

void run_rbac(Bench& bench) {
  const PolicySet policy = compiled(kDataRbac);
  const std::string query = "data.rbac.allow = x";
  const Value data = must(value_from_json(rbac_data()));
  bench.decisions("rbac", policy, query, data, rbac_requests(), true);
  bench.decisions("rbac_loaded", policy, query, data, rbac_requests(), true, policy.load(data));
}

int run(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const bool more = i + 1 < argc;
    if (std::strcmp(argv[i], "--walk-tree") == 0) {
      options.walk_tree = true;
    } else if (std::strcmp(argv[i], "--case") == 0 && more) {
      options.only = argv[++i];
    } else if (std::strcmp(argv[i], "--batches") == 0 && more) {
      options.batches = std::max(1, std::atoi(argv[++i]));
    } else if (std::strcmp(argv[i], "--batch") == 0 && more) {
      options.batch = std::max(1, std::atoi(argv[++i]));
    } else {
      std::fprintf(stderr,
                   "usage: rego_bench [--case NAME] [--batches N] [--batch N] [--walk-tree]\n");
      return 2;
    }
  }
  std::printf("{");
  Bench bench(options);
  run_roadmap(bench);
  run_rules(bench, options);
  run_patterns(bench);
  run_rbac(bench);
  std::printf("\n}\n");
  return 0;
}

}  // namespace
}  // namespace unhidra::rego

int main(int argc, char** argv) {
  return unhidra::rego::run(argc, argv);
}
