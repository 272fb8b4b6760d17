#include "postgres_error.h"

#include <string>
#include <string_view>

namespace unhidra::storage {
namespace {

std::string_view sqlstate(const PGresult* result) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  return state == nullptr ? std::string_view() : std::string_view(state);
}

struct Mapping {
  std::string_view prefix;
  Errc code;
};

// The first that fits.
constexpr Mapping kMappings[] = {
    {"23505", Errc::unique_violation},
    {"42P07", Errc::unique_violation},  // duplicate_table: IF NOT EXISTS lost a race
    {"42710", Errc::unique_violation},  // duplicate_object: the table's type, likewise
    {"23503", Errc::foreign_key_violation},
    {"23", Errc::constraint_violation},
    {"40001", Errc::contended},    // serialization_failure
    {"40P01", Errc::contended},    // deadlock_detected
    {"UA001", Errc::immutable},    // ours: migrations/0003_audit.sql
    {"57014", Errc::timed_out},    // query_canceled: statement_timeout
    {"55P03", Errc::busy},         // lock_not_available
    {"25006", Errc::unavailable},  // read only: a standby
    {"25P03", Errc::unavailable},  // idle_in_transaction_session_timeout
    {"53100", Errc::disk_full},
    {"58030", Errc::disk_full},      // io_error
    {"53", Errc::unavailable},       // insufficient resources
    {"57P", Errc::unavailable},      // operator intervention: shutting down, starting up
    {"08P01", Errc::bad_statement},  // wrong number of parameters
    {"08", Errc::unavailable},       // connection exception
    {"XX001", Errc::corrupt},
    {"XX002", Errc::corrupt},
};

}  // namespace

std::unexpected<Error> postgres_error(const PGresult* result) {
  const auto state = sqlstate(result);
  const char* primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  // The detail line is left out: it repeats values.
  std::string message = "PostgreSQL: ";
  message += primary == nullptr ? "no answer" : primary;
  message += " (" + std::string(state) + ")";
  if (state.empty()) {
    return fail(Errc::unavailable, std::move(message));
  }
  for (const auto& mapping : kMappings) {
    if (state.starts_with(mapping.prefix)) {
      return fail(mapping.code, std::move(message));
    }
  }
  return fail(Errc::bad_statement, std::move(message));
}

bool is_stale_statement(const PGresult* result) {
  // 26000: no such prepared statement; 0A000: "cached plan must not change result type".
  return sqlstate(result) == "26000" || sqlstate(result) == "0A000";
}

bool is_read_only(const PGresult* result) {
  return sqlstate(result) == "25006";
}

}  // namespace unhidra::storage
