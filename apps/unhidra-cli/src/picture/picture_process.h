#pragma once
// Looks at a picture in a process of its own: what is in a file may come from anybody, and what
// reads it stands beside this device's keys otherwise. The child is this program once more, with an
// empty environment, behind confinement.h.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "unhidra/base/bytes.h"

namespace unhidra::cli::picture {

// The arguments that make the program such a child.
inline constexpr const char* kPreviewArgument = "--look-at-picture";
inline constexpr const char* kEmojiArgument = "--make-emoji";

struct Size {
  std::uint32_t width = 0;  // pixels, at least 1
  std::uint32_t height = 0;
};
struct SmallCopy {
  Bytes content;
  Size size;
};
struct Picture {
  Size size;
  std::optional<SmallCopy> preview;  // image/jpeg, of a file that is worth one
};

// Nothing when the file is no picture that is known here, is a broken or too large one, or when it
// took more than a few seconds. `program`: this program, which knows the arguments. Blocks.
std::optional<Picture> look_at(const std::string& program, const std::string& path);
// image/png of at most 128 pixels a side, transparent where the picture is.
std::optional<SmallCopy> emoji_of(const std::string& program, const std::string& path);

// The child's main function: the file on the standard input, what there is to say of it on the
// standard output. Nothing when `argument` is none of the above.
std::optional<int> run_worker(std::string_view argument);

}  // namespace unhidra::cli::picture
