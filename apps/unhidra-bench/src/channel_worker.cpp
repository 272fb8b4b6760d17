#include "channel_worker.h"

#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "unhidra/crypto/random.h"
#include "unhidra/runtime/system_clock.h"

#include "device_link.h"
#include "engine_user.h"
#include "in_turn.h"
#include "lean_device.h"
#include "process_stats.h"
#include "worker_process.h"

namespace unhidra::bench {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kMaxText = 64 << 10;
constexpr std::size_t kIdSize = 16;

class Listeners {
 public:
  Listeners(ChannelJob job, std::shared_ptr<net::TlsClientContext> tls)
      : job_(std::move(job)), tls_(std::move(tls)), work_(loop_.get_executor()) {}

  // Nobody is connected afterwards: a group that grows tells everybody who is.
  ChannelOutcome publish() {
    return stage([this](std::size_t number) { return publish_one(number); });
  }
  ChannelOutcome connect() {
    links_.resize(job_.members.size());
    return stage([this](std::size_t number) { return connect_one(number); });
  }
  // On any thread; then `listen` ends.
  void stop() {
    asio::post(loop_, [this] {
      for (const auto& link : links_) {
        outcome_.done += link != nullptr ? 1 : 0;
      }
      loop_.stop();
    });
  }
  ChannelOutcome listen() {
    outcome_ = {};
    loop_.restart();
    if (job_.report_interval_ms > 0 && !links_.empty()) {
      asio::co_spawn(loop_, report(), [](const std::exception_ptr& thrown) {
        if (thrown) {
          std::rethrow_exception(thrown);
        }
      });
    }
    loop_.run();
    outcome_.arrivals = std::move(arrivals_);
    outcome_.cpu_seconds = own_cpu_seconds();
    return std::move(outcome_);
  }

 private:
  template <class One>
  ChannelOutcome stage(One one) {
    outcome_ = {};
    const auto counted = [this, &one](std::size_t number) -> Task<void> {
      return count(one(number));
    };
    run_in_turn(loop_, job_.members.size(), job_.opening, counted);
    outcome_.cpu_seconds = own_cpu_seconds();
    return std::move(outcome_);
  }

  Task<void> count(Task<Status> task) {
    const auto status = co_await std::move(task);
    if (status) {
      ++outcome_.done;
    } else {
      ++outcome_.errors[status.error().message()];
    }
  }

  Result<net::WebSocketClientSettings> settings_for(std::size_t number) const {
    UNHIDRA_TRY(auto out, gateway_settings(job_.gateway, job_.members[number].access_token, tls_));
    out.timeout = std::chrono::seconds(60);
    // Idle is idle: only the server's own pings pass.
    out.websocket.ping_interval = {};
    out.websocket.idle_timeout = {};
    if (!job_.local_addresses.empty()) {
      out.local_address = job_.local_addresses[number % job_.local_addresses.size()];
    }
    return out;
  }

  Task<Status> publish_one(std::size_t number) {
    const auto& member = job_.members[number];
    const LeanDevice device(member.user, member.device, random_, clock_.now());
    UNHIDRA_CO_TRY(auto settings, settings_for(number));
    UNHIDRA_CO_TRY(const auto link,
                   co_await DeviceLink::open(loop_.get_executor(), std::move(settings)));
    UNHIDRA_CO_TRY(const auto own, device.key_package());
    UNHIDRA_CO_TRY_VOID(co_await device.publish(*link, own.key_package));
    link->close();
    co_return Status();
  }

  Task<Status> connect_one(std::size_t number) {
    UNHIDRA_CO_TRY(auto settings, settings_for(number));
    const auto begin = clock_.steady_now();
    auto hear = [this](ByteView frame) { arrivals_.note(frame, clock_.steady_now()); };
    auto closed = [this, number](net::CloseCode code) {
      links_[number].reset();
      ++outcome_.errors["closed." + std::to_string(static_cast<int>(code))];
    };
    UNHIDRA_CO_TRY(auto link, co_await DeviceLink::open(loop_.get_executor(), std::move(settings),
                                                        std::move(hear), std::move(closed)));
    outcome_.to_connect.add(clock_.steady_now() - begin);
    links_[number] = std::move(link);
    co_return Status();
  }

  // As clients do in a large group: one after the other, each once in the interval.
  Task<void> report() {
    const auto pause =
        std::chrono::nanoseconds(std::chrono::milliseconds(job_.report_interval_ms)) /
        links_.size();
    asio::steady_timer timer(loop_, std::chrono::steady_clock::now());
    for (std::size_t at = 0;; at = (at + 1) % links_.size()) {
      timer.expires_at(timer.expiry() + pause);
      co_await timer.async_wait(asio::use_awaitable);
      if (links_[at] != nullptr && arrivals_.newest().second > 0) {
        asio::co_spawn(loop_, report_one(links_[at]), [](const std::exception_ptr& thrown) {
          if (thrown) {
            std::rethrow_exception(thrown);
          }
        });
      }
    }
  }

  Task<void> report_one(std::shared_ptr<DeviceLink> link) {
    const auto [channel, seq] = arrivals_.newest();
    const auto begin = clock_.steady_now();
    wire::ReportReceipts question;
    question.marks.push_back({channel, seq, seq});
    const auto done = co_await link->ask<wire::Done>(std::move(question));
    if (done) {
      ++outcome_.reports;
      outcome_.to_report.add(clock_.steady_now() - begin);
    } else {
      ++outcome_.errors["report." + std::string(done.error().code().name)];
    }
  }

  ChannelJob job_;
  std::shared_ptr<net::TlsClientContext> tls_;
  runtime::SystemClock clock_;
  crypto::PooledRandom random_;
  asio::io_context loop_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  ChannelOutcome outcome_;
  Arrivals arrivals_;
  std::vector<std::shared_ptr<DeviceLink>> links_;
};

Status serve(int from_parent, int to_parent) {
  UNHIDRA_TRY(const auto bytes, read_message(from_parent));
  UNHIDRA_TRY(auto job, ChannelJob::decode(bytes));
  UNHIDRA_TRY(auto tls, net::TlsClientContext::create({.ca_file = job.ca_file}));
  raise_file_limit();
  Listeners listeners(std::move(job), std::move(tls));
  write_message(to_parent, listeners.publish().encode());
  UNHIDRA_TRY(const auto go_on, read_message(from_parent));
  write_message(to_parent, listeners.connect().encode());
  const std::jthread waiter([&] {
    (void)read_message(from_parent);
    listeners.stop();
  });
  write_message(to_parent, listeners.listen().encode());
  return {};
}

}  // namespace

Bytes ChannelJob::encode() const {
  ByteWriter writer;
  writer.text(gateway).text(ca_file).varint(members.size());
  for (const auto& member : members) {
    writer.raw(member.user.bytes()).raw(member.device.bytes()).text(member.access_token);
  }
  writer.varint(local_addresses.size());
  for (const auto& address : local_addresses) {
    writer.text(address);
  }
  writer.varint(opening).varint(report_interval_ms);
  return std::move(writer).take();
}

Result<ChannelJob> ChannelJob::decode(ByteView bytes) {
  ByteReader reader(bytes);
  ChannelJob out;
  out.gateway = reader.text(kMaxText);
  out.ca_file = reader.text(kMaxText);
  for (auto count = reader.varint(); count > 0 && !reader.failed(); --count) {
    ListeningMember member;
    member.user = UserId(reader.array<kIdSize>());
    member.device = DeviceId(reader.array<kIdSize>());
    member.access_token = reader.text(kMaxText);
    out.members.push_back(std::move(member));
  }
  for (auto count = reader.varint(); count > 0 && !reader.failed(); --count) {
    out.local_addresses.emplace_back(reader.text(kMaxText));
  }
  out.opening = reader.varint();
  out.report_interval_ms = reader.varint();
  UNHIDRA_TRY_VOID(reader.finish("a job"));
  return out;
}

Bytes ChannelOutcome::encode() const {
  ByteWriter writer;
  writer.varint(done).varint(static_cast<std::uint64_t>(cpu_seconds * 1e6));
  to_connect.encode(writer);
  writer.varint(errors.size());
  for (const auto& [what, count] : errors) {
    writer.text(what).varint(count);
  }
  arrivals.encode(writer);
  writer.varint(reports);
  to_report.encode(writer);
  return std::move(writer).take();
}

Result<ChannelOutcome> ChannelOutcome::decode(ByteView bytes) {
  ByteReader reader(bytes);
  ChannelOutcome out;
  out.done = reader.varint();
  out.cpu_seconds = static_cast<double>(reader.varint()) / 1e6;
  out.to_connect = Latencies::decode(reader);
  for (auto count = reader.varint(); count > 0 && !reader.failed(); --count) {
    const std::string what(reader.text(kMaxText));
    out.errors[what] = reader.varint();
  }
  out.arrivals = Arrivals::decode(reader);
  out.reports = reader.varint();
  out.to_report = Latencies::decode(reader);
  UNHIDRA_TRY_VOID(reader.finish("an outcome"));
  return out;
}

void ChannelOutcome::merge(const ChannelOutcome& other) {
  done += other.done;
  cpu_seconds += other.cpu_seconds;
  to_connect.merge(other.to_connect);
  for (const auto& [what, count] : other.errors) {
    errors[what] += count;
  }
  arrivals.merge(other.arrivals);
  reports += other.reports;
  to_report.merge(other.to_report);
}

int run_channel_worker(int from_parent, int to_parent) {
  return exit_code_of(serve(from_parent, to_parent));
}

}  // namespace unhidra::bench
