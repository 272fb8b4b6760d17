#pragma once
// Group commit: one thread that commits everything that waits, together.
//
// Savepoints cost: SQLite keeps a copy of every page that is changed under one, PostgreSQL takes a
// round trip. Closures that fail after they have written are rare. So a group first runs without
// savepoints; when one of its closures has to be undone, the group is rolled back and run again
// with a savepoint for each, and so are the next groups, as failures come in swarms.

#include <span>
#include <thread>
#include <vector>

#include "answers.h"
#include "session.h"

namespace unhidra::storage {

class WriteLane {
 public:
  WriteLane(Backend& backend, Shared& shared, std::size_t number,
            std::unique_ptr<Connection> connection);
  ~WriteLane();
  WriteLane(const WriteLane&) = delete;
  WriteLane& operator=(const WriteLane&) = delete;

  JobQueue& queue() { return queue_; }
  void stop();

 private:
  using Outcomes = std::span<Status>;

  void loop(std::size_t number);
  void idle();
  Status probe(Connection& connection);
  void run_batch(std::span<Job> jobs);
  Status run_with_retries(std::span<Job> jobs, Outcomes outcomes, int attempts);
  Status attempt(std::span<Job> jobs, Outcomes outcomes);
  Status run_closures(Connection& connection, std::span<Job> jobs, Outcomes outcomes);
  Status run_closure(Connection& connection, Job& job, Status& outcome);
  Status finish_group(Connection& connection);
  Status undo_closure(Connection& connection, std::uint64_t writes_before);
  bool may_be_a_race(Job& job, const Error& error);
  void note(const Status& status, bool wrote);
  void answer(std::span<Job> jobs, Outcomes outcomes);
  void report_batch();

  Shared& shared_;
  const bool concurrent_;  // other transactions may run at the same time
  JobQueue queue_;
  Session session_;
  BatchReport report_;
  std::uint64_t jitter_ = 0;
  bool guarded_ = false;  // the running transaction has a savepoint for each closure
  int guard_groups_ = 0;  // that many more groups are guarded
  std::vector<Status> outcomes_;
  Group group_before_;  // the guarded closure that runs
  Answers answers_;
  std::thread thread_;
};

// Runs a closure; what it lets out as an exception becomes an error.
Status run_guarded(detail::Work& work, Connection& connection);
// As `ps` and debuggers show it; at most 15 characters.
void name_thread(const std::string& name);

}  // namespace unhidra::storage
