// SQLite: one file, write-ahead log, every commit synced.

#include <array>
#include <charconv>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <sqlite3.h>
#include <thread>
#include <unistd.h>
#include <unordered_map>

#include <sys/stat.h>

#include "connection.h"
#include "rows_builder.h"
#include "sqlite_wal_vfs.h"

namespace unhidra::storage {
namespace {

constexpr std::size_t kMaxCachedStatements = 512;
// The log is copied into the file after about 32 MiB, which the writer pays for with two syncs.
constexpr const char* kCheckpointPages = "8192";

Errc code_of(int extended) {
  switch (extended) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return Errc::unique_violation;
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      return Errc::foreign_key_violation;
    case SQLITE_CONSTRAINT_TRIGGER:
      return Errc::immutable;
    default:
      break;
  }
  switch (extended & 0xFF) {
    case SQLITE_CONSTRAINT:
      return Errc::constraint_violation;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Errc::busy;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      return Errc::disk_full;
    case SQLITE_NOMEM:
      return Errc::unavailable;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Errc::corrupt;
    case SQLITE_INTERRUPT:
      return Errc::timed_out;
    default:
      return Errc::bad_statement;
  }
}

std::unexpected<Error> sqlite_error(sqlite3* db, int result) {
  const int extended = db != nullptr ? sqlite3_extended_errcode(db) : result;
  return fail(code_of(extended), std::string("SQLite: ") +
                                     (db != nullptr ? sqlite3_errmsg(db) : sqlite3_errstr(result)));
}

struct StatementDeleter {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

struct Statement {
  std::unique_ptr<sqlite3_stmt, StatementDeleter> handle;
  // SQLite numbers "$2 ... $1" by appearance: the parameter that stands at each of its places.
  std::vector<std::size_t> places;
  std::size_t parameters = 0;
  std::shared_ptr<const Rows::ColumnNames> columns;
};

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};

using Statements = std::unordered_map<std::string, Statement, TextHash, std::equal_to<>>;
using Cached = Statements::value_type;

// Leaves the statement ready for its next use, whatever happened.
class Run {
 public:
  explicit Run(sqlite3_stmt* statement) : statement_(statement) {}
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  ~Run() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }

 private:
  sqlite3_stmt* statement_;
};

int bind(sqlite3_stmt* statement, int place, const Param& param) {
  // The caller's memory outlives the run, so nothing is copied.
  const auto text = param.text();
  switch (param.type()) {
    case ColumnType::integer:
      return sqlite3_bind_int64(statement, place, param.integer());
    case ColumnType::real:
      return sqlite3_bind_double(statement, place, param.real());
    case ColumnType::text:
      return sqlite3_bind_text64(statement, place, text.data() != nullptr ? text.data() : "",
                                 text.size(), SQLITE_STATIC, SQLITE_UTF8);
    case ColumnType::bytes:
      // A null pointer would bind NULL.
      return sqlite3_bind_blob64(statement, place, text.data() != nullptr ? text.data() : "",
                                 text.size(), SQLITE_STATIC);
    case ColumnType::null:
      break;
  }
  return sqlite3_bind_null(statement, place);
}

void add_column(sqlite3_stmt* statement, int column, RowsBuilder& out) {
  const auto content = [&](const void* data) {
    return std::string_view(static_cast<const char*>(data),
                            static_cast<std::size_t>(sqlite3_column_bytes(statement, column)));
  };
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
      out.add_integer(sqlite3_column_int64(statement, column));
      break;
    case SQLITE_FLOAT:
      out.add_real(sqlite3_column_double(statement, column));
      break;
    case SQLITE_TEXT:
      out.add_content(ColumnType::text, content(sqlite3_column_text(statement, column)));
      break;
    case SQLITE_BLOB:
      out.add_content(ColumnType::bytes, content(sqlite3_column_blob(statement, column)));
      break;
    default:
      out.add_null();
  }
}

class SqliteConnection final : public Connection {
 public:
  ~SqliteConnection() override {
    statements_.clear();
    sqlite3_close_v2(db_);
  }

  Status open(const std::string& path, const Settings& settings, detail::Access access) {
    access_ = access;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (const int result = sqlite3_open_v2(path.c_str(), &db_, flags, wal_joining_vfs());
        result != SQLITE_OK) {
      return sqlite_error(db_, result);
    }
    sqlite3_extended_result_codes(db_, 1);
    sqlite3_busy_timeout(db_, static_cast<int>(settings.busy_timeout.count()));
    sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(db_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    // recursive_triggers: INSERT OR REPLACE may not slip past a trigger that refuses DELETE.
    std::string pragmas =
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
        "PRAGMA recursive_triggers = ON; PRAGMA temp_store = MEMORY;"
        "PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = ";
    pragmas += kCheckpointPages;
    pragmas += access == detail::Access::write
                   ? "; PRAGMA cache_size = -65536;"
                   : "; PRAGMA cache_size = -16384; PRAGMA query_only = ON;";
    return run_when_free(pragmas, settings.busy_timeout);
  }

  Dialect dialect() const override { return Dialect::sqlite; }
  Status begin_read() override { return run("BEGIN"); }
  Status begin_write() override { return run("BEGIN IMMEDIATE"); }
  Status commit() override {
    auto status = run("COMMIT");
    if (!status) {
      rollback();
    }
    return status;
  }
  void rollback() override {
    if (in_transaction()) {
      // Fails only when SQLite has rolled back already.
      static_cast<void>(run("ROLLBACK"));
    }
  }
  Status savepoint() override { return run("SAVEPOINT closure"); }
  Status release_savepoint() override { return run("RELEASE closure"); }
  Status rollback_to_savepoint() override {
    UNHIDRA_TRY_VOID(run("ROLLBACK TO closure"));
    return run("RELEASE closure");
  }

  Result<std::uint64_t> execute(std::string_view sql, std::span<const Param> params) override {
    UNHIDRA_TRY(auto* const statement, prepare(sql, params));
    const Run run(statement->handle.get());
    note_write(statement->handle.get());
    const auto before = sqlite3_total_changes64(db_);
    int result = SQLITE_ROW;
    while (result == SQLITE_ROW) {
      result = sqlite3_step(statement->handle.get());
    }
    if (result != SQLITE_DONE) {
      return step_error(result);
    }
    return count_changes(before);
  }

  Status query(std::string_view sql, std::span<const Param> params, RowsBuilder& out) override {
    UNHIDRA_TRY(auto* const statement, prepare(sql, params));
    auto* const handle = statement->handle.get();
    const Run run(handle);
    note_write(handle);
    const auto before = sqlite3_total_changes64(db_);
    out.set_columns(statement->columns);
    int result = SQLITE_ROW;
    while ((result = sqlite3_step(handle)) == SQLITE_ROW) {
      for (int i = 0; i < static_cast<int>(statement->columns->size()); ++i) {
        add_column(handle, i, out);
      }
      out.end_row();
    }
    if (result != SQLITE_DONE) {
      return step_error(result);
    }
    count_changes(before);
    return {};
  }

  Status run_script(const std::string& sql) override {
    const int result = sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
    return result == SQLITE_OK ? Status{} : Status(sqlite_error(db_, result));
  }
  Status ping() override { return {}; }
  bool usable() const override { return true; }
  bool in_transaction() const override { return sqlite3_get_autocommit(db_) == 0; }
  bool blocked() const override { return false; }

 private:
  // Two connections that switch a new file to its write-ahead log at once would wait for each
  // other, so SQLite refuses one of them without asking the busy timeout. It comes again.
  Status run_when_free(const std::string& sql, std::chrono::milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (;;) {
      auto status = run_script(sql);
      if (status || status.error() != Errc::busy || std::chrono::steady_clock::now() >= deadline) {
        return status;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  Status run(std::string_view sql) {
    UNHIDRA_TRY(auto* const statement, prepare(sql, {}));
    const Run guard(statement->handle.get());
    const int result = sqlite3_step(statement->handle.get());
    return result == SQLITE_DONE ? Status{} : Status(sqlite_error(db_, result));
  }

  void note_write(sqlite3_stmt* statement) {
    writes_ += sqlite3_stmt_readonly(statement) == 0 ? 1 : 0;
  }

  std::unexpected<Error> step_error(int result) {
    if (access_ == detail::Access::read && sqlite3_extended_errcode(db_) == SQLITE_READONLY) {
      return fail(Errc::bad_statement, "a read transaction cannot write");
    }
    return sqlite_error(db_, result);
  }

  // sqlite3_changes() alone answers for an earlier statement when this one changed nothing.
  std::uint64_t count_changes(std::int64_t total_before) {
    if (sqlite3_total_changes64(db_) == total_before) {
      return 0;
    }
    const auto changed = static_cast<std::uint64_t>(sqlite3_changes64(db_));
    changes_ += changed;
    return changed;
  }

  // Most statements are constants: the place of the text leads to it without hashing the text.
  Result<Cached*> find(std::string_view sql) {
    auto& recent = recent_[(reinterpret_cast<std::uintptr_t>(sql.data()) >> 4U) % recent_.size()];
    if (recent != nullptr && recent->first == sql) {
      return recent;
    }
    auto found = statements_.find(sql);
    if (found == statements_.end()) {
      UNHIDRA_TRY(auto statement, compile(sql));
      if (statements_.size() >= kMaxCachedStatements) {
        statements_.clear();
        recent_.fill(nullptr);
      }
      found = statements_.emplace(std::string(sql), std::move(statement)).first;
    }
    recent = &*found;
    return recent;
  }

  Result<Statement*> prepare(std::string_view sql, std::span<const Param> params) {
    UNHIDRA_TRY(auto* const cached, find(sql));
    auto& statement = cached->second;
    if (params.size() != statement.parameters) {
      return fail(Errc::bad_statement,
                  "the statement takes " + std::to_string(statement.parameters) +
                      " parameters, not " + std::to_string(params.size()) + ": " + cached->first);
    }
    for (std::size_t i = 0; i < statement.places.size(); ++i) {
      const int result =
          bind(statement.handle.get(), static_cast<int>(i) + 1, params[statement.places[i]]);
      if (result != SQLITE_OK) {
        sqlite3_clear_bindings(statement.handle.get());
        return sqlite_error(db_, result);
      }
    }
    return &statement;
  }

  Result<Statement> compile(std::string_view sql) {
    sqlite3_stmt* raw = nullptr;
    const char* tail = nullptr;
    const int result = sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()),
                                          SQLITE_PREPARE_PERSISTENT, &raw, &tail);
    Statement out;
    out.handle.reset(raw);
    if (result != SQLITE_OK) {
      return sqlite_error(db_, result);
    }
    const std::string_view rest(tail, static_cast<std::size_t>(sql.data() + sql.size() - tail));
    if (raw == nullptr || rest.find_first_not_of(" \t\r\n;") != std::string_view::npos) {
      return fail(Errc::bad_statement, "not exactly one statement: " + std::string(sql));
    }
    UNHIDRA_TRY_VOID(number_parameters(sql, out));
    auto names = std::make_shared<Rows::ColumnNames>();
    for (int i = 0; i < sqlite3_column_count(raw); ++i) {
      names->emplace_back(sqlite3_column_name(raw, i));
    }
    out.columns = std::move(names);
    return out;
  }

  static Status number_parameters(std::string_view sql, Statement& out) {
    const int count = sqlite3_bind_parameter_count(out.handle.get());
    for (int i = 1; i <= count; ++i) {
      const char* name = sqlite3_bind_parameter_name(out.handle.get(), i);
      std::size_t number = 0;
      const char* const end = name == nullptr ? nullptr : name + std::strlen(name);
      if (name == nullptr || *name != '$' || std::from_chars(name + 1, end, number).ptr != end ||
          number == 0) {
        return fail(Errc::bad_statement, "parameters are written $1, $2, ...: " + std::string(sql));
      }
      out.places.push_back(number - 1);
      out.parameters = std::max(out.parameters, number);
    }
    return {};
  }

  sqlite3* db_ = nullptr;
  detail::Access access_ = detail::Access::read;
  Statements statements_;
  std::array<Cached*, 64> recent_{};
};

// Once per process, before its first connection: counting every allocation takes a lock.
void configure_library() {
  static const bool kDone = [] {
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    return sqlite3_initialize() == SQLITE_OK;
  }();
  static_cast<void>(kDone);
}

class SqliteBackend final : public Backend {
 public:
  SqliteBackend(std::string path, Settings settings)
      : path_(std::move(path)), settings_(std::move(settings)) {
    configure_library();
  }

  Dialect dialect() const override { return Dialect::sqlite; }
  std::size_t write_lanes() const override { return 1; }
  bool is_remote() const override { return false; }
  Result<std::unique_ptr<Connection>> connect(detail::Access access) override {
    // Made by us, so that nobody else may read it; the log and its index take the file's mode. Only
    // when it is new: closing a descriptor of an open database would drop the locks of the process.
    const int fd = ::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd >= 0) {
      ::close(fd);
    }
    auto connection = std::make_unique<SqliteConnection>();
    if (auto status = connection->open(path_, settings_, access); !status) {
      return fail(std::move(status).error().in(path_));
    }
    return connection;
  }

 private:
  std::string path_;
  Settings settings_;
};

}  // namespace

Result<std::unique_ptr<Backend>> make_sqlite_backend(const Settings& settings) {
  constexpr std::string_view kScheme = "sqlite:";
  auto path = settings.url.substr(kScheme.size());
  if (path.empty() || path == ":memory:") {
    return fail(Errc::bad_settings, "a SQLite database needs a file: sqlite:/path/to/file.db");
  }
  return std::make_unique<SqliteBackend>(std::move(path), settings);
}

}  // namespace unhidra::storage
