#include "channel_figures.h"

#include <algorithm>
#include <cstdio>

#include <boost/json/serialize.hpp>

#include "figures.h"

namespace unhidra::bench {
namespace {

namespace json = boost::json;

constexpr const char* kHow =
    "Every member is an account with a device of its own, a leaf of the MLS tree and a connection. "
    "The whole clients encrypt and decrypt; at the others the arrival of the ciphertext is "
    "counted, and the tool keeps no group for them.";

json::object shown(const ActFigures& act) {
  return {{"sent", act.sent},
          {"reached_all", act.complete},
          {"to_first_device", figures(act.to_first)},
          {"to_last_device", figures(act.to_last)}};
}

double ratio(double part, double whole) {
  return whole > 0 ? rounded(part / whole) : 0;
}

json::object shown(const FirstCommit& commit) {
  return {{"sealed_path_secrets", commit.sealed},
          {"commit_bytes", commit.commit_bytes},
          {"request_bytes", commit.request_bytes},
          {"make_cpu_ms", rounded(commit.make_cpu_ms)},
          {"process_cpu_ms", rounded(commit.process_cpu_ms)},
          {"answered_ms", rounded(commit.answered_ms)},
          {"server_cpu_ms", rounded(commit.server_cpu_ms)},
          {"clients_follow_ms", rounded(commit.clients_follow_ms)},
          {"attempts", commit.attempts},
          {"join_bytes", commit.join_bytes},
          {"join_cpu_ms", rounded(commit.join_cpu_ms)}};
}

json::object receipts(const ChannelResult& result, const ChannelLog& log) {
  const auto more = unasked(log, result.arrivals, result.window.begin);
  const auto sent = static_cast<double>(log.asked.size());
  return {{"read_marks", log.read},
          {"reports", result.reports},
          {"to_report", figures(result.to_report)},
          {"entries_not_asked_for", more.entries},
          {"entries_not_asked_for_per_act", ratio(static_cast<double>(more.entries), sent)},
          {"arrivals_not_asked_for_per_act", ratio(static_cast<double>(more.arrivals), sent)}};
}

json::object server(const ChannelResult& result, std::uint64_t deliveries) {
  const auto& window = result.window;
  auto out = figures(window.before, window.after);
  const auto cpu = window.after.cpu_seconds - window.before.cpu_seconds;
  out["cpu_us_per_delivery"] = ratio(cpu * 1e6, static_cast<double>(deliveries));
  const auto grown = static_cast<double>(window.before.rss_bytes) -
                     static_cast<double>(result.unconnected.rss_bytes);
  out["rss_bytes_per_listening_connection"] = ratio(grown, static_cast<double>(result.listening));
  return out;
}

std::uint64_t deliveries_since(const Arrivals& arrivals, SteadyTime begin) {
  std::uint64_t out = 0;
  for (const auto& [message, arrival] : arrivals.all()) {
    out += arrival.first >= begin ? arrival.devices : 0;
  }
  return out;
}

}  // namespace

ActFigures act_figures(ChannelAct act, const ChannelLog& log, const Arrivals& arrivals,
                       std::uint64_t devices) {
  ActFigures out;
  for (const auto& [message, asked] : log.asked) {
    if (asked.act != act) {
      continue;
    }
    ++out.sent;
    const auto* arrival = arrivals.find(message);
    if (arrival != nullptr && arrival->devices >= devices) {
      ++out.complete;
      out.to_first.add(arrival->first - asked.due);
      out.to_last.add(arrival->last - asked.due);
    }
  }
  return out;
}

Unasked unasked(const ChannelLog& log, const Arrivals& arrivals, SteadyTime begin) {
  Unasked out;
  for (const auto& [message, arrival] : arrivals.all()) {
    if (arrival.first >= begin && !log.asked.contains(message)) {
      ++out.entries;
      out.arrivals += arrival.devices;
    }
  }
  return out;
}

void print(const ChannelResult& result, const ChannelLog& log) {
  const auto& options = result.options;
  const auto& window = result.window;
  const auto deliveries = deliveries_since(result.arrivals, window.begin);
  json::object out{{"load", "channel"},
                   {"how", kHow},
                   {"members", result.members},
                   {"whole_clients", options.clients},
                   {"listening_members_connected", result.listening},
                   {"message_bytes", options.message_bytes},
                   {"seconds", rounded(window.seconds)},
                   {"deliveries", deliveries}};
  if (result.first_commit) {
    out["first_commit"] = shown(*result.first_commit);
  }
  for (const auto act : kChannelActs) {
    out[to_string(act)] = shown(act_figures(act, log, result.arrivals, result.members));
  }
  auto errors = result.errors;
  for (const auto& [code, count] : log.tally.errors) {
    errors[code] += count;
  }
  out["receipts"] = receipts(result, log);
  out["tool_lateness"] = figures(log.tally.lateness);
  out["connections_lost"] = log.tally.connections_lost;
  out["errors"] = figures(errors);
  out["tool_cpu_seconds"] = rounded(window.own_cpu_seconds);
  out["load_average"] = window.load_average;
  if (window.after.rss_bytes > 0) {
    out["server"] = server(result, deliveries);
  }
  std::puts(json::serialize(out).c_str());
}

}  // namespace unhidra::bench
