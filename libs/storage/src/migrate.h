#pragma once

#include <string>
#include <string_view>

#include "connection.h"

namespace unhidra::storage {

// Runs what is missing of settings.migrations, or refuses a schema that is not this release's.
Status bring_up_to_date(Connection& connection, const Settings& settings);

// The part of a migration that is meant for one database.
Result<std::string> for_dialect(std::string_view sql, Dialect dialect);

}  // namespace unhidra::storage
