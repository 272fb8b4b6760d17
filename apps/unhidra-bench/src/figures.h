#pragma once
// How the figures of both loads are written.

#include <cmath>
#include <map>
#include <string>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "latencies.h"
#include "process_stats.h"

namespace unhidra::bench {

inline double rounded(double value) {
  return std::round(value * 1000) / 1000;
}

inline double in_milliseconds(std::chrono::nanoseconds value) {
  return rounded(static_cast<double>(value.count()) / 1e6);
}

inline boost::json::object figures(const Latencies& latencies) {
  return {{"count", latencies.count()},
          {"p50_ms", in_milliseconds(latencies.at(0.5))},
          {"p99_ms", in_milliseconds(latencies.at(0.99))},
          {"p999_ms", in_milliseconds(latencies.at(0.999))},
          {"max_ms", in_milliseconds(latencies.largest())}};
}

inline boost::json::object figures(const std::map<std::string, std::uint64_t>& counts) {
  boost::json::object out;
  for (const auto& [name, count] : counts) {
    out[name] = count;
  }
  return out;
}

inline boost::json::object figures(const ProcessStats& before, const ProcessStats& after) {
  return {{"cpu_seconds", rounded(after.cpu_seconds - before.cpu_seconds)},
          {"rss_bytes_before", before.rss_bytes},
          {"rss_bytes_after", after.rss_bytes}};
}

}  // namespace unhidra::bench
