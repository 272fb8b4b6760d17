#include "unhidra/testkit/process.h"

#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <grp.h>
#include <mutex>
#include <pwd.h>
#include <signal.h>
#include <thread>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

namespace unhidra::testkit {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kPoll = std::chrono::milliseconds(2);

std::unexpected<Error> system_error(std::string_view what) {
  return fail(Errc::internal, std::string(what) + ": " + std::strerror(errno));
}

void close_fd(int& fd) {
  if (fd >= 0) {
    ::close(fd);
    fd = -1;
  }
}

struct Pipes {
  int in[2] = {-1, -1};
  int out[2] = {-1, -1};
  int err[2] = {-1, -1};
  bool open(bool separate_stderr) {
    return ::pipe2(in, O_CLOEXEC) == 0 && ::pipe2(out, O_CLOEXEC) == 0 &&
           (!separate_stderr || ::pipe2(err, O_CLOEXEC) == 0);
  }
  ~Pipes() {
    for (int* fd : {&in[0], &in[1], &out[0], &out[1], &err[0], &err[1]}) {
      close_fd(*fd);
    }
  }
};

// What the child needs, made before fork(): after it only async-signal-safe calls are allowed.
struct Prepared {
  std::vector<char*> argv;
  std::vector<std::string> env_text;
  std::vector<char*> envp;
  bool switch_user = false;
  uid_t uid = 0;
  gid_t gid = 0;
};

Result<Prepared> prepare(ProcessOptions& options) {
  Prepared out;
  if (options.arguments.empty()) {
    return fail(Errc::invalid, "no program given");
  }
  for (auto& argument : options.arguments) {
    out.argv.push_back(argument.data());
  }
  out.argv.push_back(nullptr);
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    bool replaced = false;
    for (const auto& [name, value] : options.environment) {
      replaced = replaced || (text.starts_with(name) && text.substr(name.size()).starts_with('='));
    }
    if (!replaced) {
      out.env_text.emplace_back(text);
    }
  }
  for (const auto& [name, value] : options.environment) {
    out.env_text.push_back(name + "=" + value);
  }
  for (auto& entry : out.env_text) {
    out.envp.push_back(entry.data());
  }
  out.envp.push_back(nullptr);
  if (!options.user.empty()) {
    const passwd* user = ::getpwnam(options.user.c_str());
    if (user == nullptr) {
      return fail(Errc::invalid, "no user is called " + options.user);
    }
    out.switch_user = true;
    out.uid = user->pw_uid;
    out.gid = user->pw_gid;
  }
  return out;
}

[[noreturn]] void become_child(const ProcessOptions& options, const Prepared& prepared,
                               const Pipes& pipes, pid_t parent) {
  ::setpgid(0, 0);
  ::dup2(pipes.in[0], STDIN_FILENO);
  ::dup2(pipes.out[1], STDOUT_FILENO);
  ::dup2(options.separate_stderr ? pipes.err[1] : pipes.out[1], STDERR_FILENO);
  const gid_t gid = prepared.gid;
  if (prepared.switch_user &&
      (::setgroups(1, &gid) != 0 || ::setgid(gid) != 0 || ::setuid(prepared.uid) != 0)) {
    ::_exit(126);
  }
  // After setuid(), which clears it.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) {
    ::_exit(126);
  }
  if (!options.working_directory.empty() && ::chdir(options.working_directory.c_str()) != 0) {
    ::_exit(126);
  }
  ::execvpe(prepared.argv[0], prepared.argv.data(), prepared.envp.data());
  ::_exit(127);
}

int status_of(int raw) {
  return WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
}

}  // namespace

struct Process::State {
  pid_t pid = -1;
  int input = -1;
  std::optional<int> status;
  mutable std::mutex mutex;
  std::condition_variable changed;
  std::string output;
  std::string error_output;
  int open_streams = 0;
  std::size_t searched = 0;  // output up to here was waited for
  std::vector<std::thread> readers;

  void read_into(int fd, std::string& target) {
    char buffer[4096];
    ssize_t size = 0;
    while ((size = ::read(fd, buffer, sizeof(buffer))) > 0 || (size < 0 && errno == EINTR)) {
      if (size > 0) {
        const std::lock_guard lock(mutex);
        target.append(buffer, static_cast<std::size_t>(size));
        changed.notify_all();
      }
    }
    ::close(fd);
    const std::lock_guard lock(mutex);
    --open_streams;
    changed.notify_all();
  }

  void collect(int fd, std::string& target) {
    ++open_streams;
    readers.emplace_back([this, fd, &target] { read_into(fd, target); });
  }

  bool reap(int flags) {
    int raw = 0;
    if (!status && ::waitpid(pid, &raw, flags) == pid) {
      status = status_of(raw);
    }
    return status.has_value();
  }

  // The whole line that holds the text, once its end has been read.
  std::optional<std::string> find_line(std::string_view text) {
    const auto at = output.find(text, searched);
    if (at == std::string::npos) {
      return std::nullopt;
    }
    const auto end = output.find('\n', at);
    if (end == std::string::npos && open_streams > 0) {
      return std::nullopt;
    }
    const auto before = output.rfind('\n', at);
    const auto begin = before == std::string::npos ? 0 : before + 1;
    searched = end == std::string::npos ? output.size() : end + 1;
    return output.substr(begin, (end == std::string::npos ? output.size() : end) - begin);
  }

  ~State() {
    close_fd(input);
    if (pid > 0) {
      ::kill(-pid, SIGKILL);
      reap(0);
    }
    for (auto& reader : readers) {
      reader.join();
    }
  }
};

Process::Process(std::unique_ptr<State> state) : state_(std::move(state)) {}
Process::Process(Process&&) noexcept = default;
Process& Process::operator=(Process&&) noexcept = default;
Process::~Process() = default;

Result<Process> Process::start(ProcessOptions options) {
  UNHIDRA_TRY(const auto prepared, prepare(options));
  Pipes pipes;
  if (!pipes.open(options.separate_stderr)) {
    return system_error("pipe");
  }
  const auto parent = ::getpid();
  const auto pid = ::fork();
  if (pid < 0) {
    return system_error("fork");
  }
  if (pid == 0) {
    become_child(options, prepared, pipes, parent);
  }
  ::setpgid(pid, pid);
  ::signal(SIGPIPE, SIG_IGN);
  auto state = std::make_unique<State>();
  state->pid = pid;
  state->input = std::exchange(pipes.in[1], -1);
  state->collect(std::exchange(pipes.out[0], -1), state->output);
  if (options.separate_stderr) {
    state->collect(std::exchange(pipes.err[0], -1), state->error_output);
  }
  return Process(std::move(state));
}

Result<Process::Finished> Process::run(ProcessOptions options, std::chrono::milliseconds timeout) {
  const auto name = options.arguments.empty() ? std::string() : options.arguments.front();
  UNHIDRA_TRY(auto process, start(std::move(options)));
  process.close_input();
  const auto status = process.wait(timeout);
  if (!status) {
    return fail(Errc::timeout, name + " did not end in time:\n" + process.output());
  }
  // What it started may hold the pipe; only what it wrote itself is waited for.
  const std::lock_guard lock(process.state_->mutex);
  return Finished{*status, process.state_->output, process.state_->error_output};
}

pid_t Process::pid() const {
  return state_->pid;
}

std::optional<std::string> Process::wait_for_line(std::string_view containing,
                                                  std::chrono::milliseconds timeout) {
  std::unique_lock lock(state_->mutex);
  std::optional<std::string> line;
  state_->changed.wait_for(lock, timeout, [&] {
    line = state_->find_line(containing);
    return line.has_value() || state_->open_streams == 0;
  });
  return line;
}

void Process::write_input(std::string_view text) {
  while (!text.empty()) {
    const auto size = ::write(state_->input, text.data(), text.size());
    if (size < 0 && errno != EINTR) {
      return;
    }
    text.remove_prefix(size > 0 ? static_cast<std::size_t>(size) : 0);
  }
}

void Process::close_input() {
  close_fd(state_->input);
}

void Process::signal(int number) {
  if (!state_->reap(WNOHANG)) {
    ::kill(state_->pid, number);
  }
}

void Process::kill() {
  ::kill(-state_->pid, SIGKILL);
  state_->reap(0);
}

std::optional<int> Process::wait(std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  while (!state_->reap(WNOHANG)) {
    if (Clock::now() >= deadline) {
      return std::nullopt;
    }
    std::this_thread::sleep_for(kPoll);
  }
  // The last lines may still be in the pipe; a grandchild that holds it is not waited for long.
  std::unique_lock lock(state_->mutex);
  state_->changed.wait_for(lock, std::chrono::milliseconds(200),
                           [&] { return state_->open_streams == 0; });
  return state_->status;
}

std::string Process::output() const {
  const std::lock_guard lock(state_->mutex);
  return state_->output;
}

std::string Process::error_output() const {
  const std::lock_guard lock(state_->mutex);
  return state_->error_output;
}

std::uint16_t free_port() {
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::abort();
  }
  close_fd(fd);
  return ntohs(address.sin_port);
}

bool wait_for_port(std::uint16_t port, std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  do {
    int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    const bool up = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
    close_fd(fd);
    if (up) {
      return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  } while (Clock::now() < deadline);
  return false;
}

}  // namespace unhidra::testkit
