#pragma once
// Looks at a picture in a process of its own: what is in a file may come from anybody, and what
// reads it stands beside this device's keys otherwise. The child is this program once more, with an
// empty environment, behind confinement.h.

#include <cstdint>
#include <optional>
#include <string>

#include "unhidra/base/bytes.h"

namespace unhidra::cli::picture {

// The argument that makes the program such a child.
inline constexpr const char* kWorkerArgument = "--look-at-picture";

struct Size {
  std::uint32_t width = 0;  // pixels, at least 1
  std::uint32_t height = 0;
};
struct Preview {
  Bytes content;  // image/jpeg
  Size size;
};
struct Picture {
  Size size;
  std::optional<Preview> preview;  // of a file that is worth one
};

// Nothing when the file is no picture that is known here, is a broken or too large one, or when it
// took more than a few seconds. `program`: this program, which knows kWorkerArgument. Blocks.
std::optional<Picture> look_at(const std::string& program, const std::string& path);

// The child's main function: the file on the standard input, what there is to say of it on the
// standard output.
int run_worker();

}  // namespace unhidra::cli::picture
