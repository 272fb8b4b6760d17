// PostgreSQL over libpq, synchronous: a connection belongs to one database thread.
//
// BEGIN, SAVEPOINT and RELEASE are not sent when asked for but together in front of the next
// statement, which saves two round trips a closure and all of them for one that does nothing. What
// is executed "later" goes out in pipeline mode and is waited for with the next statement that has
// an answer.

#include <array>
#include <charconv>
#include <cstring>
#include <unordered_map>

#include <libpq-fe.h>

#include "connection.h"
#include "postgres_error.h"
#include "postgres_params.h"
#include "rows_builder.h"

namespace unhidra::storage {
namespace {

constexpr std::size_t kMaxPreparedStatements = 512;
// Statements under way that nobody has waited for. Their answers, some 30 bytes each, must fit in
// the socket's buffers, as nothing reads them meanwhile (PostgreSQL documentation, 34.5.1).
constexpr std::size_t kMaxLater = 256;

// pg_type.h: the object ids of built-in types never change.
constexpr Oid kBool = 16;
constexpr Oid kBytea = 17;
constexpr Oid kInt8 = 20;
constexpr Oid kInt2 = 21;
constexpr Oid kInt4 = 23;
constexpr Oid kText = 25;
constexpr Oid kUnknown = 705;
constexpr Oid kFloat8 = 701;
constexpr Oid kVarchar = 1043;

struct ResultDeleter {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, ResultDeleter>;

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) {
    value = (value << 8U) | static_cast<unsigned char>(c);
  }
  return value;
}

// Binary results: integers and doubles in network byte order, text and bytes as they are.
Status add_value(Oid type, std::string_view content, RowsBuilder& out) {
  switch (type) {
    case kInt8:
      out.add_integer(static_cast<std::int64_t>(big_endian(content)));
      return {};
    case kInt4:
      out.add_integer(static_cast<std::int32_t>(big_endian(content)));
      return {};
    case kInt2:
      out.add_integer(static_cast<std::int16_t>(big_endian(content)));
      return {};
    case kBool:
      out.add_integer(content == std::string_view("\x01", 1) ? 1 : 0);
      return {};
    case kFloat8:
      out.add_real(std::bit_cast<double>(big_endian(content)));
      return {};
    case kText:
    case kVarchar:
    case kUnknown:
      out.add_content(ColumnType::text, content);
      return {};
    case kBytea:
      out.add_content(ColumnType::bytes, content);
      return {};
    default:
      return fail(Errc::bad_statement,
                  "a column has a type that both databases do not share (oid " +
                      std::to_string(type) + "): cast it, say to BIGINT");
  }
}

class PostgresConnection final : public Connection {
 public:
  PostgresConnection(const Settings& settings, detail::Access access)
      : access_(access), prepare_(settings.prepared_statements) {
    begin_write_ = settings.isolation == Isolation::serializable
                       ? "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE;"
                       : "BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE;";
  }
  ~PostgresConnection() override { PQfinish(connection_); }

  Status open(const Settings& settings) {
    const auto connect_seconds =
        std::to_string(std::max<std::int64_t>(2, settings.connect_timeout.count() / 1000));
    // A peer that vanished without a word is noticed after this long.
    const auto silence = std::to_string(settings.statement_timeout.count() + 5'000);
    const char* const names[] = {"dbname",
                                 "connect_timeout",
                                 "application_name",
                                 "client_encoding",
                                 "tcp_user_timeout",
                                 "keepalives_idle",
                                 nullptr};
    const char* const values[] = {settings.url.c_str(),
                                  connect_seconds.c_str(),
                                  "unhidra",
                                  "UTF8",
                                  silence.c_str(),
                                  "10",
                                  nullptr};
    connection_ = PQconnectdbParams(names, values, 1);
    if (PQstatus(connection_) != CONNECTION_OK) {
      return fail(Errc::unavailable, std::string("PostgreSQL: ") + PQerrorMessage(connection_));
    }
    PQsetNoticeProcessor(connection_, [](void*, const char*) {}, nullptr);
    UNHIDRA_TRY_VOID(
        simple("SET statement_timeout = " + std::to_string(settings.statement_timeout.count()) +
               "; SET idle_in_transaction_session_timeout = 60000"));
    // A sequential scan, which the planner likes while a table is small, locks the whole table
    // against serializable neighbours (PostgreSQL documentation, 13.2.3).
    return access_ == detail::Access::write ? simple("SET enable_seqscan = off") : Status{};
  }

  Dialect dialect() const override { return Dialect::postgres; }
  Status begin_read() override {
    begin_ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;";
    return {};
  }
  Status begin_write() override {
    begin_ = begin_write_;
    return {};
  }

  Status commit() override {
    if (!open_) {
      forget_transaction();
      return {};
    }
    if (auto status = settle(); !status) {
      rollback();
      return status;
    }
    forget_transaction();
    const ResultPtr result(PQexec(connection_, "COMMIT"));
    if (!usable()) {
      return fail(Errc::unknown_outcome, "the connection to PostgreSQL broke during COMMIT");
    }
    if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) {
      return postgres_error(result.get());
    }
    if (std::string_view(PQcmdStatus(result.get())) != "COMMIT") {
      return fail(Errc::bad_statement, "PostgreSQL rolled back instead of committing");
    }
    return {};
  }

  void rollback() override {
    const bool was_open = open_;
    static_cast<void>(settle());
    forget_transaction();
    if (was_open && usable()) {
      static_cast<void>(simple("ROLLBACK"));
    }
  }

  Status savepoint() override {
    savepoint_wanted_ = true;
    return {};
  }
  Status release_savepoint() override {
    release_wanted_ = release_wanted_ || savepoint_open_;
    savepoint_open_ = false;
    savepoint_wanted_ = false;
    return {};
  }
  Status rollback_to_savepoint() override {
    static_cast<void>(settle());
    if (savepoint_open_) {
      UNHIDRA_TRY_VOID(simple("ROLLBACK TO closure"));
    }
    return release_savepoint();
  }

  Result<std::uint64_t> execute(std::string_view sql, std::span<const Param> params) override {
    UNHIDRA_TRY(const auto result, run(sql, params));
    return count_changes(result.get());
  }

  Status execute_later(std::string_view sql, std::span<const Param> params) override {
    UNHIDRA_TRY_VOID(send_pending());
    const auto prepared = prepared_.find(sql);
    if (prepared == prepared_.end() || later_ == kMaxLater) {
      UNHIDRA_TRY_VOID(execute(sql, params));
      return {};
    }
    params_.bind(params);
    UNHIDRA_TRY_VOID(send(prepared->second));
    ++later_;
    // Counted as if it had changed a row: it may have.
    writes_ += 1;
    changes_ += 1;
    return {};
  }

  Status settle() override { return later_ == 0 ? Status() : collect(nullptr); }

  Status query(std::string_view sql, std::span<const Param> params, RowsBuilder& out) override {
    UNHIDRA_TRY(const auto result, run(sql, params));
    auto* const raw = result.get();
    auto names = std::make_shared<Rows::ColumnNames>();
    for (int column = 0; column < PQnfields(raw); ++column) {
      names->emplace_back(PQfname(raw, column));
    }
    out.set_columns(std::move(names));
    for (int row = 0; row < PQntuples(raw); ++row) {
      for (int column = 0; column < PQnfields(raw); ++column) {
        if (PQgetisnull(raw, row, column) != 0) {
          out.add_null();
          continue;
        }
        const auto size = static_cast<std::size_t>(PQgetlength(raw, row, column));
        UNHIDRA_TRY_VOID(
            add_value(PQftype(raw, column), {PQgetvalue(raw, row, column), size}, out));
      }
      out.end_row();
    }
    count_changes(raw);
    return {};
  }

  Status run_script(const std::string& sql) override {
    UNHIDRA_TRY_VOID(send_pending());
    return simple(sql);
  }
  Status ping() override { return simple("SELECT 1"); }
  bool usable() const override { return PQstatus(connection_) == CONNECTION_OK; }
  bool in_transaction() const override {
    return usable() && (!open_ || PQtransactionStatus(connection_) != PQTRANS_IDLE);
  }
  bool blocked() const override { return PQtransactionStatus(connection_) == PQTRANS_INERROR; }

 private:
  void forget_transaction() {
    begin_ = {};
    open_ = false;
    savepoint_wanted_ = false;
    savepoint_open_ = false;
    release_wanted_ = false;
  }

  // One or more statements without parameters, in one round trip.
  Status simple(const std::string& sql) {
    UNHIDRA_TRY_VOID(settle());
    const ResultPtr result(PQexec(connection_, sql.c_str()));
    const auto status = PQresultStatus(result.get());
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY) {
      return {};
    }
    return failed(result.get());
  }

  std::unexpected<Error> failed(const PGresult* result) const {
    if (!usable()) {
      return fail(Errc::unavailable, std::string("PostgreSQL: ") + PQerrorMessage(connection_));
    }
    return postgres_error(result);
  }

  Status send_pending() {
    if (begin_.empty() && !release_wanted_ && !savepoint_wanted_) {
      return {};
    }
    std::string sql(begin_);
    sql += release_wanted_ ? "RELEASE closure;" : "";
    sql += savepoint_wanted_ ? "SAVEPOINT closure" : "";
    open_ = open_ || !begin_.empty();
    begin_ = {};
    savepoint_open_ = savepoint_open_ || savepoint_wanted_;
    release_wanted_ = false;
    savepoint_wanted_ = false;
    return simple(sql);
  }

  Result<ResultPtr> run(std::string_view sql, std::span<const Param> params) {
    UNHIDRA_TRY_VOID(send_pending());
    params_.bind(params);
    auto prepared = prepared_.find(sql);
    if (prepared == prepared_.end() && prepare_ && prepared_.size() < kMaxPreparedStatements) {
      UNHIDRA_TRY(prepared, prepare(sql));
    }
    ResultPtr result;
    if (prepared != prepared_.end() && later_ > 0) {
      UNHIDRA_TRY_VOID(send(prepared->second));
      UNHIDRA_TRY_VOID(collect(&result));
    } else if (prepared == prepared_.end()) {
      UNHIDRA_TRY_VOID(settle());
      const std::string text(sql);
      result.reset(PQexecParams(connection_, text.c_str(), params_.count(), nullptr,
                                params_.values(), params_.lengths(), params_.formats(), 1));
    } else {
      result.reset(PQexecPrepared(connection_, prepared->second.c_str(), params_.count(),
                                  params_.values(), params_.lengths(), params_.formats(), 1));
    }
    const auto status = PQresultStatus(result.get());
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
      return result;
    }
    if (prepared != prepared_.end() && is_stale_statement(result.get())) {
      // The schema changed under it, or a pooler gave us another session: prepare it anew.
      prepared_.erase(prepared);
      return fail(Errc::contended, "a prepared statement has to be prepared again");
    }
    if (access_ == detail::Access::read && is_read_only(result.get())) {
      return fail(Errc::bad_statement, "a read transaction cannot write");
    }
    return failed(result.get());
  }

  using PreparedMap = std::unordered_map<std::string, std::string, TextHash, std::equal_to<>>;

  // Into the pipeline.
  Status send(const std::string& statement) {
    const bool sent =
        PQenterPipelineMode(connection_) == 1 &&
        PQsendQueryPrepared(connection_, statement.c_str(), params_.count(), params_.values(),
                            params_.lengths(), params_.formats(), 1) == 1;
    return sent ? Status() : failed(nullptr);
  }

  // Waits for everything in the pipeline and leaves it. What was put off must have succeeded; the
  // statement sent after it, if there is one, answers for itself.
  Status collect(ResultPtr* answer) {
    Status status;
    if (PQpipelineSync(connection_) != 1) {
      status = failed(nullptr);
    }
    for (auto left = std::exchange(later_, 0); left > 0; --left) {
      const auto result = next_result();
      if (status && PQresultStatus(result.get()) != PGRES_COMMAND_OK &&
          PQresultStatus(result.get()) != PGRES_TUPLES_OK) {
        status = failed_later(result.get());
      }
    }
    if (answer != nullptr) {
      *answer = next_result();
    }
    const ResultPtr sync(PQgetResult(connection_));
    if (PQexitPipelineMode(connection_) != 1 && status) {
      status = failed(sync.get());
    }
    return status;
  }

  // Of one statement; libpq closes each with an empty one.
  ResultPtr next_result() {
    ResultPtr result(PQgetResult(connection_));
    while (result != nullptr && usable()) {
      const ResultPtr end(PQgetResult(connection_));
      if (end == nullptr) {
        break;
      }
    }
    return result;
  }

  std::unexpected<Error> failed_later(const PGresult* result) {
    if (usable() && is_stale_statement(result)) {
      prepared_.clear();  // which of them it was is not known
      return fail(Errc::contended, "a prepared statement has to be prepared again");
    }
    return failed(result);
  }

  Result<PreparedMap::iterator> prepare(std::string_view sql) {
    UNHIDRA_TRY_VOID(settle());
    auto name = "s" + std::to_string(++last_statement_);
    std::string text(sql);
    const ResultPtr result(PQprepare(connection_, name.c_str(), text.c_str(), 0, nullptr));
    if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) {
      return failed(result.get());
    }
    return prepared_.emplace(std::move(text), std::move(name)).first;
  }

  std::uint64_t count_changes(PGresult* result) {
    const std::string_view count = PQcmdTuples(result);
    if (std::string_view(PQcmdStatus(result)).starts_with("SELECT")) {
      return 0;
    }
    writes_ += 1;
    std::uint64_t changed = 0;
    std::from_chars(count.data(), count.data() + count.size(), changed);
    changes_ += changed;
    return changed;
  }

  const detail::Access access_;
  const bool prepare_;
  PGconn* connection_ = nullptr;
  std::string_view begin_write_;
  std::string_view begin_;         // wanted, not sent
  bool open_ = false;              // BEGIN was sent
  bool savepoint_wanted_ = false;  // not sent
  bool savepoint_open_ = false;    // sent
  bool release_wanted_ = false;    // not sent
  std::size_t later_ = 0;          // statements in the pipeline
  PreparedMap prepared_;           // statement -> its name in the session
  std::uint64_t last_statement_ = 0;
  BoundParams params_;
};

class PostgresBackend final : public Backend {
 public:
  explicit PostgresBackend(Settings settings) : settings_(std::move(settings)) {}

  Dialect dialect() const override { return Dialect::postgres; }
  std::size_t write_lanes() const override { return settings_.write_lanes; }
  bool is_remote() const override { return true; }
  Result<std::unique_ptr<Connection>> connect(detail::Access access) override {
    auto connection = std::make_unique<PostgresConnection>(settings_, access);
    UNHIDRA_TRY_VOID(connection->open(settings_));
    return connection;
  }

 private:
  Settings settings_;
};

}  // namespace

Result<std::unique_ptr<Backend>> make_postgres_backend(const Settings& settings) {
  return std::make_unique<PostgresBackend>(settings);
}

}  // namespace unhidra::storage
