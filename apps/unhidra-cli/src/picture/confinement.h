#pragma once
// What a process can still do that reads a stranger's picture: compute, and answer.

#include <cstddef>

namespace unhidra::cli::picture {

// Closes everything but the standard streams; bounds memory and time; afterwards every system call
// ends the process but those that take memory, write what is open, and end. False when the system
// refuses any of it. Not to be undone.
bool confine(std::size_t memory_bytes, unsigned cpu_seconds);

}  // namespace unhidra::cli::picture
