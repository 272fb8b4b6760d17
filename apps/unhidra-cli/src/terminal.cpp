#include "terminal.h"

#include <cstdlib>
#include <iostream>
#include <termios.h>
#include <unistd.h>

#include <sys/ioctl.h>

#include "unhidra/runtime/files.h"

#include "errc.h"

namespace unhidra::cli {

namespace {

constexpr std::size_t kMaxSecret = 4096;

// Echo is off as long as this lives.
class NoEcho {
 public:
  NoEcho() {
    if (::tcgetattr(STDIN_FILENO, &before_) == 0) {
      auto silent = before_;
      silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
      changed_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
    }
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;
  ~NoEcho() {
    if (changed_) {
      ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    }
  }

 private:
  termios before_{};
  bool changed_ = false;
};

SecretBytes take_secret(std::string& line) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) {
    line.pop_back();
  }
  auto out = SecretBytes::copy_of(as_bytes(line));
  wipe({reinterpret_cast<Byte*>(line.data()), line.size()});
  return out;
}

}  // namespace

Surroundings process_surroundings() {
  Surroundings out;
  out.in = &std::cin;
  out.out = &std::cout;
  out.err = &std::cerr;
  out.program = "/proc/self/exe";
  out.in_is_terminal = ::isatty(STDIN_FILENO) == 1;
  out.out_is_terminal = ::isatty(STDOUT_FILENO) == 1;
  out.variable = [](const char* name) {
    const auto* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
  };
  return out;
}

Result<SecretBytes> ask_secret(const Surroundings& around, const std::string& prompt) {
  if (!around.in_is_terminal) {
    return fail(Errc::no_passphrase, prompt + " is needed, and there is no terminal to ask for it");
  }
  *around.err << prompt << ": " << std::flush;
  std::string line;
  {
    const NoEcho silent;
    std::getline(*around.in, line);
  }
  *around.err << '\n';
  auto secret = take_secret(line);
  if (secret.empty()) {
    return fail(Errc::no_passphrase, prompt + " is empty");
  }
  return secret;
}

Result<SecretBytes> ask_new_secret(const Surroundings& around, const std::string& what) {
  UNHIDRA_TRY(auto first, ask_secret(around, what));
  UNHIDRA_TRY(const auto second, ask_secret(around, what + ", once more"));
  if (first != second) {
    return fail(Errc::no_passphrase, "the two are not the same");
  }
  return first;
}

Result<SecretBytes> secret_from_file(const Surroundings& around, const std::string& path) {
  std::string line;
  if (path == "-") {
    std::getline(*around.in, line);
  } else {
    auto file = runtime::read_secret_file(path, kMaxSecret);
    if (!file) {
      return fail(Errc::usage, "cannot read " + path + ": " + file.error().message());
    }
    const auto text = as_text(file->expose());
    line = text.substr(0, text.find('\n'));
  }
  auto secret = take_secret(line);
  if (secret.empty()) {
    return fail(Errc::usage, path == "-" ? "the standard input is empty" : path + " is empty");
  }
  return secret;
}

bool confirm(const Surroundings& around, const std::string& question, bool fallback) {
  if (!around.in_is_terminal) {
    return fallback;
  }
  *around.err << question << " [y/N] " << std::flush;
  std::string line;
  std::getline(*around.in, line);
  return line == "y" || line == "Y" || line == "yes";
}

int terminal_columns() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    return size.ws_col;
  }
  return 80;
}

}  // namespace unhidra::cli
