#pragma once
// What the program may ask of its surroundings, so that tests can stand in for them.

#include <functional>
#include <iosfwd>
#include <string>

#include "unhidra/base/secret.h"

namespace unhidra::cli {

struct Surroundings {
  std::istream* in = nullptr;
  std::ostream* out = nullptr;
  std::ostream* err = nullptr;
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  // An environment variable; empty when it is not set.
  std::function<std::string(const char* name)> variable;
  // This program, which is started again to look at pictures; empty: nobody looks at them.
  std::string program;
};
Surroundings process_surroundings();

// A line typed without echo. Errc::no_passphrase when there is no terminal.
Result<SecretBytes> ask_secret(const Surroundings& around, const std::string& prompt);
// Twice the same, or an error.
Result<SecretBytes> ask_new_secret(const Surroundings& around, const std::string& what);
// The first line of a file; "-" is the standard input.
Result<SecretBytes> secret_from_file(const Surroundings& around, const std::string& path);
// y or n; `fallback` without a terminal.
bool confirm(const Surroundings& around, const std::string& question, bool fallback);

// Columns of the terminal now; 80 without one.
int terminal_columns();

}  // namespace unhidra::cli
