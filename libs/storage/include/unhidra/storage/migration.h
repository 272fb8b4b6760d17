#pragma once
// Numbered steps of a schema. Each runs in a transaction of its own together with its record in
// schema_migrations, so a process that dies half-way leaves whole steps; the next start goes on.
// Two processes that start at once take turns.

#include <span>
#include <string_view>

namespace unhidra::storage {

// All views are of static storage: made at build time from <room>/migrations/NNNN_name.sql.
// Between lines `-- @sqlite` or `-- @postgres` and `-- @end` stands what only that database gets.
struct Migration {
  int number = 0;  // 1, 2, 3, ... without a gap
  std::string_view name;
  std::string_view sql;
  std::string_view sha256;  // hex, of the file
};

// The schema of the server.
std::span<const Migration> server_migrations();

}  // namespace unhidra::storage
