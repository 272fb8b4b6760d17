#pragma once
// One process of listening members of the channel load.

#include <map>
#include <string>
#include <vector>

#include "unhidra/base/id.h"

#include "arrivals.h"
#include "latencies.h"

namespace unhidra::bench {

struct ListeningMember {
  UserId user;
  DeviceId device;
  std::string access_token;
};

struct ChannelJob {
  std::string gateway;
  std::string ca_file;
  std::vector<ListeningMember> members;
  std::vector<std::string> local_addresses;
  std::uint64_t opening = 1;
  std::uint64_t report_interval_ms = 0;  // of each member, of its receipts; 0: none

  Bytes encode() const;
  static Result<ChannelJob> decode(ByteView bytes);
};

// Of one stage: how many of the members came through it.
struct ChannelOutcome {
  std::uint64_t done = 0;
  double cpu_seconds = 0;  // of the process so far
  Latencies to_connect;
  std::map<std::string, std::uint64_t> errors;
  Arrivals arrivals;
  std::uint64_t reports = 0;  // of receipts, that the server has taken
  Latencies to_report;

  Bytes encode() const;
  static Result<ChannelOutcome> decode(ByteView bytes);
  void merge(const ChannelOutcome& other);
};

// Takes a job; publishes the keys of its members, each on a connection of its own, and reports.
// With the next message it connects all of them, reports, and counts what arrives until one more
// message comes; then `done` of its report says how many are connected still. Answers the exit
// code of the process.
int run_channel_worker(int from_parent, int to_parent);

}  // namespace unhidra::bench
