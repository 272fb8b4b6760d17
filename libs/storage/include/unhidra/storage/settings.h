#pragma once
// How a database is opened.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "unhidra/storage/migration.h"

namespace unhidra::storage {

// One group of writes that was committed, or failed, together.
struct BatchReport {
  std::size_t size = 0;
  std::size_t attempts = 1;
  bool committed = false;
  std::chrono::nanoseconds waited{};      // of the oldest, in the queue
  std::chrono::nanoseconds ran{};         // all closures
  std::chrono::nanoseconds committing{};  // COMMIT alone
};

// Called on database threads, after the callers have been answered; must not block.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on_batch(const BatchReport& report) = 0;
  virtual void on_read(std::chrono::nanoseconds waited, std::chrono::nanoseconds ran) = 0;
  virtual void on_health(bool healthy) = 0;
};

enum class Isolation : std::uint8_t { repeatable_read, serializable };

struct Settings {
  // "sqlite:/path/to/file.db" or "postgresql://user:password@host:port/database?..." (libpq's URI,
  // which may hold a secret: never log it).
  std::string url;
  std::span<const Migration> migrations = server_migrations();
  // false: do not migrate, only refuse a schema that is not this release's.
  bool migrate = true;
  // Threads, each with a connection of its own, that serve read().
  std::size_t readers = 2;
  // PostgreSQL only: threads, each with a connection, that commit groups of writes. Writes of one
  // lane key share a lane. SQLite has one writer.
  std::size_t write_lanes = 4;
  // Closures that wait, per lane and for all readers together; one more is refused.
  std::size_t max_queue = 8192;
  // Closures in one group.
  std::size_t max_batch = 512;
  // SQLite: how long to wait for another process (an admin command) to end its write.
  std::chrono::milliseconds busy_timeout{5'000};
  // PostgreSQL: limit of one statement, and of the attempt to connect.
  std::chrono::milliseconds statement_timeout{15'000};
  std::chrono::milliseconds connect_timeout{5'000};
  // How often a failed database is tried again while nobody asks for it.
  std::chrono::milliseconds probe_interval{1'000};
  // PostgreSQL alone; SQLite is always serializable. Under repeatable read two transactions that
  // write the same row never both commit; README.md says what follows for closures. Serializable
  // refuses many that would have been right, because it locks index pages.
  Isolation isolation = Isolation::repeatable_read;
  // PostgreSQL: false behind a pooler that hands a session on after each transaction.
  bool prepared_statements = true;
  Observer* observer = nullptr;  // outlives the database
};

}  // namespace unhidra::storage
