#pragma once
// What a run of the channel load has measured, and how it is printed.

#include "channel_log.h"
#include "options.h"
#include "process_stats.h"

namespace unhidra::bench {

struct ChannelWindow {
  SteadyTime begin;
  double seconds = 0;  // without the wait for what was under way at the end
  ProcessStats before;
  ProcessStats after;
  double own_cpu_seconds = 0;
  double load_average = 0;
};

// The first commit with a path, and what it costs whom. CPU time of the one who does it.
struct FirstCommit {
  std::size_t sealed = 0;  // path secrets: in a tree without keys one for each other member
  std::size_t commit_bytes = 0;
  std::size_t request_bytes = 0;
  std::size_t join_bytes = 0;  // Welcome and tree of the last who came in
  double join_cpu_ms = 0;
  double make_cpu_ms = 0;
  double process_cpu_ms = 0;  // by another member
  double answered_ms = 0;
  double server_cpu_ms = 0;      // until it has answered
  double clients_follow_ms = 0;  // from making it until the last whole client is in its epoch
  std::uint32_t attempts = 0;
};

struct ChannelResult {
  const ChannelOptions& options;
  std::uint32_t members = 0;
  std::uint64_t listening = 0;  // listening members that are still connected at the end
  std::optional<FirstCommit> first_commit;
  ProcessStats unconnected;  // before the listening members connect
  ChannelWindow window;
  Arrivals arrivals;
  std::map<std::string, std::uint64_t> errors;
  std::uint64_t reports = 0;  // of listening members, of how far they have read
  Latencies to_report;        // until the server has taken one
};

// From the moment that a message was due until the first and the last device had it. Only of those
// that have reached everybody.
struct ActFigures {
  std::uint64_t sent = 0;
  std::uint64_t complete = 0;
  Latencies to_first;
  Latencies to_last;
};
ActFigures act_figures(ChannelAct act, const ChannelLog& log, const Arrivals& arrivals,
                       std::uint64_t devices);

// Entries of the log since `begin` that nobody has asked for: receipts, and what clients tell each
// other.
struct Unasked {
  std::uint64_t entries = 0;
  std::uint64_t arrivals = 0;
};
Unasked unasked(const ChannelLog& log, const Arrivals& arrivals, SteadyTime begin);

// As JSON on the standard output.
void print(const ChannelResult& result, const ChannelLog& log);

}  // namespace unhidra::bench
