// What an idle secure WebSocket costs the server, all included: a server process with one thread
// and a client process that opens N connections over TLS and then stays silent. Prints one line of
// JSON. Usage: bench_ws_idle [connections] (at most the descriptor limit minus a few)
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <unistd.h>

#include <sys/prctl.h>
#include <sys/wait.h>

#include "unhidra/net/server.h"
#include "unhidra/net/websocket_client.h"
#include "unhidra/runtime/io_threads.h"

#include "certificate.h"
#include "process_usage.h"

namespace {

using namespace unhidra;
using namespace unhidra::net;
using bench::cpu_seconds;
using bench::resident_kb;
using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kPerSource = 5000;  // connections from one local address

struct Silent final : WebSocketListener {
  void on_open(std::shared_ptr<WebSocketConnection> connection) override {
    held = std::move(connection);
  }
  void on_message(ByteView, MessageKind) override {}
  void on_close(CloseCode, std::string_view) override { held.reset(); }
  std::shared_ptr<WebSocketConnection> held;
};

struct Handler final : HttpHandler {
  std::uint64_t body_limit(const RequestHead&) override { return 0; }
  Task<HttpResponse> handle(HttpRequest) override { co_return HttpResponse::text(200, "ok"); }
  Task<UpgradeDecision> upgrade(RequestHead) override {
    AcceptUpgrade accepted;
    accepted.listener = std::make_shared<Silent>();
    co_return accepted;
  }
};

int run_clients(std::uint16_t port, std::size_t count, const std::string& ca, int done_fd) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  runtime::IoThreads threads(1);
  auto tls = TlsClientContext::create({.ca_pem = ca});
  if (!tls) {
    return 1;
  }
  std::atomic<std::size_t> connected{0};
  std::atomic<std::size_t> failed{0};
  std::size_t started = 0;
  const auto next = [&] {
    WebSocketClientSettings settings;
    settings.host = "127.0.0.1";
    settings.port = port;
    settings.tls = *tls;
    settings.server_name = "localhost";
    settings.local_address = "127.0.0." + std::to_string(2 + started++ / kPerSource);
    settings.timeout = 120s;
    settings.websocket.ping_interval = 0ms;
    settings.websocket.idle_timeout = 0ms;
    connect_websocket(threads.at(0), settings, std::make_shared<Silent>(),
                      [&](const auto& result) { ++(result ? connected : failed); });
  };
  constexpr std::size_t kAtOnce = 64;
  while (connected + failed < count) {
    while (started < count && started - connected - failed < kAtOnce) {
      next();
    }
    std::this_thread::sleep_for(1ms);
  }
  const std::size_t good = connected;
  if (::write(done_fd, &good, sizeof(good)) != sizeof(good)) {
    return 1;
  }
  for (;;) {
    std::this_thread::sleep_for(1s);  // until the parent ends us
  }
}

int measure(std::size_t count) {
  const auto certificate = test::make_certificate();
  int to_child[2];
  int to_parent[2];
  if (::pipe(to_child) != 0 || ::pipe(to_parent) != 0) {
    return 1;
  }
  const pid_t child = ::fork();  // before there are threads
  if (child == 0) {
    std::uint16_t port = 0;
    if (::read(to_child[0], &port, sizeof(port)) != sizeof(port)) {
      std::_Exit(1);
    }
    std::_Exit(run_clients(port, count, certificate.pem, to_parent[1]));
  }
  ::close(to_parent[1]);
  auto tls = TlsServerContext::create(test::tls_settings(certificate));
  Handler handler;
  runtime::IoThreads threads(1);
  ServerSettings settings;
  settings.websocket.ping_interval = 10min;
  settings.websocket.idle_timeout = 20min;
  Server server({threads.at(0)}, settings, tls.value(), handler);
  if (const auto started = server.start(); !started) {
    std::fprintf(stderr, "%s\n", started.error().message().c_str());
    return 1;
  }
  std::this_thread::sleep_for(100ms);
  const long before_kb = resident_kb();
  const double cpu_before = cpu_seconds();
  const auto begin = SteadyClock::now();
  const auto port = server.port();
  std::size_t connected = 0;
  if (::write(to_child[1], &port, sizeof(port)) != sizeof(port) ||
      ::read(to_parent[0], &connected, sizeof(connected)) != sizeof(connected)) {
    return 1;
  }
  const double wall = std::chrono::duration<double>(SteadyClock::now() - begin).count();
  const double cpu = cpu_seconds() - cpu_before;
  std::this_thread::sleep_for(2s);
  const long after_kb = resident_kb();
  const double idle_cpu_before = cpu_seconds();
  std::this_thread::sleep_for(5s);
  const double idle_cpu = (cpu_seconds() - idle_cpu_before) / 5;
  const auto stats = server.stats();
  const auto n = static_cast<double>(connected);
  std::printf(
      "{\"connections\":%zu,\"open_websockets\":%zu,\"rss_kb_before\":%ld,\"rss_kb_after\":%ld,"
      "\"rss_bytes_per_connection\":%.0f,\"connect_seconds\":%.2f,"
      "\"connections_per_server_cpu_second\":%.0f,\"idle_cpu_percent\":%.2f}\n",
      connected, stats.open_websockets, before_kb, after_kb,
      static_cast<double>(after_kb - before_kb) * 1024 / n, wall, n / cpu, idle_cpu * 100);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  return connected == count && stats.open_websockets == count ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  return measure(argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 10'000);
}
