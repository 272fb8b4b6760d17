#include "process_stats.h"

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <unistd.h>

#include <sys/resource.h>

namespace unhidra::bench {
namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// proc(5): fields 14 and 15 of stat, counted after the command, which may hold spaces.
Result<double> cpu_of(const std::string& folder) {
  std::ifstream file(folder + "/stat");
  const std::string line((std::istreambuf_iterator<char>(file)), {});
  const auto after_command = line.rfind(')');
  if (after_command == std::string::npos) {
    return fail(Errc::unavailable, folder + " cannot be read: the server is gone");
  }
  std::istringstream fields(line.substr(after_command + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) {
    fields >> skipped;
  }
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

std::uint64_t rss_of(const std::string& folder) {
  std::ifstream file(folder + "/statm");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  file >> size >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::uint64_t files_of(const std::string& folder) {
  std::error_code ignored;
  const std::filesystem::directory_iterator files(folder + "/fd", ignored);
  return static_cast<std::uint64_t>(std::distance(begin(files), end(files)));
}

}  // namespace

Result<ProcessStats> process_stats(const std::vector<int>& pids) {
  ProcessStats out;
  for (const int pid : pids) {
    const std::string folder = "/proc/" + std::to_string(pid);
    UNHIDRA_TRY(const auto cpu, cpu_of(folder));
    out.cpu_seconds += cpu;
    out.rss_bytes += rss_of(folder);
    out.open_files += files_of(folder);
  }
  return out;
}

double own_cpu_seconds() {
  double total = 0;
  for (const auto who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage{};
    getrusage(who, &usage);
    total += seconds(usage.ru_utime) + seconds(usage.ru_stime);
  }
  return total;
}

double thread_cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

double load_average() {
  double load = 0;
  return getloadavg(&load, 1) == 1 ? load : 0;
}

}  // namespace unhidra::bench
