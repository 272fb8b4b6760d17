#pragma once
// The command line.

namespace unhidra::device {

// The exit code.
int run_command_line(int argc, char** argv);

}  // namespace unhidra::device
