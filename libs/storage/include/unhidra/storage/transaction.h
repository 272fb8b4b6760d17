#pragma once
// What a closure passed to Database::read or write works on. Synchronous: it runs on a database
// thread, never on an I/O thread.
//
// SQL is the common subset of SQLite, PostgreSQL and CockroachDB; placeholders are $1, $2, ...
// A statement that fails dooms the transaction of its closure, on both databases alike: every later
// statement answers the same error and the closure's writes are rolled back, whatever it returns.
// Where a clash is expected, say INSERT ... ON CONFLICT DO NOTHING and look at the count.

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "unhidra/storage/errc.h"
#include "unhidra/storage/param.h"
#include "unhidra/storage/rows.h"

namespace unhidra::storage {

class Connection;

enum class Dialect : std::uint8_t { sqlite, postgres };

// What the closures of one group of writes share: values of rows that this transaction has locked,
// and writes that are put off until its end. It begins empty with each transaction. Whoever changes
// it has written something in the same closure; a closure that is undone takes the change back.
class GroupPart {
 public:
  virtual ~GroupPart() = default;
  virtual std::unique_ptr<GroupPart> clone() const = 0;
  // Before COMMIT: writes what was put off.
  virtual Status finish(class Transaction& tx) = 0;
};

// Statements are prepared once per connection and kept: write them as constants, with parameters
// for everything that varies.
class Transaction {
 public:
  explicit Transaction(Connection& connection);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();

  // The number of rows inserted, updated or deleted.
  template <class... Args>
  Result<std::uint64_t> execute(std::string_view sql, const Args&... args) {
    const std::array<Param, sizeof...(Args)> params{Param(args)...};
    return execute_with(sql, params);
  }
  // SELECT, or a statement with RETURNING. The whole answer is held in memory: page by cursor.
  template <class... Args>
  Result<Rows> query(std::string_view sql, const Args&... args) {
    const std::array<Param, sizeof...(Args)> params{Param(args)...};
    return query_with(sql, params);
  }
  Result<std::uint64_t> execute_with(std::string_view sql, std::span<const Param> params);
  Result<Rows> query_with(std::string_view sql, std::span<const Param> params);

  // A write whose count nobody needs: a remote database gets it without being waited for. When it
  // fails, a later statement or the commit says so.
  template <class... Args>
  Status execute_later(std::string_view sql, const Args&... args) {
    const std::array<Param, sizeof...(Args)> params{Param(args)...};
    return execute_later_with(sql, params);
  }
  Status execute_later_with(std::string_view sql, std::span<const Param> params);

  // The part of kind T, made when it is first asked for.
  template <class T>
  T& group_part() {
    static constexpr char kKey = 0;
    auto& part = part_of(&kKey);
    if (!part) {
      part = std::make_unique<T>();
    }
    return static_cast<T&>(*part);
  }

  // For the rare statement that cannot be said in the common subset.
  Dialect dialect() const;

  // The first fault, if any: then the transaction cannot succeed any more.
  Status status() const;

 private:
  std::unique_ptr<GroupPart>& part_of(const void* key);

  Connection& connection_;
  std::shared_ptr<detail::Fault> fault_;
};

}  // namespace unhidra::storage
