#include "unhidra/policy/dry_run.h"

#include <algorithm>
#include <fstream>
#include <map>

#include "unhidra/base/text.h"
#include "unhidra/policy/errc.h"

namespace unhidra::policy {
namespace {

using rego::Kind;
using rego::Value;

// Queries are few and come again with every line.
class Queries {
 public:
  explicit Queries(const rego::PolicySet& policies) : policies_(policies) {}
  Result<const rego::PreparedQuery*> find(const std::string& name) {
    auto found = known_.find(name);
    if (found == known_.end()) {
      UNHIDRA_TRY(auto query, policies_.prepare(name + " = answer"));
      found = known_.emplace(name, std::move(query)).first;
    }
    return &found->second;
  }

 private:
  const rego::PolicySet& policies_;
  std::map<std::string, rego::PreparedQuery> known_;
};

Decision asked_again(const rego::PreparedQuery& query, const Value& input,
                     const Documents& documents, const DryRunOptions& options, Timestamp now,
                     RandomSource& random) {
  rego::Evaluation evaluation;
  evaluation.max_steps = options.max_steps;
  evaluation.max_memory = options.max_memory;
  evaluation.input = input;
  evaluation.data = documents.data;
  evaluation.now = now;
  evaluation.random = &random;
  const auto solutions = query.evaluate(evaluation);
  Decision out;
  if (!solutions) {
    out.ground = Ground::failed;
    out.error = solutions.error().message();
  } else {
    const bool any = !solutions->empty() && !solutions->front().empty();
    out = judge(any ? &solutions->front().front().second : nullptr, solutions->size());
  }
  out.revision = documents.revision;
  return out;
}

// The time of the decision: policies may look at the clock.
Timestamp time_of(const Value& line, const Clock& clock) {
  const Value* time = line.find("timestamp");
  const auto parsed = time != nullptr && time->is(Kind::string)
                          ? parse_rfc3339(time->text())
                          : Result<Timestamp>(fail(Errc::bad_log, ""));
  return parsed ? *parsed : clock.now();
}

// One log under way: a line at a time.
class Replay {
 public:
  Replay(const rego::PolicySet& policies, const Documents& documents, const DryRunOptions& options,
         const Clock& clock, RandomSource& random)
      : queries_(policies),
        documents_(documents),
        options_(options),
        clock_(clock),
        random_(random) {}

  Status line(const Value& line, std::size_t number);
  DryRun take() { return std::move(out_); }

 private:
  bool concerns(const Value& line) const {
    const Value* org = line.find("org");
    return !options_.scope ||
           (org != nullptr && org->is(Kind::string) && org->text() == *options_.scope);
  }

  Queries queries_;
  const Documents& documents_;
  const DryRunOptions& options_;
  const Clock& clock_;
  RandomSource& random_;
  DryRun out_;
};

Status Replay::line(const Value& line, std::size_t number) {
  const Value* query = line.find("query");
  const Value* allowed = line.find("allowed");
  const Value* input = line.find("input");
  if (query == nullptr || !query->is(Kind::string) || allowed == nullptr ||
      !allowed->is(Kind::boolean)) {
    return fail(Errc::bad_log, "it is no decision");
  }
  if (!concerns(line)) {
    return {};
  }
  ++out_.decisions;
  if (input == nullptr) {
    ++out_.without_input;
    return {};
  }
  UNHIDRA_TRY(const auto* prepared, queries_.find(query->text()));
  auto now = asked_again(*prepared, *input, documents_, options_, time_of(line, clock_), random_);
  if (now.allowed == allowed->as_boolean()) {
    return {};
  }
  ++out_.changes;
  if (out_.changed.size() < options_.max_changed) {
    const Value* time = line.find("timestamp");
    const bool timed = time != nullptr && time->is(Kind::string);
    out_.changed.push_back({.line = number,
                            .timestamp = timed ? time->text() : std::string(),
                            .input = *input,
                            .was_allowed = allowed->as_boolean(),
                            .now = std::move(now)});
  }
  return {};
}

// At the first whole line of the end that is to be read.
void skip_to_end(std::ifstream& file, std::uint64_t bytes) {
  file.seekg(0, std::ios::end);
  const auto size = static_cast<std::uint64_t>(std::max<std::streamoff>(file.tellg(), 0));
  if (bytes == 0 || size <= bytes) {
    file.seekg(0);
    return;
  }
  file.seekg(static_cast<std::streamoff>(size - bytes));
  std::string part;
  std::getline(file, part);
}

}  // namespace

Result<DryRun> dry_run(const std::filesystem::path& log, const Documents& documents,
                       const DryRunOptions& options, const Clock& clock, RandomSource& random) {
  auto compile = options.compile;
  compile.clock = &clock;
  compile.deadline = clock.steady_now() + options.max_compile_time;
  const auto policies = rego::PolicySet::check(documents.modules, compile);
  if (!policies) {
    return fail(rego::to_error(policies.error()));
  }
  std::ifstream file(log, std::ios::binary);
  if (!file) {
    return fail(Errc::bad_file, printable(log.string()) + ": cannot be read");
  }
  skip_to_end(file, options.max_bytes);
  Replay replay(*policies, documents, options, clock, random);
  std::string text;
  for (std::size_t number = 1; std::getline(file, text); ++number) {
    const bool cut = file.eof();  // no end of line: a crash may have cut it
    const auto line = rego::value_from_json(text);
    if (!line && cut) {
      break;
    }
    auto status = line && line->is(Kind::object)
                      ? replay.line(*line, number)
                      : Status(fail(Errc::bad_log, "it is no JSON object"));
    if (!status) {
      return fail(
          std::move(status).error().in(printable(log.string()) + ":" + std::to_string(number)));
    }
  }
  return replay.take();
}

}  // namespace unhidra::policy
