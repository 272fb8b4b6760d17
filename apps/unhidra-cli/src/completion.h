#pragma once
// Completion scripts for shells, made of the command line itself: what it has, they offer.

#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace unhidra::cli {

// For bash, zsh or fish: every command, option and fixed word of `app`; files and folders where an
// option or argument is one (CLI11's type names FILE and FOLDER).
std::string completion_script(std::string_view shell, const CLI::App& app);

}  // namespace unhidra::cli
