#pragma once

#include <libpq-fe.h>

#include "unhidra/storage/errc.h"

namespace unhidra::storage {

// From the SQLSTATE of a failed result (PostgreSQL documentation, appendix A).
std::unexpected<Error> postgres_error(const PGresult* result);
// A prepared statement that was right when it was prepared and is no longer.
bool is_stale_statement(const PGresult* result);
bool is_read_only(const PGresult* result);

}  // namespace unhidra::storage
