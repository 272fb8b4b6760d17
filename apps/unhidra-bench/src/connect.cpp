#include "connect.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <thread>
#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <sys/wait.h>

#include "unhidra/crypto/random.h"
#include "unhidra/runtime/system_clock.h"

#include "accounts.h"
#include "connect_worker.h"
#include "figures.h"

namespace unhidra::bench {
namespace {

// A child process with the pipes to and from it. It ends when it is told to, or with this process.
class Child {
 public:
  static Result<Child> fork_worker() {
    int jobs[2];
    int outcomes[2];
    if (::pipe2(jobs, O_CLOEXEC) != 0 || ::pipe2(outcomes, O_CLOEXEC) != 0) {
      return fail(Errc::unavailable, "no pipes left");
    }
    const auto pid = ::fork();
    if (pid < 0) {
      return fail(Errc::unavailable, "no process left");
    }
    if (pid == 0) {
      ::close(jobs[1]);
      ::close(outcomes[0]);
      std::_Exit(run_connect_worker(jobs[0], outcomes[1]));
    }
    ::close(jobs[0]);
    ::close(outcomes[1]);
    Child out;
    out.pid_ = pid;
    out.jobs_ = jobs[1];
    out.outcomes_ = outcomes[0];
    return out;
  }

  bool give(const ConnectJob& job) const { return write_message(jobs_, job.encode()); }
  Result<ConnectOutcome> outcome() const {
    UNHIDRA_TRY(const auto bytes, read_message(outcomes_));
    return ConnectOutcome::decode(bytes);
  }
  void end_hold() const {
    (void)write_message(jobs_, {});
    ::close(jobs_);
  }
  void wait() const {
    int status = 0;
    ::waitpid(pid_, &status, 0);
  }

 private:
  pid_t pid_ = -1;
  int jobs_ = -1;
  int outcomes_ = -1;
};

// A worker that is gone shows as a failed write, not as a signal.
Result<std::vector<Child>> fork_workers(std::size_t count) {
  std::signal(SIGPIPE, SIG_IGN);
  std::vector<Child> out;
  for (std::size_t i = 0; i < count; ++i) {
    UNHIDRA_TRY(const auto child, Child::fork_worker());
    out.push_back(child);
  }
  return out;
}

Result<ConnectOutcome> collect(const std::vector<Child>& children) {
  ConnectOutcome out;
  for (const auto& child : children) {
    UNHIDRA_TRY(const auto one, child.outcome());
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

Status give_jobs(const std::vector<Child>& children, const ConnectOptions& options,
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
    if (!children[i].give(job)) {
      return fail(Errc::unavailable, "a worker process has ended");
    }
  }
  return {};
}

}  // namespace

Status run_connect(const ConnectOptions& options) {
  UNHIDRA_TRY(const auto children, fork_workers(options.processes));
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
    child.end_hold();
  }
  UNHIDRA_TRY(const auto held, collect(children));
  for (const auto& child : children) {
    child.wait();
  }
  print(options, stages, opened, held);
  return {};
}

}  // namespace unhidra::bench
