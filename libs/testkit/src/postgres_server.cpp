#include "unhidra/testkit/postgres_server.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <sys/stat.h>

#include "unhidra/testkit/process.h"
#include "unhidra/testkit/temp_dir.h"

namespace unhidra::testkit {
namespace {

constexpr auto kPatience = std::chrono::seconds(60);
constexpr const char* kUser = "postgres";
constexpr const char* kPassword = "only-for-tests";

std::filesystem::path find_bindir() {
  for (const char* folder : {"/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/16/bin",
                             "/usr/lib/postgresql/17/bin", "/usr/local/pgsql/bin"}) {
    if (std::filesystem::exists(std::filesystem::path(folder) / "initdb")) {
      return folder;
    }
  }
  return {};
}

// PostgreSQL refuses to run as root.
std::string server_user() {
  return ::geteuid() == 0 ? kUser : "";
}

Status run_as_server(std::vector<std::string> arguments) {
  ProcessOptions options;
  const auto name = arguments.front();
  options.arguments = std::move(arguments);
  options.environment = {{"PGPASSWORD", kPassword}, {"LC_ALL", "C.UTF-8"}};
  options.working_directory = "/";
  options.user = server_user();
  UNHIDRA_TRY(const auto done, Process::run(std::move(options), kPatience));
  if (done.status != 0) {
    return fail(Errc::unavailable, name + " failed: " + done.output);
  }
  return {};
}

}  // namespace

struct PostgresServer::State {
  TempDir dir;
  std::filesystem::path bin;
  PostgresOptions options;
  std::uint16_t port = 0;
  std::optional<Process> server;

  std::filesystem::path data() const { return dir / "data"; }

  Status initialise() {
    // The server's user must reach its folder and read the password file.
    const auto password_file = dir / "password";
    std::ofstream(password_file) << kPassword << '\n';
    if (::geteuid() == 0) {
      const passwd* user = ::getpwnam(kUser);
      if (::chown(dir.path().c_str(), user->pw_uid, user->pw_gid) != 0 ||
          ::chown(password_file.c_str(), user->pw_uid, user->pw_gid) != 0) {
        return fail(Errc::internal, "cannot hand the folder to the server's user");
      }
    }
    UNHIDRA_TRY_VOID(run_as_server(
        {(bin / "initdb").string(), "-D", data().string(), "-A", "scram-sha-256", "-U", "app",
         "--pwfile=" + password_file.string(), "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"}));
    std::ofstream conf(data() / "postgresql.conf", std::ios::app);
    conf << "listen_addresses = '127.0.0.1'\n"
         << "unix_socket_directories = ''\n"
         << "max_connections = 100\n"
         << "autovacuum = off\n"
         << "shared_buffers = 64MB\n"
         << "fsync = " << (options.fsync ? "on" : "off") << "\n"
         << "full_page_writes = " << (options.fsync ? "on" : "off") << "\n"
         << "default_transaction_isolation = '" << options.default_isolation << "'\n";
    return conf.good() ? Status{} : Status(fail(Errc::internal, "cannot write postgresql.conf"));
  }

  Status launch() {
    ProcessOptions child;
    child.arguments = {(bin / "postgres").string(), "-D", data().string(), "-p",
                       std::to_string(port)};
    child.working_directory = "/";
    child.user = server_user();
    UNHIDRA_TRY(auto process, Process::start(std::move(child)));
    server.emplace(std::move(process));
    if (!server->wait_for_line("database system is ready to accept connections", kPatience)) {
      return fail(Errc::unavailable, "PostgreSQL did not start: " + server->output());
    }
    return {};
  }

  void shut_down(int signal) {
    if (!server) {
      return;
    }
    server->signal(signal);
    if (!server->wait(kPatience)) {
      server->kill();
    }
    server.reset();
  }

  ~State() { shut_down(SIGQUIT); }
};

PostgresServer::PostgresServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
PostgresServer::PostgresServer(PostgresServer&&) noexcept = default;
PostgresServer& PostgresServer::operator=(PostgresServer&&) noexcept = default;
PostgresServer::~PostgresServer() = default;

std::string PostgresServer::missing() {
  if (find_bindir().empty()) {
    return "PostgreSQL is not installed (Debian package postgresql-15)";
  }
  if (::geteuid() == 0 && ::getpwnam(kUser) == nullptr) {
    return "running as root, and there is no user 'postgres' to run the server as";
  }
  return {};
}

Result<PostgresServer> PostgresServer::start(PostgresOptions options) {
  if (auto reason = missing(); !reason.empty()) {
    return fail(Errc::unavailable, std::move(reason));
  }
  auto state = std::make_unique<State>();
  state->bin = find_bindir();
  state->options = std::move(options);
  state->port = free_port();
  UNHIDRA_TRY_VOID(state->initialise());
  UNHIDRA_TRY_VOID(state->launch());
  return PostgresServer(std::move(state));
}

std::uint16_t PostgresServer::port() const {
  return state_->port;
}

std::string PostgresServer::url(const std::string& database) const {
  return std::string("postgresql://app:") + kPassword +
         "@127.0.0.1:" + std::to_string(state_->port) + "/" + database;
}

Result<std::string> PostgresServer::create_database(const std::string& name) const {
  UNHIDRA_TRY_VOID(run_as_server({(state_->bin / "psql").string(), "-d", url(), "-q", "-c",
                                  "CREATE DATABASE \"" + name + "\""}));
  return url(name);
}

Result<std::string> PostgresServer::create_schema(const std::string& name) const {
  UNHIDRA_TRY_VOID(run_as_server({(state_->bin / "psql").string(), "-d", url(), "-q", "-c",
                                  "CREATE SCHEMA \"" + name + "\""}));
  return url() + "?options=-csearch_path%3D" + name;
}

void PostgresServer::kill() {
  if (state_->server) {
    state_->server->kill();
    state_->server.reset();
  }
}

void PostgresServer::stop() {
  state_->shut_down(SIGINT);
}

Status PostgresServer::restart() {
  stop();
  return state_->launch();
}

Result<std::string> fresh_database(const std::filesystem::path& directory) {
  const auto* wanted = std::getenv("UNHIDRA_TEST_DATABASE");
  if (wanted == nullptr || std::string_view(wanted) != "postgres") {
    return "sqlite:" + (directory / "unhidra.db").string();
  }
  static const auto server = PostgresServer::start();
  static int number = 0;
  if (!server) {
    return fail(Error(server.error()));
  }
  return server->create_schema("fresh_" + std::to_string(++number));
}

}  // namespace unhidra::testkit
