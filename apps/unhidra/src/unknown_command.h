#pragma once
// A command that there is none of: which one, and the nearest that there is.

#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace unhidra::server {

// After a command line was refused. None: all of its commands are known.
std::optional<std::string> unknown_command(const CLI::App& app, int argc, const char* const* argv);

}  // namespace unhidra::server
