#include "measurement.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <ctime>

#include "unhidra/crypto/random.h"
#include "unhidra/runtime/system_clock.h"

#include "table.h"

namespace unhidra::server::policy_line {
namespace {

using rego::Value;

double thread_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// BenchmarkDataExampleAllow: a name of one word, which is what reads such a line wants.
std::string word_of(const std::string& query) {
  std::string out = "Benchmark";
  bool begins = true;
  for (const char c : query) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0) {
      out += begins ? static_cast<char>(std::toupper(byte)) : c;
    }
    begins = std::isalnum(byte) == 0;
  }
  return out;
}

}  // namespace

double Figures::at(double part) const {
  const double last = static_cast<double>(wall_ns.size() - 1);
  return wall_ns[static_cast<std::size_t>(part * last)];
}

Result<Figures> Measurement::once(const std::string& query, const rego::PreparedQuery& prepared,
                                  rego::Evaluation evaluation) const {
  const runtime::SystemClock clock;
  Figures out{.query = query, .wall_ns = {}, .cost = {}};
  evaluation.cost = &out.cost;
  UNHIDRA_TRY(const auto first, prepared.evaluate(evaluation));
  if (first.empty() && options_.fails_undefined) {
    return fail(policy::Errc::no_policy, "the query has no answer: nothing is measured");
  }
  evaluation.cost = nullptr;
  out.wall_ns.reserve(options_.decisions);
  const double cpu = thread_seconds();
  for (std::size_t i = 0; i < options_.decisions; ++i) {
    const auto before = clock.steady_now();
    UNHIDRA_TRY_VOID(prepared.evaluate(evaluation));
    out.wall_ns.push_back(static_cast<double>((clock.steady_now() - before).count()));
  }
  out.cpu_ns = (thread_seconds() - cpu) * 1e9 / static_cast<double>(options_.decisions);
  std::ranges::sort(out.wall_ns);
  return out;
}

Status Measurement::run(const std::string& query, const std::optional<Value>& input) {
  const runtime::SystemClock clock;
  crypto::SystemRandom random;
  std::vector<rego::QueryExpression> expressions;
  UNHIDRA_TRY(const auto prepared,
              loaded_.policies.prepare_with_values(
                  query, expressions, {.package = options_.package, .imports = options_.imports}));
  rego::Evaluation evaluation;
  evaluation.input = input;
  evaluation.data = loaded_.documents.data;
  evaluation.now = clock.now();
  evaluation.random = &random;
  evaluation.max_steps = options_.max_steps;
  for (std::uint32_t i = 0; i < options_.repeats; ++i) {
    UNHIDRA_TRY(auto figures, once(query, prepared, evaluation));
    all_.push_back(std::move(figures));
  }
  return {};
}

std::vector<std::pair<std::string, double>> Measurement::rows(const Figures& figures) const {
  std::vector<std::pair<std::string, double>> out{
      {"decisions", static_cast<double>(figures.wall_ns.size())},
      {"cpu_ns_per_decision", figures.cpu_ns},
      {"p50_ns", figures.at(0.5)},
      {"p90_ns", figures.at(0.9)},
      {"p99_ns", figures.at(0.99)},
      {"max_ns", figures.wall_ns.back()}};
  if (options_.tells_memory) {
    out.emplace_back("bytes_per_decision", static_cast<double>(figures.cost.memory));
    out.emplace_back("steps_per_decision", static_cast<double>(figures.cost.steps));
  }
  if (load_ns_ > 0) {
    out.emplace_back("load_ns", load_ns_);
  }
  return out;
}

Value Measurement::json_of(const Figures& figures) const {
  std::vector<Value::Member> out{{text("query"), text(figures.query)}};
  for (const auto& [name, value] : rows(figures)) {
    out.emplace_back(text(name), Value::integer(static_cast<std::int64_t>(value)));
  }
  return Value::object(std::move(out));
}

void Measurement::print_table(const Figures& figures) const {
  BoxTable table({"figure", "value"});
  for (const auto& [name, value] : rows(figures)) {
    table.add({name, std::to_string(static_cast<std::int64_t>(value))});
  }
  std::printf("%s\n", figures.query.c_str());
  table.print();
}

void Measurement::print() const {
  if (options_.format == "json") {
    std::vector<Value> out;
    for (const auto& figures : all_) {
      out.push_back(json_of(figures));
    }
    return print_json(out.size() == 1 ? out[0] : Value::array(std::move(out)));
  }
  for (const auto& figures : all_) {
    if (options_.format != "gobench") {
      print_table(figures);
      continue;
    }
    std::printf("%s\t%zu\t%.1f ns/op", word_of(figures.query).c_str(), figures.wall_ns.size(),
                figures.cpu_ns);
    if (options_.tells_memory) {
      std::printf("\t%llu B/op", static_cast<unsigned long long>(figures.cost.memory));
    }
    std::puts("");
  }
}

}  // namespace unhidra::server::policy_line
