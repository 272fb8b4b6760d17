#pragma once
// One session with a database, driven by one thread at a time.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "unhidra/storage/database.h"
#include "unhidra/storage/settings.h"
#include "unhidra/storage/transaction.h"

namespace unhidra::storage {

class RowsBuilder;

// The parts of the transaction under way (see GroupPart).
class Group {
 public:
  std::unique_ptr<GroupPart>& part(const void* key) {
    for (auto& [known, part] : parts_) {
      if (known == key) {
        return part;
      }
    }
    return parts_.emplace_back(key, nullptr).second;
  }
  void clear() { parts_.clear(); }
  Group clone() const {
    Group out;
    for (const auto& [key, part] : parts_) {
      out.parts_.emplace_back(key, part ? part->clone() : nullptr);
    }
    return out;
  }
  Status finish(Transaction& tx) {
    for (auto& [key, part] : parts_) {
      if (part) {
        UNHIDRA_TRY_VOID(part->finish(tx));
      }
    }
    return {};
  }

 private:
  std::vector<std::pair<const void*, std::unique_ptr<GroupPart>>> parts_;
};

class Connection {
 public:
  virtual ~Connection() = default;

  virtual Dialect dialect() const = 0;
  // A write transaction on SQLite takes the write lock at once, so that it cannot fail half-way.
  virtual Status begin_read() = 0;
  virtual Status begin_write() = 0;
  // Errc::unknown_outcome when the connection broke before the answer; on any error the transaction
  // is over.
  virtual Status commit() = 0;
  virtual void rollback() = 0;
  virtual Status savepoint() = 0;
  virtual Status release_savepoint() = 0;
  virtual Status rollback_to_savepoint() = 0;

  virtual Result<std::uint64_t> execute(std::string_view sql, std::span<const Param> params) = 0;
  // May answer before the statement has run; commit() and every other statement wait for it.
  virtual Status execute_later(std::string_view sql, std::span<const Param> params) {
    UNHIDRA_TRY_VOID(execute(sql, params));
    return {};
  }
  // Waits for what was put off.
  virtual Status settle() { return {}; }
  virtual Status query(std::string_view sql, std::span<const Param> params, RowsBuilder& out) = 0;
  // Several statements without parameters.
  virtual Status run_script(const std::string& sql) = 0;
  // A round trip that changes nothing.
  virtual Status ping() = 0;

  // False: the session is lost and must be opened again.
  virtual bool usable() const = 0;
  // False after the database gave the transaction up by itself.
  virtual bool in_transaction() const = 0;
  // True after a failed statement that blocks the transaction until a savepoint is rolled back to.
  virtual bool blocked() const = 0;

  // Rows changed since the session began: tells a transaction that wrote from one that only read.
  std::uint64_t changes() const { return changes_; }
  // Statements that may have changed something, if only the schema.
  std::uint64_t writes() const { return writes_; }
  Group& group() { return group_; }

 protected:
  std::uint64_t changes_ = 0;
  std::uint64_t writes_ = 0;

 private:
  Group group_;
};

// A kind of database: how sessions with it are opened.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual Dialect dialect() const = 0;
  virtual Result<std::unique_ptr<Connection>> connect(detail::Access access) = 0;
  virtual std::size_t write_lanes() const = 0;
  // Whether idle sessions must be asked now and then if the database is still there.
  virtual bool is_remote() const = 0;
};

Result<std::unique_ptr<Backend>> make_sqlite_backend(const Settings& settings);
Result<std::unique_ptr<Backend>> make_postgres_backend(const Settings& settings);

// The transaction must be run again from its start.
inline bool is_retryable(const Error& error) {
  return error == Errc::contended;
}
// The database itself is in trouble: nothing will work until it recovers.
inline bool is_outage(const Error& error) {
  return error == Errc::unavailable || error == Errc::disk_full || error == Errc::corrupt ||
         error == Errc::unknown_outcome;
}

}  // namespace unhidra::storage
