#pragma once
// Names of files as they may be shown and saved. Who sends cleans the name; who receives takes no
// other.

#include <string>
#include <string_view>

namespace unhidra::e2ee {

inline constexpr std::size_t kMaxFileName = 200;  // bytes of UTF-8

// The last component of a path, without what could lead out of a folder, name a device of an
// operating system, hide its extension (bidirectional and invisible characters) or fail to be
// stored: well-formed UTF-8 of 1 to kMaxFileName bytes. "file" where nothing is left. Cleaning
// twice changes nothing more.
std::string clean_file_name(std::string_view name);

}  // namespace unhidra::e2ee
