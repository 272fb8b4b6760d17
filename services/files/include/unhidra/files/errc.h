#pragma once
// What can go wrong with files on the server.

#include <cstdint>

#include "unhidra/base/error.h"

namespace unhidra::files {

enum class Errc : std::uint8_t {
  not_found,         // no such file, conversation or link, or not the asker's to know of
  bad_request,       // a size, offset or part that no upload can have
  too_large,         // over the size that one file may have
  quota_exceeded,    // over the user's or the organisation's quota; the message has the figures
  wrong_offset,      // not where the upload goes on
  part_differs,      // a part that is there already, with other content
  exists,            // the id was used for another file
  incomplete,        // parts are missing
  bad_digest,        // what has come is not what the client has sent
  damaged,           // the object store no longer has all of it: asking again does not help
  store_full,        // the object store has no room: nothing that was acknowledged is lost
  store_unavailable  // the object store does not answer: nothing that was acknowledged is lost
};

constexpr ErrorCode error_code(Errc code) {
  switch (code) {
    case Errc::not_found:
      return {"files.not_found", ErrorKind::not_found};
    case Errc::bad_request:
      return {"files.bad_request", ErrorKind::invalid};
    case Errc::too_large:
      return {"files.too_large", ErrorKind::too_large};
    case Errc::quota_exceeded:
      return {"files.quota_exceeded", ErrorKind::too_large};
    case Errc::wrong_offset:
      return {"files.wrong_offset", ErrorKind::conflict};
    case Errc::part_differs:
      return {"files.part_differs", ErrorKind::conflict};
    case Errc::exists:
      return {"files.exists", ErrorKind::conflict};
    case Errc::incomplete:
      return {"files.incomplete", ErrorKind::conflict};
    case Errc::bad_digest:
      return {"files.bad_digest", ErrorKind::unprocessable};
    case Errc::damaged:
      return {"files.damaged", ErrorKind::unprocessable};
    case Errc::store_full:
      return {"files.store_full", ErrorKind::unavailable};
    case Errc::store_unavailable:
      break;
  }
  return {"files.store_unavailable", ErrorKind::unavailable};
}

}  // namespace unhidra::files
