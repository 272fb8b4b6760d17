#pragma once
// The bytes of a file on their way out.

#include "unhidra/net/http.h"

#include "core.h"
#include "range.h"

namespace unhidra::files {

// Whether the reader may still read; asked again every few seconds while a file goes out.
using StillAllowed = std::function<Task<Result<bool>>()>;

// The answer to a GET of a complete file. The first piece is read before anything is said, so that
// a store that is gone is told as such.
Task<Result<access::Reply>> send_content(FilesCore& core, StoredFile file, std::string range,
                                         StillAllowed still_allowed);

}  // namespace unhidra::files
