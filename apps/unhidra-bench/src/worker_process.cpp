#include "worker_process.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

#include <sys/resource.h>
#include <sys/wait.h>

#include "unhidra/base/codec.h"

namespace unhidra::bench {
namespace {

constexpr std::size_t kMaxMessage = 64 << 20;

bool read_all(int file, MutableByteView out) {
  std::size_t have = 0;
  while (have < out.size()) {
    const auto got = ::read(file, out.data() + have, out.size() - have);
    if (got <= 0) {
      return false;
    }
    have += static_cast<std::size_t>(got);
  }
  return true;
}

}  // namespace

Result<WorkerProcess> WorkerProcess::fork_one(Main main) {
  int there[2];
  int back[2];
  if (::pipe2(there, O_CLOEXEC) != 0 || ::pipe2(back, O_CLOEXEC) != 0) {
    return fail(Errc::unavailable, "no pipes left");
  }
  const auto pid = ::fork();
  if (pid < 0) {
    return fail(Errc::unavailable, "no process left");
  }
  if (pid == 0) {
    ::close(there[1]);
    ::close(back[0]);
    std::_Exit(main(there[0], back[1]));
  }
  ::close(there[0]);
  ::close(back[1]);
  WorkerProcess out;
  out.pid_ = pid;
  out.to_ = there[1];
  out.from_ = back[0];
  return out;
}

// A worker that is gone shows as a failed write, not as a signal.
Result<std::vector<WorkerProcess>> WorkerProcess::fork(std::size_t count, Main main) {
  std::signal(SIGPIPE, SIG_IGN);
  std::vector<WorkerProcess> out;
  for (std::size_t i = 0; i < count; ++i) {
    UNHIDRA_TRY(const auto one, fork_one(main));
    out.push_back(one);
  }
  return out;
}

Status WorkerProcess::give(ByteView message) const {
  return write_message(to_, message)
             ? Status()
             : Status(fail(Errc::unavailable, "a worker process has ended"));
}

Result<Bytes> WorkerProcess::take() const {
  return read_message(from_);
}

void WorkerProcess::end() const {
  (void)write_message(to_, {});
  ::close(to_);
}

void WorkerProcess::wait() const {
  int status = 0;
  ::waitpid(pid_, &status, 0);
}

bool write_message(int file, ByteView message) {
  ByteWriter writer(message.size() + 4);
  writer.bytes(message);
  ByteView rest = writer.view();
  while (!rest.empty()) {
    const auto written = ::write(file, rest.data(), rest.size());
    if (written <= 0) {
      return false;
    }
    rest = rest.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

Result<Bytes> read_message(int file) {
  Bytes length(4);
  if (!read_all(file, length)) {
    return fail(Errc::cancelled, "the other process has ended");
  }
  ByteReader reader(length);
  const auto size = reader.u32();
  if (size > kMaxMessage) {
    return fail(Errc::invalid, "a message of the other process is too long");
  }
  Bytes out(size);
  if (!read_all(file, out)) {
    return fail(Errc::cancelled, "the other process has ended");
  }
  return out;
}

void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

int exit_code_of(const Status& status) {
  if (!status) {
    std::fprintf(stderr, "unhidra-bench: %s\n", status.error().message().c_str());
    return 1;
  }
  return 0;
}

}  // namespace unhidra::bench
