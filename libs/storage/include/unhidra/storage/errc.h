#pragma once

#include "unhidra/base/error.h"

namespace unhidra::storage {

enum class Errc : std::uint8_t {
  unavailable,      // the database does not answer; nothing took effect
  overloaded,       // the bounded queue is full; `retry_after` tells when to ask again
  stopped,          // the database object is going down
  busy,             // another process held the write lock for too long
  contended,        // serialization failures outlasted all retries
  disk_full,        // no room, or the medium refuses writes
  timed_out,        // a statement ran over its time limit; nothing took effect
  unknown_outcome,  // the connection broke during COMMIT: whether it took effect is unknown
  unique_violation,
  foreign_key_violation,
  constraint_violation,  // NOT NULL or CHECK
  immutable,             // a trigger refused to change a row that may never change
  corrupt,               // a stored file is damaged
  column_mismatch,       // a row does not hold what the code reads from it
  bad_text,       // a text parameter is not UTF-8 or holds a NUL, which PostgreSQL cannot store
  bad_statement,  // a bug: the database does not understand the statement
  closure_threw,  // a bug: an exception left a transaction's closure
  bad_settings,   // the URL or a setting makes no sense
  migration_failed,
  schema_newer,    // the database was written by a later release
  schema_changed,  // a recorded migration is not the one this release carries
  locked,          // another process uses the files
  unknown_format,  // a file of another program or a later release
  too_large,       // a record over the limit
  no_such_object,  // the object store holds no object or upload of that name
  bad_object,      // an upload that cannot become the object it should be
};

constexpr ErrorCode error_code(Errc code) {
  switch (code) {
    case Errc::unavailable:
      return {"storage.unavailable", ErrorKind::unavailable};
    case Errc::overloaded:
      return {"storage.overloaded", ErrorKind::unavailable};
    case Errc::stopped:
      return {"storage.stopped", ErrorKind::unavailable};
    case Errc::busy:
      return {"storage.busy", ErrorKind::unavailable};
    case Errc::contended:
      return {"storage.contended", ErrorKind::unavailable};
    case Errc::disk_full:
      return {"storage.disk_full", ErrorKind::unavailable};
    case Errc::timed_out:
      return {"storage.timed_out", ErrorKind::unavailable};
    case Errc::unknown_outcome:
      return {"storage.unknown_outcome", ErrorKind::timeout};
    case Errc::unique_violation:
      return {"storage.unique_violation", ErrorKind::conflict};
    case Errc::foreign_key_violation:
      return {"storage.foreign_key_violation", ErrorKind::conflict};
    case Errc::constraint_violation:
      return {"storage.constraint_violation", ErrorKind::internal};
    case Errc::immutable:
      return {"storage.immutable", ErrorKind::denied};
    case Errc::corrupt:
      return {"storage.corrupt", ErrorKind::corrupt};
    case Errc::column_mismatch:
      return {"storage.column_mismatch", ErrorKind::corrupt};
    case Errc::bad_text:
      return {"storage.bad_text", ErrorKind::invalid};
    case Errc::closure_threw:
      return {"storage.closure_threw", ErrorKind::internal};
    case Errc::bad_settings:
      return {"storage.bad_settings", ErrorKind::invalid};
    case Errc::migration_failed:
      return {"storage.migration_failed", ErrorKind::internal};
    case Errc::schema_newer:
      return {"storage.schema_newer", ErrorKind::conflict};
    case Errc::schema_changed:
      return {"storage.schema_changed", ErrorKind::corrupt};
    case Errc::locked:
      return {"storage.locked", ErrorKind::conflict};
    case Errc::unknown_format:
      return {"storage.unknown_format", ErrorKind::corrupt};
    case Errc::too_large:
      return {"storage.too_large", ErrorKind::too_large};
    case Errc::no_such_object:
      return {"storage.no_such_object", ErrorKind::not_found};
    case Errc::bad_object:
      return {"storage.bad_object", ErrorKind::conflict};
    case Errc::bad_statement:
      break;
  }
  return {"storage.bad_statement", ErrorKind::internal};
}

}  // namespace unhidra::storage
