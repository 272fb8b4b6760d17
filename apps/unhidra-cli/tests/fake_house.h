#pragma once
// A whole server in this process, for the real client: REST and gateway on one TLS port, the chat
// behind it in memory.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "unhidra/net/server.h"
#include "unhidra/net/websocket.h"
#include "unhidra/runtime/io_threads.h"
#include "unhidra/runtime/system_clock.h"
#include "unhidra/testkit/seeded_random.h"

#include "fake_server.h"

namespace unhidra::cli::testing {

class FakeHouse final : public net::HttpHandler {
 public:
  FakeHouse();
  ~FakeHouse() override;

  std::string url() const;
  const std::string& authority_pem() const { return authority_pem_; }
  std::string fingerprint() const;
  // Runs `change` while no request is served.
  void with_chat(const std::function<void(client::testing::FakeServer&)>& change);
  // Access tokens made from now on are valid for so long.
  void set_token_lifetime(std::chrono::seconds lifetime);
  void revoke_refresh_tokens();
  std::size_t refreshes() const;

  std::uint64_t body_limit(const net::RequestHead& head) override;
  Task<net::HttpResponse> handle(net::HttpRequest request) override;
  Task<net::UpgradeDecision> upgrade(net::RequestHead head) override;

 private:
  struct Socket;
  struct Session {
    UserId user;
    DeviceId device;
    Timestamp expires_at;
  };
  net::HttpResponse answer(const net::HttpRequest& request);
  net::HttpResponse tokens_for(UserId user, DeviceId device, int status);
  net::HttpResponse register_device(const Session& session, const std::string& name);
  net::HttpResponse list_devices(const Session& session);
  Session* session_of(const net::Headers& headers);
  void flush();

  mutable std::mutex mutex_;
  testkit::SeededRandom random_{99};
  runtime::SystemClock clock_;
  client::testing::FakeServer chat_;
  std::map<std::string, std::pair<UserId, std::string>> accounts_;  // name -> id, password
  std::map<std::string, Session> access_;
  std::map<std::string, Session> refresh_;
  std::map<DeviceId, std::shared_ptr<net::WebSocketConnection>> sockets_;
  std::chrono::seconds lifetime_{900};
  std::size_t refreshes_ = 0;
  std::string authority_pem_;
  std::shared_ptr<net::TlsServerContext> tls_;
  std::unique_ptr<runtime::IoThreads> threads_;
  std::unique_ptr<net::Server> server_;
};

}  // namespace unhidra::cli::testing
