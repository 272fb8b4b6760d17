#include "unhidra/policy/decision_log.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <map>
#include <unistd.h>

#include <sys/stat.h>

#include "unhidra/base/text.h"
#include "unhidra/crypto/provider.h"
#include "unhidra/runtime/log.h"

namespace unhidra::policy {
namespace {

using rego::Kind;
using rego::Value;

Value text(std::string_view value) {
  return Value::string(std::string(value));
}

int open_for_append(const std::filesystem::path& file) {
  return ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
}

std::uint64_t size_of(int descriptor) {
  struct stat status{};
  return ::fstat(descriptor, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

}  // namespace

Result<std::unique_ptr<DecisionLog>> DecisionLog::open(DecisionLogSettings settings,
                                                       const Clock& clock) {
  const int descriptor = open_for_append(settings.file);
  if (descriptor < 0) {
    return fail(Errc::bad_file, printable(settings.file.string()) + ": " + std::strerror(errno));
  }
  return std::unique_ptr<DecisionLog>(new DecisionLog(std::move(settings), clock, descriptor));
}

DecisionLog::DecisionLog(DecisionLogSettings settings, const Clock& clock, int descriptor)
    : settings_(std::move(settings)),
      clock_(clock),
      descriptor_(descriptor),
      size_(size_of(descriptor)),
      thread_([this] { run(); }) {}

DecisionLog::~DecisionLog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
  ::close(descriptor_);
}

void DecisionLog::record(const Decision& decision, std::string_view query, const Value& input) {
  const std::string canonical = rego::value_to_json(input);
  std::vector<Value::Member> line{
      {text("timestamp"), text(to_rfc3339(clock_.now()))},
      {text("revision"), text(decision.revision)},
      {text("query"), text(query)},
      {text("input_digest"), text(to_hex(crypto::native_provider().sha256(as_bytes(canonical))))},
      {text("allowed"), Value::boolean(decision.allowed)},
      {text("ground"), text(to_string(decision.ground))},
  };
  if (settings_.with_input) {
    line.emplace_back(text("input"), input);
  }
  if (!decision.error.empty()) {
    line.emplace_back(text("error"), text(decision.error));
  }
  std::string written = rego::value_to_json(Value::object(std::move(line))) + "\n";
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= settings_.max_waiting) {
      ++dropped_;
      return;
    }
    waiting_.push_back(std::move(written));
  }
  wake_.notify_one();
}

std::uint64_t DecisionLog::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

void DecisionLog::flush() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [&] { return waiting_.empty() && !writing_; });
}

void DecisionLog::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) {
      return;
    }
    auto lines = std::exchange(waiting_, {});
    writing_ = true;
    lock.unlock();
    std::string block;
    for (const auto& line : lines) {
      block += line;
    }
    write(block);
    lock.lock();
    writing_ = false;
    idle_.notify_all();
  }
}

void DecisionLog::write(const std::string& block) {
  if (size_ + block.size() > settings_.max_bytes && size_ > 0) {
    rotate();
  }
  for (std::size_t done = 0; done < block.size();) {
    const auto wrote = ::write(descriptor_, block.data() + done, block.size() - done);
    if (wrote < 0 && errno == EINTR) {
      continue;
    }
    if (wrote < 0) {
      log::error("policy.decision_log_failed", {{"error", std::strerror(errno)}});
      const std::lock_guard lock(mutex_);
      ++dropped_;
      return;
    }
    done += static_cast<std::size_t>(wrote);
    size_ += static_cast<std::uint64_t>(wrote);
  }
}

void DecisionLog::rotate() {
  std::error_code error;
  std::filesystem::rename(settings_.file, settings_.file.string() + ".1", error);
  const int next = error ? -1 : open_for_append(settings_.file);
  if (next < 0) {
    return;  // goes on in the old one
  }
  ::close(descriptor_);
  descriptor_ = next;
  size_ = 0;
}

namespace {

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
                     const Documents& documents, Timestamp now, RandomSource& random) {
  rego::Evaluation evaluation;
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

Status replay_line(const Value& line, Queries& queries, const Documents& documents,
                   const Clock& clock, RandomSource& random, DryRun& out) {
  const Value* query = line.find("query");
  const Value* allowed = line.find("allowed");
  const Value* input = line.find("input");
  if (query == nullptr || !query->is(Kind::string) || allowed == nullptr ||
      !allowed->is(Kind::boolean)) {
    return fail(Errc::bad_log, "it is no decision");
  }
  ++out.decisions;
  if (input == nullptr) {
    ++out.without_input;
    return {};
  }
  UNHIDRA_TRY(const auto* prepared, queries.find(query->text()));
  auto now = asked_again(*prepared, *input, documents, time_of(line, clock), random);
  if (now.allowed != allowed->as_boolean()) {
    out.changed.push_back(
        {.input = *input, .was_allowed = allowed->as_boolean(), .now = std::move(now)});
  }
  return {};
}

}  // namespace

Result<DryRun> dry_run(const std::filesystem::path& log, const Documents& documents,
                       const rego::CompileOptions& options, const Clock& clock,
                       RandomSource& random) {
  const auto policies = rego::PolicySet::check(documents.modules, options);
  if (!policies) {
    return fail(rego::to_error(policies.error()));
  }
  std::ifstream file(log, std::ios::binary);
  if (!file) {
    return fail(Errc::bad_file, printable(log.string()) + ": cannot be read");
  }
  Queries queries(*policies);
  DryRun out;
  std::string text;
  for (std::size_t number = 1; std::getline(file, text); ++number) {
    const bool cut = file.eof();  // no end of line: a crash may have cut it
    const auto line = rego::value_from_json(text);
    if (!line && cut) {
      break;
    }
    const std::size_t before = out.changed.size();
    auto status = line && line->is(Kind::object)
                      ? replay_line(*line, queries, documents, clock, random, out)
                      : Status(fail(Errc::bad_log, "it is no JSON object"));
    if (!status) {
      return fail(
          std::move(status).error().in(printable(log.string()) + ":" + std::to_string(number)));
    }
    if (out.changed.size() > before) {
      out.changed.back().line = number;
    }
  }
  return out;
}

}  // namespace unhidra::policy
