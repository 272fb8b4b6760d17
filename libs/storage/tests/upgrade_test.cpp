// A database that is in use comes through every later step with all it holds: for each earlier
// schema, every table is filled, the rest of the steps run, and every value is still there.

#include <map>

#include "unhidra/base/text.h"

#include "migrate.h"
#include "test_database.h"

namespace unhidra::storage {
namespace {

constexpr int kRows = 2;
// The first schema that was ever released.
constexpr std::size_t kFirst = 3;

struct Column {
  std::string name;
  std::string type;
};
struct Table {
  std::string name;
  std::vector<Column> columns;
};

// What a CHECK allows, of columns that do not take just any value.
const std::map<std::string, std::vector<std::string>, std::less<>> kAllowed{
    {"devices.kind", {"'client'", "'iot'"}},
    {"user_roles.scope", {"'org'", "'channel'"}},
    {"conversations.kind", {"'direct'", "'direct'"}},
    {"audit_log.outcome", {"'success'", "'denied'"}},
    {"device_tags.kind", {"'group'", "'label'"}},
    {"mls_external_senders.key_id", {"1"}},
};

class Upgrade : public DatabaseTest {
 protected:
  // In the order they were made, so that what a row refers to is there before it.
  Result<std::vector<Table>> tables(Transaction& tx) const {
    UNHIDRA_TRY(
        const auto names,
        tx.query(is_sqlite() ? "SELECT name FROM sqlite_master WHERE type = 'table' AND "
                               "name NOT LIKE 'sqlite%' ORDER BY rowid"
                             : "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND "
                               "relnamespace = current_schema()::regnamespace ORDER BY oid"));
    std::vector<Table> out;
    for (const auto& row : names) {
      Table table{.name = row.get<std::string>(0), .columns = {}};
      if (table.name == "schema_migrations" || table.name == "storage_probe") {  // not of a step
        continue;
      }
      UNHIDRA_TRY(
          const auto columns,
          tx.query(is_sqlite() ? "SELECT name, type FROM pragma_table_info($1)"
                               : "SELECT column_name::text, data_type::text FROM "
                                 "information_schema.columns WHERE table_schema = current_schema() "
                                 "AND table_name = $1",
                   table.name));
      for (const auto& column : columns) {
        table.columns.push_back({column.get<std::string>(0), column.get<std::string>(1)});
      }
      out.push_back(std::move(table));
    }
    return out;
  }

  // A value as SQL; the same number gives the same id everywhere, so that references hold.
  std::string literal(const Table& table, const Column& column, int row) const {
    const auto allowed = kAllowed.find(table.name + "." + column.name);
    if (allowed != kAllowed.end()) {
      return allowed->second.at(static_cast<std::size_t>(row));
    }
    const auto digit = std::to_string(row + 1);
    if (column.type == "BIGINT" || column.type == "bigint") {
      return digit;
    }
    if (column.type == "TEXT" || column.type == "text") {
      return "'text " + digit + "'";
    }
    std::string hex;
    for (int i = 0; i < 16; ++i) {
      hex += "0" + digit;
    }
    return is_sqlite() ? "x'" + hex + "'" : "'\\x" + hex + "'::bytea";
  }

  Status fill(Transaction& tx) const {
    UNHIDRA_TRY(const auto all, tables(tx));
    for (const auto& table : all) {
      const auto only = kAllowed.find(table.name + "." + table.columns.front().name);
      const int rows = only != kAllowed.end() ? static_cast<int>(only->second.size()) : kRows;
      for (int row = 0; row < rows; ++row) {
        std::string names;
        std::string values;
        for (const auto& column : table.columns) {
          names += (names.empty() ? "" : ", ") + column.name;
          values += (values.empty() ? "" : ", ") + literal(table, column, row);
        }
        UNHIDRA_TRY_VOID(
            tx.execute("INSERT INTO " + table.name + " (" + names + ") VALUES (" + values + ")"));
      }
    }
    return {};
  }

  // "table.column" to its values, sorted.
  using Contents = std::map<std::string, std::vector<std::string>>;
  Result<Contents> contents(Transaction& tx) const {
    Contents out;
    UNHIDRA_TRY(const auto all, tables(tx));
    for (const auto& table : all) {
      for (const auto& column : table.columns) {
        const auto text = is_sqlite() ? "quote(" + column.name + ")" : column.name + "::text";
        UNHIDRA_TRY(const auto rows,
                    tx.query("SELECT coalesce(" + text + ", 'none') FROM " + table.name));
        auto& values = out[table.name + "." + column.name];
        for (const auto& row : rows) {
          values.push_back(row.get<std::string>(0));
        }
        std::ranges::sort(values);
      }
    }
    return out;
  }
};
UNHIDRA_ON_BOTH_DATABASES(Upgrade);

TEST_P(Upgrade, KeepsWhatEveryEarlierSchemaHeld) {
  const auto all = server_migrations();
  for (auto count = kFirst; count < all.size(); ++count) {
    SCOPED_TRACE("from step " + std::to_string(count));
    auto settings = fresh_settings();
    settings.migrations = all.first(count);
    Contents before;
    {
      const auto db = open(settings);
      ASSERT_OK(db->write_sync([&](Transaction& tx) { return fill(tx); }));
      ASSERT_OK(db->read_sync([&](Transaction& tx) -> Status {
        UNHIDRA_TRY(before, contents(tx));
        return {};
      }));
    }
    settings.migrations = all;
    const auto db = open(settings);
    Contents after;
    ASSERT_OK(db->read_sync([&](Transaction& tx) -> Status {
      UNHIDRA_TRY(after, contents(tx));
      return {};
    }));
    EXPECT_GE(before.size(), 150U);
    for (const auto& [column, values] : before) {
      ASSERT_FALSE(values.empty()) << column;
      ASSERT_TRUE(after.contains(column)) << column << " is gone";
      EXPECT_EQ(after[column], values) << column;
    }
    for (const auto& [column, values] : after) {
      const auto table = column.substr(0, column.find('.'));
      if (!before.contains(column) && before.contains(table + ".org_id")) {
        EXPECT_EQ(values.size(), before[table + ".org_id"].size()) << column;
      }
    }
  }
}

// What the audit trail refuses it refuses after an upgrade too: its tables are made anew by a step.
TEST_P(Upgrade, TheAuditTrailStaysAppendOnly) {
  auto settings = fresh_settings();
  settings.migrations = server_migrations().first(kFirst);
  {
    const auto db = open(settings);
    ASSERT_OK(db->write_sync([&](Transaction& tx) { return fill(tx); }));
  }
  settings.migrations = server_migrations();
  const auto db = open(settings);
  for (const char* statement :
       {"UPDATE audit_log SET action = 'another'", "DELETE FROM audit_log",
        "DELETE FROM audit_heads", "UPDATE audit_heads SET position = position - 1"}) {
    const auto done = db->write_sync([&](Transaction& tx) -> Status {
      UNHIDRA_TRY_VOID(tx.execute(statement));
      return {};
    });
    EXPECT_FALSE(done.has_value()) << statement;
  }
}

}  // namespace
}  // namespace unhidra::storage
