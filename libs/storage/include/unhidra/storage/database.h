#pragma once
// SQL storage: SQLite or PostgreSQL behind one interface.
//
//   auto sent = co_await database.write(
//       [&](Transaction& tx) -> Result<std::uint64_t> { ... return seq; }, LaneKey(org_id));
//
// A closure takes Transaction& and returns Result<T> or Status. It may run more than once (a
// serialization failure, a group that had to be taken apart), so it must leave no trace outside its
// transaction except in what it returns, and must compute its result anew each time. It runs on a
// database thread while the caller waits, so it may refer to the caller's frame; whatever it shares
// with other coroutines it must not touch.
//
// write() commits in groups: all closures that wait in a lane run one after another, in the order
// of submission, in one transaction; one COMMIT makes them durable; only then are the callers
// answered, each on its own executor. A closure that fails undoes itself alone (with a SAVEPOINT
// for each closure, where one has to be undone). read() sees one consistent snapshot and cannot
// write.
//
// Errors that are not the closure's own: Errc::overloaded (bounded queue full; retry_after),
// disk_full, unavailable (database gone; nothing took effect), unknown_outcome (connection lost
// during COMMIT), busy, contended, timed_out, stopped. After disk_full, unavailable and the like
// healthy() is false until writes work again, which is tried by itself.
//
// Safe from any thread. Destroy it (or stop() it) before the executors of its callers.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "unhidra/base/id.h"
#include "unhidra/runtime/task.h"
#include "unhidra/storage/settings.h"
#include "unhidra/storage/transaction.h"

namespace unhidra::storage {

// Writes with equal keys never conflict with each other: they share a lane. Choose what they
// contend for: the organisation, as its audit chain is one row.
struct LaneKey {
  LaneKey() = default;
  template <class Tag>
  explicit LaneKey(const Id<Tag>& id) : value(std::hash<Id<Tag>>{}(id)) {}
  std::uint64_t value = 0;
};

// Counted since the database was opened.
struct Stats {
  std::uint64_t writes = 0;          // closures answered with success
  std::uint64_t write_failures = 0;  // closures answered with an error
  std::uint64_t batches = 0;         // committed groups
  std::uint64_t retries = 0;         // groups or closures run again
  std::uint64_t reads = 0;
  std::uint64_t refused = 0;     // queue full
  std::uint64_t reconnects = 0;  // PostgreSQL
  std::size_t write_queue = 0;   // waiting now, all lanes
  std::size_t read_queue = 0;
};

namespace detail {

// A closure on its way through a queue. Lives in the frame of its caller.
class Work {
 public:
  virtual ~Work() = default;
  // May throw only what the closure throws.
  virtual Status run(Transaction& tx) = 0;
};

template <class F>
class WorkOf final : public Work {
 public:
  using Returned = std::invoke_result_t<F&, Transaction&>;
  explicit WorkOf(F closure) : closure_(std::move(closure)) {}

  Status run(Transaction& tx) override {
    result_.emplace(closure_(tx));
    if (!*result_) {
      return unhidra::fail(result_->error());
    }
    return {};
  }
  Returned take() { return std::move(*result_); }

 private:
  F closure_;
  std::optional<Returned> result_;
};

enum class Access : std::uint8_t { read, write };

}  // namespace detail

class Engine;

class Database {
 public:
  // Connects, migrates, starts the threads. `url` decides which database.
  static Result<std::unique_ptr<Database>> open(const Settings& settings);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  template <class F>
  auto read(F closure) -> Task<std::invoke_result_t<F&, Transaction&>> {
    return perform(std::move(closure), detail::Access::read, LaneKey());
  }
  template <class F>
  auto write(F closure, LaneKey lane = {}) -> Task<std::invoke_result_t<F&, Transaction&>> {
    return perform(std::move(closure), detail::Access::write, lane);
  }

  // The same for threads that may block: admin commands, the CLI's store, tests. Never on an I/O
  // thread.
  template <class F>
  auto read_sync(F closure) -> std::invoke_result_t<F&, Transaction&> {
    return perform_sync(std::move(closure), detail::Access::read, LaneKey());
  }
  template <class F>
  auto write_sync(F closure, LaneKey lane = {}) -> std::invoke_result_t<F&, Transaction&> {
    return perform_sync(std::move(closure), detail::Access::write, lane);
  }

  Dialect dialect() const;
  // Whether the last thing that was tried worked. For readiness checks.
  bool healthy() const;
  Stats stats() const;
  // Takes nothing more, finishes what is queued, answers everybody. Idempotent.
  void stop();

 private:
  explicit Database(std::unique_ptr<Engine> engine);
  Task<Status> submit(detail::Work& work, detail::Access access, LaneKey lane);
  Status submit_and_wait(detail::Work& work, detail::Access access, LaneKey lane);

  template <class F>
  auto perform(F closure, detail::Access access, LaneKey lane)
      -> Task<std::invoke_result_t<F&, Transaction&>> {
    detail::WorkOf<F> work(std::move(closure));
    auto status = co_await submit(work, access, lane);
    if (!status) {
      co_return unhidra::fail(std::move(status).error());
    }
    co_return work.take();
  }
  template <class F>
  auto perform_sync(F closure, detail::Access access, LaneKey lane)
      -> std::invoke_result_t<F&, Transaction&> {
    detail::WorkOf<F> work(std::move(closure));
    if (auto status = submit_and_wait(work, access, lane); !status) {
      return unhidra::fail(std::move(status).error());
    }
    return work.take();
  }

  std::unique_ptr<Engine> engine_;
};

}  // namespace unhidra::storage
