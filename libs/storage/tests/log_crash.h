#pragma once
// What the process that is killed and the test that looks at its files agree on: the state is a
// list of records, each made from its number. A snapshot holds the last of them and how many there
// were.

#include "log_world.h"

namespace unhidra::storage {

inline AppendLogSettings crash_settings(const std::filesystem::path& folder) {
  AppendLogSettings settings;
  settings.folder = folder;
  settings.segment_size = 32'768;
  return settings;
}

class CrashState {
 public:
  // Refuses what is not the next record.
  AppendLog::Replay replay() {
    return [this](std::uint64_t position, ByteView record) -> Status {
      if (position < position_) {
        return fail(Errc::corrupt, "a position that falls");
      }
      std::uint64_t number = 0;
      for (std::size_t i = 0; i < 8 && i < record.size(); ++i) {
        number |= static_cast<std::uint64_t>(record[i]) << (8 * i);
      }
      const bool from_snapshot = position_ == 0 && position > 1;
      if (to_bytes(record) != record_of(number) || (!from_snapshot && number != count_ + 1)) {
        return fail(Errc::corrupt, "record " + std::to_string(number) + " after " +
                                       std::to_string(count_) + " at " + std::to_string(position));
      }
      count_ = number;
      position_ = position;
      return {};
    };
  }
  bool append(AppendLog& log) {
    const auto position = log.append(record_of(count_ + 1));
    if (!position) {
      return false;
    }
    ++count_;
    position_ = *position;
    return true;
  }
  bool snapshot(AppendLog& log) const {
    auto snapshot = log.begin_snapshot();
    return snapshot && snapshot->write(record_of(count_)) && snapshot->commit();
  }
  std::uint64_t count() const { return count_; }
  std::uint64_t position() const { return position_; }

 private:
  std::uint64_t count_ = 0;
  std::uint64_t position_ = 0;
};

}  // namespace unhidra::storage
