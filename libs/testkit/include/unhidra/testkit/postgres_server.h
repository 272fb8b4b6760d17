#pragma once
// A real PostgreSQL 15 for one test binary: its own data directory, a free port of 127.0.0.1, the
// server's own user when the test runs as root. Takes about a second to start.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "unhidra/base/error.h"

namespace unhidra::testkit {

struct PostgresOptions {
  bool fsync = false;  // true: commits are durable across power loss, as in production
  std::string default_isolation = "read committed";
};

class PostgresServer {
 public:
  // Empty when PostgreSQL can be started here, else the reason for GTEST_SKIP().
  static std::string missing();
  static Result<PostgresServer> start(PostgresOptions options = {});

  PostgresServer(PostgresServer&&) noexcept;
  PostgresServer& operator=(PostgresServer&&) noexcept;
  ~PostgresServer();  // stops it and removes its files

  std::uint16_t port() const;
  // postgresql://app:...@127.0.0.1:port/database ; the role is a superuser of this server.
  std::string url(const std::string& database = "postgres") const;
  // A fresh empty database; answers its url.
  Result<std::string> create_database(const std::string& name) const;
  // A fresh empty schema that stands for a database (search_path in the url): ten times quicker.
  Result<std::string> create_schema(const std::string& name) const;

  // As if the machine lost the process; the data stays.
  void kill();
  // Fast shutdown: sessions are cut off, nothing is lost.
  void stop();
  // Again, on the same port and data.
  Status restart();

 private:
  struct State;
  explicit PostgresServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The url of a fresh database in `directory`: SQLite, or with UNHIDRA_TEST_DATABASE=postgres a
// schema of one PostgreSQL server, which the first call starts and the end of the process stops.
Result<std::string> fresh_database(const std::filesystem::path& directory);

}  // namespace unhidra::testkit
