#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "unhidra/runtime/log.h"

namespace unhidra::test {

// Takes the log's lines while it lives.
class CapturedLog {
 public:
  CapturedLog() : sink_(std::make_shared<Lines>()), previous_(log::set_sink(sink_)) {}
  ~CapturedLog() {
    log::set_sink(previous_);
    log::configure({});
  }
  CapturedLog(const CapturedLog&) = delete;
  CapturedLog& operator=(const CapturedLog&) = delete;

  std::vector<std::string> lines() const {
    const std::lock_guard lock(sink_->mutex);
    return sink_->lines;
  }
  bool contains(std::string_view text) const {
    for (const auto& line : lines()) {
      if (line.find(text) != std::string::npos) {
        return true;
      }
    }
    return false;
  }

 private:
  struct Lines final : log::Sink {
    void write(log::Level, std::string_view line) override {
      const std::lock_guard lock(mutex);
      lines.emplace_back(line);
    }
    void flush(std::chrono::milliseconds) override {}
    mutable std::mutex mutex;
    std::vector<std::string> lines;
  };
  std::shared_ptr<Lines> sink_;
  std::shared_ptr<log::Sink> previous_;
};

}  // namespace unhidra::test
