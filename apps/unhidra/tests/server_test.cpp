// The real binary: start, lock, ports, health, admin commands beside it, orderly end.

#include <csignal>
#include <filesystem>
#include <optional>
#include <thread>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "unhidra/net/http_client.h"
#include "unhidra/testkit/process.h"
#include "unhidra/testkit/temp_dir.h"

namespace unhidra::server {
namespace {

using namespace std::chrono_literals;
using testkit::Process;

constexpr auto kPatience = 30s;

Process::Finished run(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), UNHIDRA_BINARY);
  auto finished = Process::run({.arguments = std::move(arguments), .separate_stderr = true});
  EXPECT_TRUE(finished);
  return finished ? *finished : Process::Finished{.status = -1};
}

// A running server with its data in a directory of its own.
class Server {
 public:
  explicit Server(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{UNHIDRA_BINARY, "serve",
                                       "--data-dir",   data(),
                                       "--set",        "gateway.listen=127.0.0.1:0",
                                       "--set",        "automation.mqtt_listen=127.0.0.1:0",
                                       "--set",        "automation.mqtts_listen=127.0.0.1:0"};
    if (more.empty()) {
      more = {"--set", "auth.listen=127.0.0.1:0", "--set", "automation.listen=127.0.0.1:0",
              "--set", "auth.open_sign_up=true"};
    }
    arguments.insert(arguments.end(), more.begin(), more.end());
    auto started = Process::start({.arguments = arguments, .separate_stderr = true});
    process_.emplace(std::move(*started));
    ready = process_->wait_for_line("Ready", kPatience).has_value();
    EXPECT_TRUE(ready) << process_->output() << process_->error_output();
  }

  std::string data() const { return (directory_.path() / "data").string(); }
  std::string output() const { return process_->output(); }
  std::string errors() const { return process_->error_output(); }
  // What follows the label in the summary.
  std::string shown(std::string_view label) const {
    const auto text = output();
    const auto at = text.find(label);
    if (at == std::string::npos) {
      return {};
    }
    const auto begin = text.find_first_not_of(' ', at + label.size());
    return text.substr(begin, text.find_first_of(" \n", begin) - begin);
  }
  Result<net::HttpResponse> get(const std::string& path) const {
    net::HttpClient client({.tls = {.ca_file = data() + "/ca.pem"}});
    return client.fetch_sync({.url = shown("  Auth ") + path});
  }
  Result<net::HttpResponse> post(const std::string& path, std::string_view body) const {
    net::HttpClient client({.tls = {.ca_file = data() + "/ca.pem"}});
    return client.fetch_sync({.method = "POST",
                              .url = shown("  Auth ") + path,
                              .headers = {{"Content-Type", "application/json"}},
                              .body = to_bytes(body)});
  }
  Process::Finished admin(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "admin");
    arguments.insert(arguments.end(), {"--data-dir", data()});
    return run(std::move(arguments));
  }
  void hang_up() { process_->signal(SIGHUP); }
  std::optional<int> stop() {
    process_->signal(SIGTERM);
    return process_->wait(kPatience);
  }

  bool ready = false;

 private:
  testkit::TempDir directory_;
  std::optional<Process> process_;
};

unsigned mode_of(const std::filesystem::path& path) {
  struct stat status{};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 0777U;
}

TEST(Serve, FirstStartMakesWhatItNeedsAndSaysWhereItIs) {
  Server server;
  ASSERT_TRUE(server.ready);
  EXPECT_TRUE(server.shown("  Auth ").starts_with("https://127.0.0.1:"));
  EXPECT_TRUE(server.shown("  Gateway ").starts_with("wss://127.0.0.1:"));
  EXPECT_TRUE(server.shown("  Gateway ").ends_with("/v1/ws"));
  EXPECT_EQ(server.shown("SHA-256").size(), 32U * 3 - 1);
  EXPECT_NE(server.output().find("uhs_"), std::string::npos);
  EXPECT_EQ(server.errors().find("uhs_"), std::string::npos);  // never in the log
  const std::filesystem::path data = server.data();
  EXPECT_EQ(mode_of(data), 0700U);
  EXPECT_EQ(mode_of(data / "master.key"), 0600U);
  EXPECT_EQ(mode_of(data / "ca.key"), 0600U);
  EXPECT_EQ(mode_of(data / "server.key"), 0600U);
  EXPECT_EQ(mode_of(data / "ca.pem"), 0644U);
  for (const auto* path : {"/health", "/ready", "/metrics", "/openapi.yaml"}) {
    const auto answer = server.get(path);
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->status, 200) << path;
  }
  EXPECT_EQ(server.stop(), 0);
}

// Dashboards rest on these names.
TEST(Serve, ExposesTheMetricsThatDashboardsRestOn) {
  Server server;
  const auto answer = server.get("/metrics");
  ASSERT_TRUE(answer) << answer.error().message();
  const std::string text(as_text(answer->body));
  for (const auto* name :
       {"gateway_connections_total", "gateway_connections_active", "gateway_messages_total",
        "gateway_message_latency_seconds", "gateway_rate_limit_hits_total",
        "gateway_slow_readers_total", "operations_total", "worker_pool_queued",
        "storage_batch_size", "storage_commit_seconds", "storage_read_seconds", "storage_healthy",
        "storage_write_queue", "storage_writes_total", "bus_requests_total", "bus_lost_total",
        "rate_limit_keys"}) {
    EXPECT_NE(text.find("# TYPE " + std::string(name) + " "), std::string::npos) << name;
  }
  EXPECT_EQ(server.stop(), 0);
}

TEST(Serve, TwoServersDoNotShareADirectory) {
  Server server;
  const auto second = run({"serve", "--data-dir", server.data()});
  EXPECT_EQ(second.status, 1);
  EXPECT_NE(second.error_output.find("another server"), std::string::npos);
  EXPECT_EQ(server.stop(), 0);
}

TEST(Serve, TakesTheNextFreePortOnlyWhenTold) {
  Server first;
  const auto url = first.shown("  Auth ");
  const auto port = url.substr(url.rfind(':') + 1);
  const auto listen = "auth.listen=127.0.0.1:" + port;
  testkit::TempDir other;
  const auto refused = run({"serve", "--data-dir", (other / "data").string(), "--set", listen,
                            "--set", "gateway.listen=127.0.0.1:0"});
  EXPECT_EQ(refused.status, 1);
  EXPECT_NE(refused.error_output.find(port), std::string::npos) << refused.error_output;
  Server moved({"--set", listen, "--next-free-port"});
  EXPECT_NE(moved.output().find("is taken: using"), std::string::npos);
  EXPECT_NE(moved.shown("  Auth "), url);
  EXPECT_EQ(moved.stop(), 0);
}

TEST(Serve, MakesItsCertificateAnewOnHangUpAndKeepsItsAuthority) {
  Server server;
  const auto certificate = std::filesystem::path(server.data()) / "server.pem";
  std::filesystem::remove(certificate);
  server.hang_up();
  for (int i = 0; i < 200 && !std::filesystem::exists(certificate); ++i) {
    std::this_thread::sleep_for(50ms);
  }
  EXPECT_TRUE(std::filesystem::exists(certificate));
  const auto answer = server.get("/health");  // under the same ca.pem
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(server.stop(), 0);
}

TEST(Admin, WorksBesideTheServer) {
  Server server;
  const auto registered = server.post(
      "/v1/register", R"({"username":"alice","password":"correct horse battery staple"})");
  ASSERT_TRUE(registered) << registered.error().message();
  ASSERT_EQ(registered->status, 201);
  const auto made = server.admin({"create-user", "bob", "--role", "org_admin", "--json"});
  EXPECT_EQ(made.status, 0) << made.error_output;
  EXPECT_NE(made.output.find("one_time_password"), std::string::npos);
  const auto sessions = server.admin({"sessions", "list", "--user", "alice"});
  EXPECT_NE(sessions.output.find("alice"), std::string::npos);
  EXPECT_EQ(server.admin({"keys", "rotate"}).status, 0);
  EXPECT_EQ(server.admin({"messages", "--limit", "3"}).status, 0);
  const auto verified = server.admin({"audit", "verify"});
  EXPECT_EQ(verified.status, 0) << verified.output;
  EXPECT_NE(verified.output.find("as it was written"), std::string::npos);
  EXPECT_EQ(server.admin({"reset-password", "nobody"}).status, 1);
  EXPECT_EQ(server.admin({"sessions", "revoke", "nonsense"}).status, 1);
  EXPECT_EQ(server.stop(), 0);
}

TEST(Admin, NeedsTheDirectoryOfAServer) {
  testkit::TempDir empty;
  const auto refused = run({"admin", "keys", "list", "--data-dir", empty.path().string()});
  EXPECT_EQ(refused.status, 1);
  EXPECT_NE(refused.error_output.find("no data directory"), std::string::npos);
}

TEST(Config, IsCheckedAndPrintedWithSecretsMasked) {
  const auto wrong = run({"config", "check", "--set", "auth.open_signup=true"});
  EXPECT_EQ(wrong.status, 1);
  EXPECT_NE(wrong.error_output.find("auth.open_sign_up"), std::string::npos);
  const auto printed = run({"config", "print", "--set", "metrics.token=very-secret-token"});
  EXPECT_EQ(printed.status, 0);
  EXPECT_EQ(printed.output.find("very-secret-token"), std::string::npos);
  EXPECT_NE(run({"serve", "--roles", "gatway"}).error_output.find("gateway"), std::string::npos);
  EXPECT_EQ(run({"serve", "--no-such-flag"}).status, 2);
}

}  // namespace
}  // namespace unhidra::server
