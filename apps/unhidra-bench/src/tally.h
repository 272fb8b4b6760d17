#pragma once
// What one thread of the chat load has seen. Not shared while the load runs.

#include <cstdint>
#include <map>
#include <string>

#include "latencies.h"

namespace unhidra::bench {

struct Tally {
  Latencies to_acknowledged;  // from the moment a message was due to its acknowledgement
  Latencies to_received;      // ... to its text at the recipient
  Latencies lateness;         // from due to sent: the load tool's own delay
  std::uint64_t sent = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t acknowledged_in_time = 0;  // while the load was on
  std::uint64_t received = 0;
  std::uint64_t connections_lost = 0;
  std::map<std::string, std::uint64_t> errors;

  void merge(const Tally& other) {
    to_acknowledged.merge(other.to_acknowledged);
    to_received.merge(other.to_received);
    lateness.merge(other.lateness);
    sent += other.sent;
    acknowledged += other.acknowledged;
    acknowledged_in_time += other.acknowledged_in_time;
    received += other.received;
    connections_lost += other.connections_lost;
    for (const auto& [code, count] : other.errors) {
      errors[code] += count;
    }
  }
};

}  // namespace unhidra::bench
