// Durable message sends through group commit: the chat role's statements, an audit event each.
//
//   storage_bench [--url URL] [--senders N] [--seconds S] [--orgs N] [--audit 0|1]
//
// N coroutines stand for N senders that wait for each acknowledgement before they send again. Each
// send is one write(): idempotency look-up, next seq, message, position and entry of the recipient
// device's inbox, audit event. Prints one JSON object. Durable means synced: on SQLite
// synchronous=FULL, on PostgreSQL whatever the server is set to.

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <sys/resource.h>

#include "unhidra/audit/chain.h"
#include "unhidra/crypto/random.h"
#include "unhidra/storage/database.h"

namespace unhidra {
namespace {

using SteadyClock = std::chrono::steady_clock;
using storage::Database;
using storage::Transaction;

class WallClock final : public Clock {
 public:
  Timestamp now() const override {
    return std::chrono::time_point_cast<std::chrono::microseconds>(
        std::chrono::system_clock::now());
  }
  SteadyTime steady_now() const override { return SteadyClock::now(); }
};

struct Options {
  std::string url;
  int senders = 100;
  int seconds = 5;
  int orgs = 1;
  bool audit = true;
};

struct Sender {
  OrgId org;
  UserId user;
  DeviceId device;
  DeviceId peer_device;
  ConversationId conversation;
};

struct Run {
  Database& db;
  const Options& options;
  WallClock clock;
  SteadyClock::time_point end;
  std::vector<double> latencies_ms;
  std::uint64_t failures = 0;
};

Status create_device(Transaction& tx, const Sender& sender, const DeviceId& device, Timestamp now) {
  UNHIDRA_TRY_VOID(tx.execute(
      "INSERT INTO devices (device_id, org_id, user_id, name, platform, kind, created_at) "
      "VALUES ($1, $2, $3, 'bench', 'linux', 'client', $4)",
      device, sender.org, sender.user, now));
  return {};
}

Status create_sender(Transaction& tx, const Sender& sender, Timestamp now) {
  UNHIDRA_TRY_VOID(
      tx.execute("INSERT INTO organizations (org_id, name, created_at) "
                 "VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                 sender.org, sender.org.to_string(), now));
  UNHIDRA_TRY_VOID(tx.execute(
      "INSERT INTO users (user_id, org_id, username, display_name, created_at, updated_at) "
      "VALUES ($1, $2, $3, 'x', $4, $4)",
      sender.user, sender.org, sender.user.to_string(), now));
  UNHIDRA_TRY_VOID(create_device(tx, sender, sender.device, now));
  UNHIDRA_TRY_VOID(create_device(tx, sender, sender.peer_device, now));
  UNHIDRA_TRY_VOID(tx.execute(
      "INSERT INTO conversations (conversation_id, org_id, kind, created_at, last_activity_at) "
      "VALUES ($1, $2, 'direct', $3, $3)",
      sender.conversation, sender.org, now));
  return {};
}

struct Message {
  MessageId id;
  EventId event;
  Timestamp now;
  ByteArray<180> ciphertext;
};

// As the chat role does it: one look, then writes that nobody waits for.
Result<std::int64_t> send(Transaction& tx, const Sender& sender, const Message& message,
                          bool audited) {
  UNHIDRA_TRY(const auto found,
              tx.query("SELECT c.head_seq, d.inbox_head, (SELECT seq FROM messages "
                       "WHERE message_id = $1 AND sender_device_id = $2) "
                       "FROM conversations c, devices d "
                       "WHERE c.conversation_id = $3 AND d.device_id = $4",
                       message.id, sender.device, sender.conversation, sender.peer_device));
  if (found.empty()) {
    return fail(Errc::internal, "the rows to count in are missing");
  }
  const auto row = found.front();
  if (!row.is_null(2)) {
    return row.get<std::int64_t>(2);
  }
  const auto seq = row.get<std::int64_t>(0) + 1;
  const auto position = row.get<std::int64_t>(1) + 1;
  UNHIDRA_TRY_VOID(
      tx.execute_later("UPDATE conversations SET head_seq = $2, last_activity_at = $3 "
                       "WHERE conversation_id = $1",
                       sender.conversation, seq, message.now));
  UNHIDRA_TRY_VOID(tx.execute_later(
      "INSERT INTO messages (conversation_id, seq, org_id, message_id, sender_user_id, "
      "sender_device_id, sent_at, received_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
      sender.conversation, seq, sender.org, message.id, sender.user, sender.device, message.now,
      message.now));
  UNHIDRA_TRY_VOID(tx.execute_later("UPDATE devices SET inbox_head = $2 WHERE device_id = $1",
                                    sender.peer_device, position));
  UNHIDRA_TRY_VOID(tx.execute_later(
      "INSERT INTO device_inbox (device_id, position, org_id, conversation_id, seq, message_id, "
      "sender_user_id, sender_device_id, sent_at, received_at, ciphertext) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
      sender.peer_device, position, sender.org, sender.conversation, seq, message.id, sender.user,
      sender.device, message.now, message.now, message.ciphertext));
  if (audited) {
    audit::AuditEvent event;
    event.event_id = message.event;
    event.org_id = sender.org;
    event.event_type = "messages.send";
    event.actor_id = to_bytes(sender.user.bytes());
    event.actor_type = "user";
    event.resource_type = "conversation";
    event.resource_id = sender.conversation.to_string();
    event.action = "create";
    event.metadata = {{"device", sender.device.to_string()}};
    event.ip_address = "192.0.2.1";
    event.user_agent = "unhidra-bench";
    event.timestamp = message.now;
    UNHIDRA_TRY_VOID(audit::append(tx, event));
  }
  return seq;
}

Task<void> keep_sending(Run& run, Sender sender) {
  crypto::SystemRandom random;
  while (SteadyClock::now() < run.end) {
    const auto started = SteadyClock::now();
    Message message{MessageId::make(run.clock, random), EventId::make(run.clock, random),
                    run.clock.now(), random.array<180>()};
    auto closure = [&](Transaction& tx) { return send(tx, sender, message, run.options.audit); };
    const auto seq = co_await run.db.write(closure, storage::LaneKey(sender.org));
    if (!seq) {
      if (run.failures++ == 0) {
        std::fprintf(stderr, "%s\n", seq.error().message().c_str());
      }
      continue;
    }
    run.latencies_ms.push_back(
        std::chrono::duration<double, std::milli>(SteadyClock::now() - started).count());
  }
}

double percentile(const std::vector<double>& sorted, double part) {
  return sorted.empty()
             ? 0
             : sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1))];
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

int measure(const Options& options) {
  storage::Settings settings;
  settings.url = options.url;
  auto db = Database::open(settings);
  if (!db) {
    std::fprintf(stderr, "%s\n", db.error().message().c_str());
    return 1;
  }
  Run run{**db, options, {}, {}, {}, 0};
  crypto::SystemRandom random;
  std::vector<OrgId> orgs;
  for (int i = 0; i < options.orgs; ++i) {
    orgs.push_back(OrgId::make(run.clock, random));
  }
  std::vector<Sender> senders;
  for (int i = 0; i < options.senders; ++i) {
    senders.push_back({orgs[static_cast<std::size_t>(i % options.orgs)],
                       UserId::make(run.clock, random), DeviceId::make(run.clock, random),
                       DeviceId::make(run.clock, random), ConversationId::make(run.clock, random)});
    const auto made = (*db)->write_sync(
        [&](Transaction& tx) { return create_sender(tx, senders.back(), run.clock.now()); });
    if (!made) {
      std::fprintf(stderr, "%s\n", made.error().message().c_str());
      return 1;
    }
  }
  const auto before = (*db)->stats();
  const auto cpu_before = cpu_seconds();
  const auto started = SteadyClock::now();
  run.end = started + std::chrono::seconds(options.seconds);
  boost::asio::io_context context(1);
  for (const auto& sender : senders) {
    boost::asio::co_spawn(context, keep_sending(run, sender), boost::asio::detached);
  }
  context.run();
  const auto elapsed = std::chrono::duration<double>(SteadyClock::now() - started).count();
  const auto cpu = cpu_seconds() - cpu_before;
  const auto stats = (*db)->stats();
  auto& latencies = run.latencies_ms;
  std::sort(latencies.begin(), latencies.end());
  const auto sends = static_cast<double>(latencies.size());
  const auto batches = static_cast<double>(stats.batches - before.batches);
  std::printf(
      "{\"database\": \"%s\", \"senders\": %d, \"orgs\": %d, \"audit\": %s, "
      "\"sends\": %.0f, \"failures\": %llu, \"sends_per_second\": %.0f, "
      "\"sends_per_commit\": %.1f, \"retries\": %llu, \"p50_ms\": %.2f, \"p99_ms\": %.2f, "
      "\"p999_ms\": %.2f, \"cpu_us_per_send\": %.1f}\n",
      (*db)->dialect() == storage::Dialect::sqlite ? "sqlite" : "postgresql", options.senders,
      options.orgs, options.audit ? "true" : "false", sends,
      static_cast<unsigned long long>(run.failures), sends / elapsed, sends / batches,
      static_cast<unsigned long long>(stats.retries - before.retries), percentile(latencies, 0.5),
      percentile(latencies, 0.99), percentile(latencies, 0.999), cpu / sends * 1e6);
  return run.failures == 0 ? 0 : 1;
}

int run_with_arguments(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    if (name == "--url") {
      options.url = argv[i + 1];
    } else if (name == "--senders") {
      options.senders = std::atoi(argv[i + 1]);
    } else if (name == "--seconds") {
      options.seconds = std::atoi(argv[i + 1]);
    } else if (name == "--orgs") {
      options.orgs = std::atoi(argv[i + 1]);
    } else if (name == "--audit") {
      options.audit = std::atoi(argv[i + 1]) != 0;
    } else {
      std::fprintf(stderr, "unknown option %s\n", argv[i]);
      return 2;
    }
  }
  if (!options.url.empty()) {
    return measure(options);
  }
  // On the disk that holds the working directory: /tmp may be memory, where syncing costs nothing.
  const auto folder =
      std::filesystem::current_path() / ("storage_bench." + std::to_string(::getpid()));
  std::filesystem::create_directory(folder);
  options.url = "sqlite:" + (folder / "bench.db").string();
  const int status = measure(options);
  std::filesystem::remove_all(folder);
  return status;
}

}  // namespace
}  // namespace unhidra

int main(int argc, char** argv) {
  return unhidra::run_with_arguments(argc, argv);
}
