#pragma once
// One process of the connection load.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "unhidra/base/time.h"

#include "latencies.h"
#include "options.h"

namespace unhidra::bench {

struct ConnectJob {
  std::string gateway;
  std::string ca_file;
  std::vector<std::string> tokens;  // connections take turns with them
  std::vector<std::string> local_addresses;
  std::uint64_t connections = 0;
  std::uint64_t opening = 1;
  std::uint64_t first_number = 0;  // of the first connection among all processes

  Bytes encode() const;
  static Result<ConnectJob> decode(ByteView bytes);
};

struct ConnectOutcome {
  std::uint64_t opened = 0;
  std::uint64_t still_open = 0;
  std::int64_t first_at = 0;  // steady clock, the same in all processes
  std::int64_t last_at = 0;
  Latencies latencies;
  std::map<std::string, std::uint64_t> errors;

  Bytes encode() const;
  static Result<ConnectOutcome> decode(ByteView bytes);
  void merge(const ConnectOutcome& other);
};

// Reads a job, opens its connections and reports, holds them until the next message comes, and
// reports again. Returns the process's exit code.
int run_connect_worker(int jobs, int outcomes);

}  // namespace unhidra::bench
