#pragma once
// From the files of a folder to the state of a log.

#include <deque>
#include <filesystem>
#include <optional>

#include "reader.h"

namespace unhidra::storage {

struct Recovered {
  LogId log{};
  AppendLogRecovery report;
  std::deque<std::uint64_t>
      segments;                       // by first position; without those that the snapshot replaces
  std::vector<std::string> obsolete;  // names of files that can go
  bool fresh = false;                 // there was no log
  // Of the last segment:
  std::uint64_t next = 1;          // sequence of the frame to come
  std::uint64_t end = 0;           // where it goes
  std::uint64_t used_end = 0;      // behind what a torn end left
  std::uint64_t file_size = 0;     // as it is
  std::uint64_t segment_size = 0;  // as its header says
  // Frames from here on are not known to be on disk, though they could be read: a sync may have
  // failed before. Equal to `end` when all are.
  std::uint64_t unproven_offset = 0;
  bool ends_with_mark = false;
};

// Changes nothing.
Result<Recovered> recover(LogFileSystem& files, const std::filesystem::path& folder,
                          const AppendLog::Replay& replay);

}  // namespace unhidra::storage
