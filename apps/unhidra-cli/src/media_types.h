#pragma once
// The media type of a file by the end of its name.

#include <string>

namespace unhidra::cli {

// "image/png" for "a.PNG"; "application/octet-stream" for what is not known.
std::string media_type_of(const std::string& name);

}  // namespace unhidra::cli
