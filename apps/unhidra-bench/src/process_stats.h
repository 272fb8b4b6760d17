#pragma once
// What the server's processes cost, as the kernel counts it.

#include <cstdint>
#include <vector>

#include "unhidra/base/error.h"

namespace unhidra::bench {

struct ProcessStats {
  double cpu_seconds = 0;       // user and system, since the process started
  std::uint64_t rss_bytes = 0;  // resident
  std::uint64_t open_files = 0;
};

// The sum over several processes; an error when one of them is gone.
Result<ProcessStats> process_stats(const std::vector<int>& pids);
// Of this process and of those of its children that have ended.
double own_cpu_seconds();
double thread_cpu_seconds();  // of the calling thread
double load_average();

}  // namespace unhidra::bench
