#pragma once
// Time zones by their names in the tz database. The rules are those that ICU carries with it, so
// that no file is read.

#include <string_view>

#include "builtins/go_time.h"

namespace unhidra::rego::builtins {

// "" and "UTC" are UTC, and so is "Local": a policy must not depend on where the server stands.
// Fails for a name that the database does not know.
Result<ZoneOffset> zone_at(std::string_view name, const Instant& instant);

// The instant at which clocks in the zone show this; `month` and `day` may lie outside their
// ranges. In a gap or an overlap the offset before the change holds.
Result<Instant> in_zone(std::string_view name, std::int64_t year, std::int64_t month,
                        std::int64_t day, const Civil& clock);

}  // namespace unhidra::rego::builtins
