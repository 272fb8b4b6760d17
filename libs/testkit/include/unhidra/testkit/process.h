#pragma once
// A child process of a test. Started in its own process group, which is killed when the object
// goes, and killed by the kernel when the test itself dies. Standard output and error are collected
// together, line by line. Start it from a thread that outlives it: the kernel ties the child to
// that thread.

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/types.h>

#include "unhidra/base/error.h"

namespace unhidra::testkit {

struct ProcessOptions {
  std::vector<std::string> arguments;  // the first is the program: a path, or a name on PATH
  std::vector<std::pair<std::string, std::string>> environment;  // added to our own
  std::string working_directory;                                 // empty: ours
  std::string user;                                              // run as this user; needs root
  bool separate_stderr = false;  // true: error_output() holds what went to standard error
};

// One thread drives an object; the output is read by a thread of its own.
class Process {
 public:
  static Result<Process> start(ProcessOptions options);
  // Runs to the end. Fails when it does not end in time; the exit status is not judged.
  struct Finished {
    int status = 0;  // exit code, or 128 + signal
    std::string output;
    std::string error_output;
  };
  static Result<Finished> run(ProcessOptions options,
                              std::chrono::milliseconds timeout = std::chrono::seconds(60));

  Process(Process&&) noexcept;
  Process& operator=(Process&&) noexcept;
  ~Process();

  pid_t pid() const;
  // The first line not yet waited for that contains the text; nothing after the timeout or the end.
  std::optional<std::string> wait_for_line(std::string_view containing,
                                           std::chrono::milliseconds timeout);
  void write_input(std::string_view text);
  void close_input();
  void signal(int number);  // to the process alone
  void kill();              // SIGKILL to its whole group, and waits
  // Exit code, or 128 + signal; nothing when it still runs after the timeout.
  std::optional<int> wait(std::chrono::milliseconds timeout);
  std::string output() const;
  std::string error_output() const;

 private:
  struct State;
  explicit Process(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// A TCP port of 127.0.0.1 that was free a moment ago.
std::uint16_t free_port();
// Whether something accepts on 127.0.0.1:port before the timeout.
bool wait_for_port(std::uint16_t port, std::chrono::milliseconds timeout);

}  // namespace unhidra::testkit
