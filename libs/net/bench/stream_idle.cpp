// What an idle byte stream costs the server, application not included: a server process with one
// thread and a client process that opens N connections and then stays silent. Prints one line of
// JSON. Usage: bench_stream_idle tcp|tls|ws|wss|openssl [connections] (at most the descriptor limit
// minus a few, and the ports of one address). `openssl` is the floor of `tls`: a blocking accept
// and SSL_accept with OpenSSL's own settings, and nothing else.
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <unistd.h>

#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
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

struct Ours {
  runtime::IoThreads threads{1};
  Handler handler{threads.at(0)};
  std::unique_ptr<Server> server;
  std::uint16_t port() const { return server->port(); }
  std::size_t opened() const { return handler.opened; }
};

// Accepts `count` connections one after the other and keeps them.
class BareOpenSsl {
 public:
  explicit BareOpenSsl(std::size_t count) : context_(SSL_CTX_new(TLS_server_method())) {
    const auto made = net::test::make_certificate();
    BIO* certificate = BIO_new_mem_buf(made.pem.data(), static_cast<int>(made.pem.size()));
    BIO* key = BIO_new_mem_buf(made.key_pem.data(), static_cast<int>(made.key_pem.size()));
    X509* x509 = PEM_read_bio_X509(certificate, nullptr, nullptr, nullptr);
    EVP_PKEY* private_key = PEM_read_bio_PrivateKey(key, nullptr, nullptr, nullptr);
    SSL_CTX_use_certificate(context_, x509);
    SSL_CTX_use_PrivateKey(context_, private_key);
    X509_free(x509);
    EVP_PKEY_free(private_key);
    BIO_free(certificate);
    BIO_free(key);
    sockaddr_in address{
        .sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
    socklen_t size = sizeof(address);
    listening_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::bind(listening_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listening_, SOMAXCONN) != 0 ||
        ::getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      std::abort();
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, count] { accept(count); });
  }
  ~BareOpenSsl() {
    ::shutdown(listening_, SHUT_RDWR);
    thread_.join();
    for (SSL* each : kept_) {
      SSL_free(each);
    }
    SSL_CTX_free(context_);
    ::close(listening_);
  }
  BareOpenSsl(const BareOpenSsl&) = delete;
  BareOpenSsl& operator=(const BareOpenSsl&) = delete;
  std::uint16_t port() const { return port_; }
  std::size_t opened() const { return opened_; }

 private:
  void accept(std::size_t count) {
    while (opened_ < count) {
      const int fd = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) {
        return;
      }
      SSL* ssl = SSL_new(context_);
      SSL_set_fd(ssl, fd);
      if (SSL_accept(ssl) != 1) {
        return;
      }
      kept_.push_back(ssl);
      ++opened_;
    }
  }

  SSL_CTX* context_;
  int listening_ = -1;
  std::uint16_t port_ = 0;
  std::vector<SSL*> kept_;
  std::atomic<std::size_t> opened_{0};
  std::thread thread_;
};

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

// `start` answers a server, or null; it runs once there is a process of clients.
int measure(std::string_view name, StreamTransport transport, std::size_t count, auto start) {
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
  const auto server = start();
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
      std::string(name).c_str(), server->opened(),
      static_cast<double>(after_kb - before_kb) * 1024 / n, cpu * 1e6 / n);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  return answered && server->opened() == count ? 0 : 1;
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
      return measure(name, transport, count, [transport]() -> std::unique_ptr<Ours> {
        auto out = std::make_unique<Ours>();
        out->server = serve(transport, out->handler);
        return out->server ? std::move(out) : nullptr;
      });
    }
  }
  if (name == "openssl") {
    return measure(name, StreamTransport::tls, count,
                   [count] { return std::make_unique<BareOpenSsl>(count); });
  }
  std::fprintf(stderr, "usage: bench_stream_idle tcp|tls|ws|wss|openssl [connections]\n");
  return 2;
}
