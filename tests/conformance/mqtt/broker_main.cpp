// mqtt_broker [--port P] [--ws-port P] [--tls-port P] [--wss-port P] [--certificate FILE --key
// FILE]
//
// The real broker on loopback, set up for suites of packet sequences: everybody may do everything,
// Receive Maximum 20, Topic Alias Maximum 10, Maximum Packet Size 2,000,000, retained messages on.
// Port 0 is any free one. Prints a line "NAME PORT" for each listener, then "ready"; runs until it
// is stopped (SIGTERM, SIGINT).
//   --keep-alive S   longer keep alives of version 5 are cut to it
//   --data FOLDER    keeps its journal there: sessions and what was acknowledged outlive it
//   --snapshot-at N  bytes of the journal after which a snapshot takes its place
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <thread>

#include <CLI/CLI.hpp>

#include "unhidra/automation/broker_log.h"
#include "unhidra/automation/mqtt_server.h"
#include "unhidra/crypto/random.h"
#include "unhidra/runtime/io_threads.h"
#include "unhidra/runtime/system_clock.h"
#include "unhidra/runtime/task_scope.h"

namespace unhidra::mqtt_broker {
namespace {

using namespace unhidra::mqtt;

class Everything final : public Authority {
 public:
  std::optional<Admission> connect(ConnectionId, const Peer&, const Connect& packet) override {
    if (packet.properties.find(PropertyId::authentication_method)) {
      return Admission{.reason = ReasonCode::bad_authentication_method};
    }
    return Admission{.principal = anybody_};
  }
  std::shared_ptr<const Principal> restore(std::string_view, std::string_view) override {
    return anybody_;
  }
  ReasonCode publish(const Principal&, const PublishRequest&) override {
    return ReasonCode::success;
  }
  // One filter is refused: a suite wants to see a refusal.
  ReasonCode subscribe(const Principal&, std::string_view filter,
                       const SubscriptionOptions&) override {
    return filter == "test/nosubscribe" ? ReasonCode::unspecified_error : ReasonCode::success;
  }

 private:
  std::shared_ptr<const Principal> anybody_ = std::make_shared<const Principal>();
};

class WebSocketFace final : public net::HttpHandler {
 public:
  explicit WebSocketFace(automation::MqttServer& server) : server_(server) {}
  std::uint64_t body_limit(const net::RequestHead&) override { return 0; }
  Task<net::HttpResponse> handle(net::HttpRequest) override {
    co_return net::HttpResponse::text(404, "MQTT over WebSocket is at /mqtt.\n");
  }
  Task<net::UpgradeDecision> upgrade(net::RequestHead head) override {
    if (head.path != "/mqtt") {
      co_return std::unexpected(net::HttpResponse::text(404, "MQTT is at /mqtt.\n"));
    }
    co_return server_.upgrade(head);
  }

 private:
  automation::MqttServer& server_;
};

struct Options {
  std::optional<std::uint16_t> port, ws_port, tls_port, wss_port;
  std::string certificate, key, data;
  std::uint16_t keep_alive = 0;
  std::uint64_t snapshot_at = automation::BrokerLogSettings().snapshot_at;
};

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

BrokerSettings settings(const Options& options) {
  BrokerSettings out;
  out.receive_maximum = 20;
  out.topic_alias_maximum = 10;
  out.max_packet = 2'000'000;
  out.max_keep_alive = options.keep_alive;
  return out;
}

Result<std::shared_ptr<net::TlsServerContext>> tls(const Options& options,
                                                   net::ApplicationProtocol protocol) {
  net::TlsServerSettings out;
  out.certificate_chain_pem = content(options.certificate);
  out.private_key_pem = SecretBytes::copy_of(as_bytes(content(options.key)));
  out.application_protocol = protocol;
  return net::TlsServerContext::create(std::move(out));
}

class Listeners {
 public:
  Listeners(automation::MqttServer& server, Executor executor)
      : server_(server), executor_(std::move(executor)), face_(server) {}

  Status open(const Options& options) {
    if (options.port) {
      UNHIDRA_TRY_VOID(stream("tcp", *options.port, nullptr));
    }
    if (options.ws_port) {
      UNHIDRA_TRY_VOID(websocket("ws", *options.ws_port, nullptr));
    }
    if (options.tls_port) {
      UNHIDRA_TRY(auto context, tls(options, net::ApplicationProtocol::mqtt));
      UNHIDRA_TRY_VOID(stream("tls", *options.tls_port, std::move(context)));
    }
    if (options.wss_port) {
      UNHIDRA_TRY(auto context, tls(options, net::ApplicationProtocol::http_1_1));
      UNHIDRA_TRY_VOID(websocket("wss", *options.wss_port, std::move(context)));
    }
    return {};
  }

 private:
  static net::ServerSettings at(std::uint16_t port) {
    net::ServerSettings out;
    out.port = port;
    return out;
  }
  Status stream(const char* name, std::uint16_t port, std::shared_ptr<net::TlsServerContext> tls) {
    UNHIDRA_TRY(const auto bound, server_.listen(at(port), std::move(tls)));
    std::printf("%s %u\n", name, bound);
    return {};
  }
  Status websocket(const char* name, std::uint16_t port,
                   std::shared_ptr<net::TlsServerContext> tls) {
    servers_.push_back(
        std::make_unique<net::Server>(std::vector{executor_}, at(port), std::move(tls), face_));
    UNHIDRA_TRY_VOID(servers_.back()->start());
    std::printf("%s %u\n", name, servers_.back()->port());
    return {};
  }

  automation::MqttServer& server_;
  Executor executor_;
  WebSocketFace face_;
  std::vector<std::unique_ptr<net::Server>> servers_;
};

Task<void> look_after(automation::BrokerLog& journal, automation::MqttServer& server) {
  for (;;) {
    co_await runtime::sleep_for(std::chrono::milliseconds(20));
    if (journal.wants_snapshot()) {
      if (const auto done = co_await journal.snapshot(server.broker()); !done) {
        std::fprintf(stderr, "%s\n", done.error().message().c_str());
      }
    }
  }
}

void wait_for_signal() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  int which = 0;
  sigwait(&signals, &which);
}

void end(runtime::TaskScope& scope) {
  scope.request_stop();
  while (scope.active() > 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

int run(const Options& options) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  const runtime::SystemClock clock;
  crypto::SystemRandom random;
  Everything everything;
  runtime::IoThreads io(1);
  automation::BrokerLog journal({.folder = options.data, .snapshot_at = options.snapshot_at});
  const bool keeps = !options.data.empty();
  automation::MqttServer server(io.at(0), settings(options), everything, keeps ? &journal : nullptr,
                                nullptr, clock, random);
  if (keeps) {
    const auto read =
        journal.open([&server](ByteView record) { return server.broker().replay(record); });
    if (!read) {
      std::fprintf(stderr, "%s\n", read.error().message().c_str());
      return 1;
    }
    server.broker().recovered(server.now());
    journal.serve(server);
  }
  Listeners listeners(server, io.at(0));
  if (const auto opened = listeners.open(options); !opened) {
    std::fprintf(stderr, "%s\n", opened.error().message().c_str());
    return 1;
  }
  server.start();
  runtime::TaskScope scope(io.at(0), "broker");
  if (keeps) {
    scope.spawn("look_after", look_after(journal, server));
  }
  std::printf("ready\n");
  std::fflush(stdout);
  wait_for_signal();
  end(scope);
  io.stop();
  if (const auto closed = journal.close(); !closed) {
    std::fprintf(stderr, "%s\n", closed.error().message().c_str());
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace unhidra::mqtt_broker

int main(int argc, char** argv) {
  unhidra::mqtt_broker::Options options;
  CLI::App app("The MQTT broker, set up for conformance suites", "mqtt_broker");
  app.add_option("--port", options.port, "TCP");
  app.add_option("--ws-port", options.ws_port, "WebSocket, at /mqtt");
  app.add_option("--tls-port", options.tls_port, "TLS");
  app.add_option("--wss-port", options.wss_port, "WebSocket over TLS, at /mqtt");
  app.add_option("--certificate", options.certificate, "PEM")->check(CLI::ExistingFile);
  app.add_option("--key", options.key, "PEM")->check(CLI::ExistingFile);
  app.add_option("--data", options.data, "folder of the journal");
  app.add_option("--keep-alive", options.keep_alive, "seconds");
  app.add_option("--snapshot-at", options.snapshot_at, "bytes of the journal");
  CLI11_PARSE(app, argc, argv);
  return unhidra::mqtt_broker::run(options);
}
