// What an idle byte stream costs the server, application not included: a server process with one
// thread and a client process that opens N connections and then stays silent. Prints one line of
// JSON. Usage: bench_stream_idle tcp|tls|ws|wss [connections] (at most the descriptor limit minus a
// few, and the ports of one address)
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <unistd.h>

#include <sys/prctl.h>
#include <sys/wait.h>

#include "unhidra/net/server.h"
#include "unhidra/runtime/io_threads.h"

#include "certificate.h"
#include "process_usage.h"
#include "stream_client.h"

namespace {

using namespace unhidra;
using namespace unhidra::net;
using namespace std::chrono_literals;

struct Silent final : StreamListener {
  explicit Silent(std::shared_ptr<Stream> opened) : stream(std::move(opened)) {}
  void on_bytes(ByteView) override {}
  void on_shutdown() override { stream->abort(); }
  void on_closed(const Error&) override {}
  const std::shared_ptr<Stream> stream;
};

struct Handler final : StreamHandler, HttpHandler {
  explicit Handler(Executor its_executor) : executor(std::move(its_executor)) {}
  std::shared_ptr<StreamListener> on_open(std::shared_ptr<Stream> stream) override {
    ++opened;
    return std::make_shared<Silent>(std::move(stream));
  }
  std::uint64_t body_limit(const RequestHead&) override { return 0; }
  Task<HttpResponse> handle(HttpRequest) override { co_return HttpResponse::text(404, ""); }
  Task<UpgradeDecision> upgrade(RequestHead head) override {
    co_return AcceptUpgrade{.listener = stream_over_websocket(*this, executor, head),
                            .subprotocol = "mqtt",
                            .settings = std::nullopt};
  }
  const Executor executor;
  std::atomic<std::size_t> opened{0};
};

int run_clients(StreamTransport transport, std::uint16_t port, std::size_t count, int done_fd) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::vector<std::unique_ptr<net::test::StreamClient>> clients;
  for (std::size_t i = 0; i < count; ++i) {
    clients.push_back(std::make_unique<net::test::StreamClient>(transport, port));
  }
  if (::write(done_fd, &count, sizeof(count)) != sizeof(count)) {
    return 1;
  }
  for (;;) {
    std::this_thread::sleep_for(1s);  // until the parent ends us
  }
}

std::unique_ptr<Server> serve(StreamTransport transport, Handler& handler) {
  const bool secure =
      transport == StreamTransport::tls || transport == StreamTransport::secure_websocket;
  const bool websocket =
      transport == StreamTransport::websocket || transport == StreamTransport::secure_websocket;
  auto tls =
      secure
          ? TlsServerContext::create(net::test::tls_settings(net::test::make_certificate())).value()
          : nullptr;
  ServerSettings settings;
  settings.websocket.ping_interval = 10min;
  settings.websocket.idle_timeout = 20min;
  const std::vector executors{handler.executor};
  auto out = websocket ? std::make_unique<Server>(executors, settings, std::move(tls),
                                                  static_cast<HttpHandler&>(handler))
                       : std::make_unique<Server>(executors, settings, std::move(tls),
                                                  static_cast<StreamHandler&>(handler));
  return out->start() ? std::move(out) : nullptr;
}

int measure(std::string_view name, StreamTransport transport, std::size_t count) {
  std::array<int, 2> to_child{};
  std::array<int, 2> to_parent{};
  if (::pipe(to_child.data()) != 0 || ::pipe(to_parent.data()) != 0) {
    return 1;
  }
  const pid_t child = ::fork();  // before there are threads
  if (child == 0) {
    std::uint16_t port = 0;
    if (::read(to_child[0], &port, sizeof(port)) != sizeof(port)) {
      std::_Exit(1);
    }
    std::_Exit(run_clients(transport, port, count, to_parent[1]));
  }
  ::close(to_parent[1]);
  runtime::IoThreads threads(1);
  Handler handler(threads.at(0));
  const auto server = serve(transport, handler);
  if (!server) {
    return 1;
  }
  std::this_thread::sleep_for(100ms);
  const long before_kb = bench::resident_kb();
  const double cpu_before = bench::cpu_seconds();
  const auto port = server->port();
  std::size_t connected = 0;
  const bool answered = ::write(to_child[1], &port, sizeof(port)) == sizeof(port) &&
                        ::read(to_parent[0], &connected, sizeof(connected)) == sizeof(connected);
  const double cpu = bench::cpu_seconds() - cpu_before;
  std::this_thread::sleep_for(2s);
  const long after_kb = bench::resident_kb();
  const auto n = static_cast<double>(count);
  std::printf(
      "{\"transport\":\"%s\",\"connections\":%zu,\"rss_bytes_per_connection\":%.0f,"
      "\"server_cpu_us_per_connect\":%.0f}\n",
      std::string(name).c_str(), handler.opened.load(),
      static_cast<double>(after_kb - before_kb) * 1024 / n, cpu * 1e6 / n);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  return answered && handler.opened == count ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view name = argc > 1 ? argv[1] : "";
  const std::size_t count = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 10'000;
  constexpr std::array<std::pair<std::string_view, StreamTransport>, 4> kTransports{{
      {"tcp", StreamTransport::tcp},
      {"tls", StreamTransport::tls},
      {"ws", StreamTransport::websocket},
      {"wss", StreamTransport::secure_websocket},
  }};
  for (const auto& [known, transport] : kTransports) {
    if (known == name) {
      return measure(name, transport, count);
    }
  }
  std::fprintf(stderr, "usage: bench_stream_idle tcp|tls|ws|wss [connections]\n");
  return 2;
}
