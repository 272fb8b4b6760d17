#include "unhidra/policy/decision_log.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

#include <sys/stat.h>

#include "unhidra/base/text.h"
#include "unhidra/crypto/provider.h"
#include "unhidra/rego/engine.h"
#include "unhidra/runtime/log.h"

namespace unhidra::policy {
namespace {

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

bool DecisionLog::is_sampled_out(const DecisionRecord& record) {
  const bool differs =
      record.shadow != nullptr && record.shadow->allowed != record.decision.allowed;
  if (!record.decision.allowed || differs || settings_.sample <= 1) {
    return false;
  }
  return allowed_++ % settings_.sample != 0;
}

void DecisionLog::record(const DecisionRecord& record) {
  {
    const std::lock_guard lock(mutex_);
    if (is_sampled_out(record)) {
      ++stats_.sampled_out;
      return;
    }
    if (waiting_.size() >= settings_.max_waiting) {
      ++stats_.dropped;
      return;
    }
    waiting_.push_back(
        {.at = clock_.now(),
         .decision = record.decision,
         .query = std::string(record.query),
         .scope = std::string(record.scope),
         .input = record.input,
         .shadow = record.shadow != nullptr ? std::optional(*record.shadow) : std::nullopt});
  }
  wake_.notify_one();
}

std::string DecisionLog::line_of(const Entry& entry) const {
  const auto& decision = entry.decision;
  const std::string canonical = rego::value_to_json(entry.input);
  std::vector<Value::Member> line{
      {text("timestamp"), text(to_rfc3339(entry.at))},
      {text("revision"), text(decision.revision)},
      {text("query"), text(entry.query)},
      {text("input_digest"), text(to_hex(crypto::native_provider().sha256(as_bytes(canonical))))},
      {text("allowed"), Value::boolean(decision.allowed)},
      {text("ground"), text(to_string(decision.ground))},
  };
  if (!entry.scope.empty()) {
    line.emplace_back(text("org"), text(entry.scope));
  }
  if (settings_.with_input) {
    line.emplace_back(text("input"), entry.input);
  }
  if (!decision.error.empty()) {
    line.emplace_back(text("error"), text(decision.error));
  }
  if (entry.shadow && entry.shadow->allowed != decision.allowed) {
    line.emplace_back(text("shadow"),
                      Value::object({{text("revision"), text(entry.shadow->revision)},
                                     {text("allowed"), Value::boolean(entry.shadow->allowed)},
                                     {text("ground"), text(to_string(entry.shadow->ground))}}));
  }
  return rego::value_to_json(Value::object(std::move(line))) + "\n";
}

DecisionLogStats DecisionLog::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
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
    const auto entries = std::exchange(waiting_, {});
    writing_ = true;
    lock.unlock();
    std::string block;
    for (const auto& entry : entries) {
      block += line_of(entry);
    }
    const bool written = write(block);
    lock.lock();
    (written ? stats_.written : stats_.dropped) += entries.size();
    writing_ = false;
    idle_.notify_all();
  }
}

bool DecisionLog::write(const std::string& block) {
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
      return false;
    }
    done += static_cast<std::size_t>(wrote);
    size_ += static_cast<std::uint64_t>(wrote);
  }
  return true;
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

}  // namespace unhidra::policy
