#pragma once

namespace unhidra::storage {

// Registers, once per process, SQLite's default file system with one change, and returns its name
// for sqlite3_open_v2().
//
// SQLite writes every page of its write-ahead log with two calls, the frame's head and the page.
// Here what is written to a log one after the other is put together in memory (at most 124 KiB) and
// goes to the file in one call, before anything else is done with that file: a read, a sync, a
// truncation, a question for its size. Why nothing is lost by it:
// docs/decisions/0030-joined-log-writes.md.
//
// Returns a null pointer, which is the default file system, when SQLite has none or will not take
// another.
const char* wal_joining_vfs();

}  // namespace unhidra::storage
