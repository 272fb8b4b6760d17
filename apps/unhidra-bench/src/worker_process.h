#pragma once
// The processes that share the connections of a load: one may hold as many as it may open files.

#include <vector>

#include "unhidra/base/error.h"

namespace unhidra::bench {

// A child with the pipes to and from it. It ends when it is told to, or with this process.
class WorkerProcess {
 public:
  // Runs in the child, with the ends of the pipes that are its own. Answers its exit code.
  using Main = int (*)(int from_parent, int to_parent);

  // Before this process has threads. Errc::unavailable.
  static Result<std::vector<WorkerProcess>> fork(std::size_t count, Main main);

  Status give(ByteView message) const;
  // Waits for the next message of the child.
  Result<Bytes> take() const;
  // The last message, an empty one; then its pipe is closed.
  void end() const;
  void wait() const;

 private:
  static Result<WorkerProcess> fork_one(Main main);

  int pid_ = -1;
  int to_ = -1;
  int from_ = -1;
};

// Messages between the processes: a length and so many bytes.
bool write_message(int file, ByteView message);
Result<Bytes> read_message(int file);

// As many open files as the hard limit allows.
void raise_file_limit();

// Prints what went wrong and answers the exit code.
int exit_code_of(const Status& status);

}  // namespace unhidra::bench
