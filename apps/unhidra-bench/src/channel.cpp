#include "channel.h"

#include <cstdio>
#include <thread>

#include <boost/json/serialize.hpp>

#include "unhidra/client/limits.h"
#include "unhidra/crypto/random.h"
#include "unhidra/runtime/system_clock.h"

#include "channel_figures.h"
#include "channel_founder.h"
#include "channel_witness.h"
#include "channel_worker.h"
#include "client_lane.h"
#include "worker_process.h"

namespace unhidra::bench {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 300s;  // for the clients to be ready, or in the channel
constexpr auto kDrain = 30s;      // for what is under way when the load ends
constexpr auto kLastArrivals = 2s;

using Workers = std::vector<WorkerProcess>;

Result<ChannelOutcome> collect(const Workers& workers) {
  ChannelOutcome out;
  for (const auto& worker : workers) {
    UNHIDRA_TRY(const auto bytes, worker.take());
    UNHIDRA_TRY(const auto one, ChannelOutcome::decode(bytes));
    out.merge(one);
  }
  return out;
}

Status check_all(const ChannelOutcome& outcome, std::size_t expected, const char* what) {
  if (outcome.done == expected) {
    return {};
  }
  std::string why;
  for (const auto& [error, count] : outcome.errors) {
    why += " " + std::to_string(count) + " times " + error + ";";
  }
  return fail(Errc::unavailable, std::to_string(outcome.done) + " of " + std::to_string(expected) +
                                     " listening members " + what + ":" + why);
}

// As the clients' of this size do (client/limits.h); in smaller groups they report nothing.
std::uint64_t report_interval(const ChannelOptions& options) {
  const client::Limits limits;
  if (!options.receipts || options.members <= limits.max_receipt_members) {
    return 0;
  }
  const auto fair = options.members * 1000 / limits.receipt_reports_per_second;
  return std::max<std::uint64_t>(fair,
                                 std::chrono::milliseconds(limits.receipt_report_interval).count());
}

Status give_jobs(const Workers& workers, const ChannelOptions& options, const std::string& gateway,
                 std::span<const Account> accounts) {
  std::size_t given = 0;
  for (std::size_t i = 0; i < workers.size(); ++i) {
    ChannelJob job{.gateway = gateway,
                   .ca_file = options.target.ca_file,
                   .members = {},
                   .local_addresses = options.local_addresses,
                   .opening = options.opening,
                   .report_interval_ms = report_interval(options)};
    const auto until = accounts.size() * (i + 1) / workers.size();
    for (; given < until; ++given) {
      const auto& account = accounts[given];
      job.members.push_back({account.user, account.device, account.access_token});
    }
    UNHIDRA_TRY_VOID(workers[i].give(job.encode()));
  }
  return {};
}

template <class Count>
Status wait_for_clients(ClientLane& lane, std::size_t count, const char* what, Count how_many) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while ((lane.*how_many)() < count) {
    if (std::chrono::steady_clock::now() > deadline) {
      for (const auto& [code, times] : lane.errors()) {
        std::fprintf(stderr, "  %s: %llu\n", code.c_str(), static_cast<unsigned long long>(times));
      }
      return fail(Errc::timeout, std::string("not all clients were ") + what + " in time");
    }
    std::this_thread::sleep_for(100ms);
  }
  std::fprintf(stderr, "%zu clients %s\n", count, what);
  return {};
}

std::vector<UserId> ids_of(std::span<const Account> accounts) {
  std::vector<UserId> out;
  for (const auto& account : accounts) {
    out.push_back(account.user);
  }
  return out;
}

// The loop of the founder, which only listens while the load runs.
class Background {
 public:
  explicit Background(boost::asio::io_context& loop)
      : loop_(loop), thread_([this] {
          loop_.restart();
          loop_.run();
        }) {}
  ~Background() { loop_.stop(); }

 private:
  boost::asio::io_context& loop_;
  std::jthread thread_;
};

// Nobody is connected yet but those whom it measures: to everybody who is, the server sends it.
Result<FirstCommit> measure_first_commit(ChannelFounder& founder, ChannelWitness& witness,
                                         ClientLane& lane, const ChannelOptions& options) {
  FirstCommit out;
  UNHIDRA_TRY(const auto joined, witness.join(founder.channel()));
  out.join_bytes = joined.bytes;
  out.join_cpu_ms = joined.cpu_ms;
  UNHIDRA_TRY(const auto before, process_stats(options.target.server_pids));
  const auto begin = std::chrono::steady_clock::now();
  UNHIDRA_TRY(const auto made, founder.renew_keys());
  UNHIDRA_TRY(const auto after, process_stats(options.target.server_pids));
  while (lane.in_epoch(made.epoch) < options.clients) {
    if (std::chrono::steady_clock::now() - begin > kPatience) {
      return fail(Errc::timeout, "not all clients have followed the first commit in time");
    }
    std::this_thread::sleep_for(1ms);
  }
  const std::chrono::duration<double, std::milli> followed =
      std::chrono::steady_clock::now() - begin;
  UNHIDRA_TRY(const auto processed, witness.follow(made.seq));
  if (witness.epoch() != made.epoch) {
    return fail(Errc::invalid, "the first commit leads another member to another epoch");
  }
  out.sealed = made.sealed;
  out.commit_bytes = made.bytes;
  out.request_bytes = made.request_bytes;
  out.make_cpu_ms = made.make_cpu_ms;
  out.process_cpu_ms = processed.cpu_ms;
  out.answered_ms = std::chrono::duration<double, std::milli>(made.answered).count();
  out.server_cpu_ms = (after.cpu_seconds - before.cpu_seconds) * 1e3;
  out.clients_follow_ms = followed.count();
  out.attempts = made.attempts;
  return out;
}

Result<ChannelWindow> run_load(ClientLane& lane, const ChannelOptions& options,
                               const Clock& clock) {
  ChannelWindow out;
  UNHIDRA_TRY(out.before, process_stats(options.target.server_pids));
  const auto own_before = own_cpu_seconds();
  out.begin = clock.steady_now();
  const std::array rates{options.messages, options.replies, options.reactions};
  for (std::size_t i = 0; i < rates.size(); ++i) {
    if (rates[i] > 0) {
      // Not two kinds at the same moment.
      const auto offset = std::chrono::nanoseconds(static_cast<std::int64_t>(
          static_cast<double>(i) * 1e9 / (rates[i] * static_cast<double>(rates.size()))));
      lane.act_at(kChannelActs[i], rates[i], out.begin + offset);
    }
  }
  std::this_thread::sleep_for(options.duration);
  lane.stop_acting();
  out.seconds = std::chrono::duration<double>(clock.steady_now() - out.begin).count();
  const auto deadline = clock.steady_now() + kDrain;
  while (!lane.settled() && clock.steady_now() < deadline) {
    std::this_thread::sleep_for(50ms);
  }
  std::this_thread::sleep_for(kLastArrivals);
  out.own_cpu_seconds = own_cpu_seconds() - own_before;
  out.load_average = load_average();
  out.after = process_stats(options.target.server_pids).value_or(ProcessStats());
  return out;
}

}  // namespace

Status run_channel(const ChannelOptions& options) {
  UNHIDRA_TRY(const auto workers, WorkerProcess::fork(options.processes, run_channel_worker));
  const runtime::SystemClock clock;
  crypto::PooledRandom random;
  UNHIDRA_TRY(const auto tls, net::TlsClientContext::create({.ca_file = options.target.ca_file}));
  AccountService service(options.target, clock, random);
  UNHIDRA_TRY(const auto accounts, service.create(options.members));
  const std::span<const Account> all(accounts);
  const auto clients = all.subspan(1, options.clients);
  const auto listening = all.subspan(options.clients + options.hands());
  const auto gateway =
      options.target.gateway.empty() ? accounts.front().gateway : options.target.gateway;
  ChannelWorld world{.engines = {.accounts = service,
                                 .tls = tls,
                                 .clock = clock,
                                 .random = random,
                                 .gateway = gateway},
                     .message_bytes = options.message_bytes,
                     .reads = options.receipts};

  UNHIDRA_TRY_VOID(give_jobs(workers, options, gateway, listening));
  UNHIDRA_TRY(const auto published, collect(workers));
  UNHIDRA_TRY_VOID(check_all(published, listening.size(), "published their keys"));
  ClientLane lane(world, {clients.begin(), clients.end()});
  UNHIDRA_TRY_VOID(lane.start());
  UNHIDRA_TRY_VOID(
      wait_for_clients(lane, clients.size(), "connected and approved", &ClientLane::ready));

  boost::asio::io_context founder_loop(1);
  ChannelFounder founder(accounts.front(), random, clock, founder_loop);
  UNHIDRA_TRY(auto settings, gateway_settings(gateway, accounts.front().access_token, tls));
  UNHIDRA_TRY_VOID(founder.found(std::move(settings)));
  UNHIDRA_TRY_VOID(founder.bring_in(ids_of(listening)));
  UNHIDRA_TRY_VOID(founder.bring_in(ids_of(clients)));
  std::optional<ChannelWitness> witness;
  std::optional<FirstCommit> first_commit;
  if (options.first_commit) {
    const auto& account = accounts[1 + options.clients];
    witness.emplace(account, random, clock, founder_loop);
    UNHIDRA_TRY(auto own, gateway_settings(gateway, account.access_token, tls));
    UNHIDRA_TRY_VOID(witness->publish(std::move(own)));
    UNHIDRA_TRY_VOID(founder.bring_in(std::array{account.user}));
    UNHIDRA_TRY_VOID(
        wait_for_clients(lane, clients.size(), "in the channel", &ClientLane::in_channel));
    UNHIDRA_TRY(first_commit, measure_first_commit(founder, *witness, lane, options));
  }
  std::optional<Background> background(founder_loop);
  UNHIDRA_TRY_VOID(
      wait_for_clients(lane, clients.size(), "in the channel", &ClientLane::in_channel));
  lane.greet();
  UNHIDRA_TRY_VOID(wait_for_clients(lane, clients.size(), "greeted", &ClientLane::greeted));

  ChannelResult result{.options = options, .members = founder.members()};
  result.first_commit = first_commit;
  UNHIDRA_TRY(result.unconnected, process_stats(options.target.server_pids));
  for (const auto& worker : workers) {
    UNHIDRA_TRY_VOID(worker.give(as_bytes("connect")));
  }
  UNHIDRA_TRY(const auto connected, collect(workers));
  UNHIDRA_TRY_VOID(check_all(connected, listening.size(), "connected"));
  UNHIDRA_TRY(result.window, run_load(lane, options, clock));
  for (const auto& worker : workers) {
    worker.end();
  }
  UNHIDRA_TRY(const auto heard, collect(workers));
  for (const auto& worker : workers) {
    worker.wait();
  }
  background.reset();
  lane.end();
  result.listening = heard.done;
  result.window.own_cpu_seconds += heard.cpu_seconds - connected.cpu_seconds;
  result.errors = heard.errors;
  result.reports = heard.reports;
  result.to_report = heard.to_report;
  result.arrivals.merge(heard.arrivals);
  result.arrivals.merge(founder.arrivals());
  if (witness) {
    result.arrivals.merge(witness->arrivals());
  }
  result.arrivals.merge(lane.log().arrivals);
  print(result, lane.log());
  return {};
}

}  // namespace unhidra::bench
