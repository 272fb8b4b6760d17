#include "migrate.h"

#include <chrono>
#include <thread>

#include "rows_builder.h"

namespace unhidra::storage {
namespace {

// Another process may hold the schema for as long as its migration takes.
constexpr int kAttempts = 50;
constexpr std::chrono::milliseconds kPause{100};

constexpr const char* kCreateRecords =
    "CREATE TABLE IF NOT EXISTS schema_migrations ("
    " number BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL,"
    " applied_at BIGINT NOT NULL);"
    "CREATE TABLE IF NOT EXISTS storage_probe ("
    " id BIGINT NOT NULL PRIMARY KEY, count BIGINT NOT NULL, filler BYTEA);"
    // The row that is locked by whoever migrates.
    "INSERT INTO storage_probe (id, count) VALUES (1, 0) ON CONFLICT DO NOTHING;";

std::int64_t now_micros() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Runs `work` in a write transaction of its own; a loser against another process tries again.
template <class F>
Status in_transaction(Connection& connection, F work) {
  Status status;
  for (int i = 0; i < kAttempts; ++i) {
    status = connection.begin_write();
    if (status) {
      status = work();
      if (status) {
        status = connection.commit();
      } else {
        connection.rollback();
      }
    }
    const bool again = !status && (is_retryable(status.error()) || status.error() == Errc::busy ||
                                   status.error() == Errc::unique_violation);
    if (!again) {
      return status;
    }
    std::this_thread::sleep_for(kPause);
  }
  return status;
}

// How many of the migrations are in the database, after checking that they are the same.
Result<std::size_t> count_applied(Connection& connection, std::span<const Migration> known) {
  Transaction tx(connection);
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT number, name, sha256 FROM schema_migrations ORDER BY number"));
  std::size_t count = 0;
  for (const Row row : rows) {
    const auto number = row.get<std::int64_t>(0);
    const auto name = row.get<std::string>(1);
    if (count >= known.size()) {
      return fail(Errc::schema_newer,
                  "the database has migration " + std::to_string(number) + " (" + name +
                      "), which this release does not know: " + "start the newer release");
    }
    const auto& expected = known[count];
    if (number != expected.number || row.get<std::string_view>(2) != expected.sha256) {
      return fail(Errc::schema_changed, "migration " + std::to_string(number) + " (" + name +
                                            ") in the database is not this release's " +
                                            std::string(expected.name));
    }
    ++count;
  }
  UNHIDRA_TRY_VOID(tx.status());
  return count;
}

// One step: looks again under the lock, because another process may just have done it.
Status apply_next(Connection& connection, std::span<const Migration> known, bool& done) {
  return in_transaction(connection, [&]() -> Status {
    if (connection.dialect() == Dialect::postgres) {
      // Waiting for another process, and the step itself, may take long.
      UNHIDRA_TRY_VOID(connection.run_script("SET LOCAL statement_timeout = 0"));
    }
    UNHIDRA_TRY_VOID(
        connection.execute("UPDATE storage_probe SET count = count + 1 WHERE id = 1", {}));
    UNHIDRA_TRY(const auto applied, count_applied(connection, known));
    done = applied == known.size();
    if (done) {
      return {};
    }
    const auto& next = known[applied];
    UNHIDRA_TRY(const auto sql, for_dialect(next.sql, connection.dialect()));
    if (auto status = connection.run_script(sql); !status) {
      if (is_outage(status.error()) || is_retryable(status.error())) {
        return status;
      }
      return fail(Errc::migration_failed, "migration " + std::to_string(next.number) + " (" +
                                              std::string(next.name) +
                                              "): " + status.error().message());
    }
    const Param record[] = {Param(next.number), Param(next.name), Param(next.sha256),
                            Param(now_micros())};
    UNHIDRA_TRY_VOID(connection.execute(
        "INSERT INTO schema_migrations (number, name, sha256, applied_at) VALUES ($1, $2, $3, $4)",
        record));
    return {};
  });
}

Status refuse_other_schema(Connection& connection, std::span<const Migration> known) {
  UNHIDRA_TRY_VOID(connection.begin_read());
  const auto applied = count_applied(connection, known);
  connection.rollback();
  if (!applied) {
    return fail(applied.error());
  }
  if (*applied != known.size()) {
    return fail(Errc::migration_failed, std::to_string(known.size() - *applied) +
                                            " migrations are missing and may not be run here");
  }
  return {};
}

}  // namespace

Result<std::string> for_dialect(std::string_view sql, Dialect dialect) {
  const std::string_view ours = dialect == Dialect::sqlite ? "-- @sqlite" : "-- @postgres";
  std::string out;
  bool skipping = false;
  bool inside = false;
  while (!sql.empty()) {
    const auto end = std::min(sql.find('\n'), sql.size() - 1) + 1;
    auto line = sql.substr(0, end);
    sql.remove_prefix(end);
    const auto mark = line.substr(0, line.find_last_not_of("\r\n ") + 1);
    if (!mark.starts_with("-- @")) {
      out.append(skipping ? std::string_view() : line);
      continue;
    }
    const bool opens = mark == "-- @sqlite" || mark == "-- @postgres";
    if (opens == inside || (!opens && mark != "-- @end")) {
      return fail(Errc::migration_failed, "misplaced '" + std::string(mark) + "'");
    }
    inside = opens;
    skipping = opens && mark != ours;
  }
  if (inside) {
    return fail(Errc::migration_failed, "a section is not closed with '-- @end'");
  }
  return out;
}

Status bring_up_to_date(Connection& connection, const Settings& settings) {
  if (!settings.migrate) {
    return refuse_other_schema(connection, settings.migrations);
  }
  UNHIDRA_TRY_VOID(
      in_transaction(connection, [&] { return connection.run_script(kCreateRecords); }));
  for (bool done = false; !done;) {
    UNHIDRA_TRY_VOID(apply_next(connection, settings.migrations, done));
  }
  return {};
}

}  // namespace unhidra::storage
