#include "connect_worker.h"

#include <functional>
#include <memory>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "unhidra/net/websocket_client.h"

#include "worker_process.h"

namespace unhidra::bench {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kMaxText = 64 << 10;

std::int64_t steady_nanoseconds() {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

class Worker {
 public:
  Worker(ConnectJob job, HostAndPort gateway, std::shared_ptr<net::TlsClientContext> tls)
      : job_(std::move(job)),
        gateway_(std::move(gateway)),
        tls_(std::move(tls)),
        work_(loop_.get_executor()) {
    outcome_.first_at = steady_nanoseconds();
  }

  void start() {
    for (std::uint64_t i = 0; i < std::min(job_.opening, job_.connections); ++i) {
      open_next();
    }
    finish_when_opened();
  }
  asio::io_context& loop() { return loop_; }
  const ConnectOutcome& outcome() const { return outcome_; }
  std::function<void()> on_opened;

  // All that are still there say good-bye.
  void close_all() {
    for (const auto& connection : connections_) {
      if (connection) {
        connection->close(net::CloseCode::normal, "");
      }
    }
    work_.reset();
  }

 private:
  struct Listener final : net::WebSocketListener {
    Listener(Worker& worker_in, std::size_t number_in) : worker(worker_in), number(number_in) {}
    void on_open(std::shared_ptr<net::WebSocketConnection>) override {}
    void on_message(ByteView, net::MessageKind) override {}
    void on_close(net::CloseCode code, std::string_view) override { worker.closed(number, code); }
    Worker& worker;
    std::size_t number;
  };

  void open_next() {
    if (started_ >= job_.connections) {
      return;
    }
    const auto number = static_cast<std::size_t>(started_++);
    const auto turn = static_cast<std::size_t>(job_.first_number) + number;
    net::WebSocketClientSettings settings;
    settings.host = gateway_.host;
    settings.port = gateway_.port;
    settings.target = gateway_.target.empty() ? "/v1/ws" : gateway_.target;
    settings.subprotocols = {"unhidra.v1", "bearer." + job_.tokens[turn % job_.tokens.size()]};
    settings.tls = tls_;
    settings.timeout = std::chrono::seconds(60);
    // Idle is idle: only the server's own pings pass.
    settings.websocket.ping_interval = {};
    settings.websocket.idle_timeout = {};
    if (!job_.local_addresses.empty()) {
      settings.local_address = job_.local_addresses[turn % job_.local_addresses.size()];
    }
    const auto begin = std::chrono::steady_clock::now();
    net::connect_websocket(
        loop_.get_executor(), std::move(settings), std::make_shared<Listener>(*this, number),
        [this, begin, number](auto result) { opened(number, begin, std::move(result)); });
  }

  void opened(std::size_t number, std::chrono::steady_clock::time_point begin,
              Result<std::shared_ptr<net::WebSocketConnection>> result) {
    ++settled_;
    if (result) {
      outcome_.latencies.add(std::chrono::steady_clock::now() - begin);
      ++outcome_.opened;
      ++outcome_.still_open;
      if (connections_.size() <= number) {
        connections_.resize(number + 1);
      }
      connections_[number] = std::move(*result);
    } else {
      ++outcome_.errors[std::string(result.error().code().name)];
    }
    outcome_.last_at = steady_nanoseconds();
    open_next();
    finish_when_opened();
  }

  void finish_when_opened() {
    if (settled_ == job_.connections) {
      on_opened();
    }
  }

  void closed(std::size_t number, net::CloseCode code) {
    if (number < connections_.size() && connections_[number]) {
      connections_[number].reset();
      --outcome_.still_open;
      ++outcome_.errors["closed." + std::to_string(static_cast<int>(code))];
    }
  }

  ConnectJob job_;
  HostAndPort gateway_;
  std::shared_ptr<net::TlsClientContext> tls_;
  asio::io_context loop_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  ConnectOutcome outcome_;
  std::vector<std::shared_ptr<net::WebSocketConnection>> connections_;
  std::uint64_t started_ = 0;
  std::uint64_t settled_ = 0;
};

Status serve(int jobs, int outcomes) {
  UNHIDRA_TRY(const auto bytes, read_message(jobs));
  UNHIDRA_TRY(auto job, ConnectJob::decode(bytes));
  UNHIDRA_TRY(auto gateway, parse_url(job.gateway));
  UNHIDRA_TRY(auto tls, net::TlsClientContext::create({.ca_file = job.ca_file}));
  raise_file_limit();
  Worker worker(std::move(job), std::move(gateway), std::move(tls));
  worker.on_opened = [&] { write_message(outcomes, worker.outcome().encode()); };
  asio::post(worker.loop(), [&] { worker.start(); });
  const std::jthread waiter([&] {
    (void)read_message(jobs);
    asio::post(worker.loop(), [&] {
      write_message(outcomes, worker.outcome().encode());
      worker.close_all();
    });
  });
  worker.loop().run();
  return {};
}

}  // namespace

Bytes ConnectJob::encode() const {
  ByteWriter writer;
  writer.text(gateway).text(ca_file);
  for (const auto* list : {&tokens, &local_addresses}) {
    writer.varint(list->size());
    for (const auto& one : *list) {
      writer.text(one);
    }
  }
  writer.varint(connections).varint(opening).varint(first_number);
  return std::move(writer).take();
}

Result<ConnectJob> ConnectJob::decode(ByteView bytes) {
  ByteReader reader(bytes);
  ConnectJob out;
  out.gateway = reader.text(kMaxText);
  out.ca_file = reader.text(kMaxText);
  for (auto* list : {&out.tokens, &out.local_addresses}) {
    for (auto count = reader.varint(); count > 0 && !reader.failed(); --count) {
      list->emplace_back(reader.text(kMaxText));
    }
  }
  out.connections = reader.varint();
  out.opening = reader.varint();
  out.first_number = reader.varint();
  UNHIDRA_TRY_VOID(reader.finish("a job"));
  return out;
}

Bytes ConnectOutcome::encode() const {
  ByteWriter writer;
  writer.varint(opened).varint(still_open);
  writer.u64(static_cast<std::uint64_t>(first_at)).u64(static_cast<std::uint64_t>(last_at));
  latencies.encode(writer);
  writer.varint(errors.size());
  for (const auto& [code, count] : errors) {
    writer.text(code).varint(count);
  }
  return std::move(writer).take();
}

Result<ConnectOutcome> ConnectOutcome::decode(ByteView bytes) {
  ByteReader reader(bytes);
  ConnectOutcome out;
  out.opened = reader.varint();
  out.still_open = reader.varint();
  out.first_at = static_cast<std::int64_t>(reader.u64());
  out.last_at = static_cast<std::int64_t>(reader.u64());
  out.latencies = Latencies::decode(reader);
  for (auto count = reader.varint(); count > 0 && !reader.failed(); --count) {
    const std::string code(reader.text(kMaxText));
    out.errors[code] = reader.varint();
  }
  UNHIDRA_TRY_VOID(reader.finish("an outcome"));
  return out;
}

void ConnectOutcome::merge(const ConnectOutcome& other) {
  opened += other.opened;
  still_open += other.still_open;
  first_at = first_at == 0 ? other.first_at : std::min(first_at, other.first_at);
  last_at = std::max(last_at, other.last_at);
  latencies.merge(other.latencies);
  for (const auto& [code, count] : other.errors) {
    errors[code] += count;
  }
}

int run_connect_worker(int jobs, int outcomes) {
  return exit_code_of(serve(jobs, outcomes));
}

}  // namespace unhidra::bench
