#pragma once
// Asks a ClamAV daemon about a file (clamd(8), INSTREAM): the file goes there in pieces and is held
// nowhere else. The daemon must be the user's own or the machine's: it sees the plaintext.

#include <functional>
#include <optional>
#include <string>

#include "unhidra/base/bytes.h"
#include "unhidra/base/error.h"

namespace unhidra::cli {

struct ScanResult {
  bool clean = false;
  std::string scanner;  // name and version, as the daemon tells them
  std::string found;    // what it found; empty: nothing
};

// The next bytes of what is scanned; none at its end.
using ReadMore = std::function<Result<Bytes>()>;

// `address`: the path of a socket, or host:port. Errc::no_scanner when nobody answers there, or
// when the daemon does not scan this file (it may be too large for it): the message says why.
Result<ScanResult> scan_with_clamd(const std::string& address, const ReadMore& read);

// Where the daemon usually listens on this machine; nothing when it does not.
std::optional<std::string> usual_clamd();

}  // namespace unhidra::cli
