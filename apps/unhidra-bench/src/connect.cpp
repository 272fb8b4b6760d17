#include "connect.h"

#include <cstdio>
#include <thread>

#include <boost/json/serialize.hpp>

#include "unhidra/crypto/random.h"
#include "unhidra/runtime/system_clock.h"

#include "accounts.h"
#include "connect_worker.h"
#include "figures.h"
#include "worker_process.h"

namespace unhidra::bench {
namespace {

Result<ConnectOutcome> collect(const std::vector<WorkerProcess>& children) {
  ConnectOutcome out;
  for (const auto& child : children) {
    UNHIDRA_TRY(const auto bytes, child.take());
    UNHIDRA_TRY(const auto one, ConnectOutcome::decode(bytes));
    out.merge(one);
  }
  return out;
}

struct Stages {
  ProcessStats before;
  ProcessStats opened;
  ProcessStats held;
};

void print(const ConnectOptions& options, const Stages& stages, const ConnectOutcome& opened,
           const ConnectOutcome& held) {
  const double seconds = static_cast<double>(opened.last_at - opened.first_at) / 1e9;
  boost::json::object out{
      {"load", "connect"},
      {"connections_asked", options.connections},
      {"connections_opened", opened.opened},
      {"connections_failed", options.connections - opened.opened},
      {"connections_after_hold", held.still_open},
      {"processes", options.processes},
      {"seconds_to_open", rounded(seconds)},
      {"handshakes_per_second", rounded(static_cast<double>(opened.opened) / seconds)},
      {"connect", figures(opened.latencies)},
      {"errors", figures(held.errors)},
      {"hold_seconds", options.hold.count()},
      {"load_average", load_average()}};
  if (!options.target.server_pids.empty()) {
    boost::json::object server = figures(stages.before, stages.held);
    server["cpu_seconds_opening"] = rounded(stages.opened.cpu_seconds - stages.before.cpu_seconds);
    server["cpu_seconds_holding"] = rounded(stages.held.cpu_seconds - stages.opened.cpu_seconds);
    server["open_files"] = stages.held.open_files;
    if (opened.opened > 0) {
      const auto count = static_cast<double>(opened.opened);
      server["cpu_us_per_handshake"] =
          rounded((stages.opened.cpu_seconds - stages.before.cpu_seconds) * 1e6 / count);
      server["rss_bytes_per_connection"] = rounded((static_cast<double>(stages.held.rss_bytes) -
                                                    static_cast<double>(stages.before.rss_bytes)) /
                                                   count);
    }
    out["server"] = std::move(server);
  }
  std::puts(boost::json::serialize(out).c_str());
}

Status give_jobs(const std::vector<WorkerProcess>& children, const ConnectOptions& options,
                 const std::vector<Account>& accounts) {
  ConnectJob job{.gateway = options.target.gateway,
                 .ca_file = options.target.ca_file,
                 .local_addresses = options.local_addresses,
                 .opening = options.opening};
  for (const auto& account : accounts) {
    job.tokens.push_back(account.access_token);
    if (job.gateway.empty()) {
      job.gateway = account.gateway;
    }
  }
  if (job.gateway.empty()) {
    return fail(Errc::invalid, "the server does not tell where its gateway is: use --gateway");
  }
  std::size_t given = 0;
  for (std::size_t i = 0; i < children.size(); ++i) {
    const auto until = options.connections * (i + 1) / children.size();
    job.first_number = given;
    job.connections = until - given;
    given = until;
    UNHIDRA_TRY_VOID(children[i].give(job.encode()));
  }
  return {};
}

}  // namespace

Status run_connect(const ConnectOptions& options) {
  UNHIDRA_TRY(const auto children, WorkerProcess::fork(options.processes, run_connect_worker));
  const runtime::SystemClock clock;
  crypto::SystemRandom random;
  AccountService service(options.target, clock, random);
  UNHIDRA_TRY(const auto accounts, service.take_or_create(options.users, options.accounts_file));
  Stages stages;
  UNHIDRA_TRY(stages.before, process_stats(options.target.server_pids));
  UNHIDRA_TRY_VOID(give_jobs(children, options, accounts));
  UNHIDRA_TRY(const auto opened, collect(children));
  std::fprintf(stderr, "opened %llu connections, holding them for %lld s\n",
               static_cast<unsigned long long>(opened.opened),
               static_cast<long long>(options.hold.count()));
  UNHIDRA_TRY(stages.opened, process_stats(options.target.server_pids));
  std::this_thread::sleep_for(options.hold);
  UNHIDRA_TRY(stages.held, process_stats(options.target.server_pids));
  for (const auto& child : children) {
    child.end();
  }
  UNHIDRA_TRY(const auto held, collect(children));
  for (const auto& child : children) {
    child.wait();
  }
  print(options, stages, opened, held);
  return {};
}

}  // namespace unhidra::bench
