#pragma once
// A whole gateway on loopback: real listener, bus, database; a verifier that knows the tokens a
// test gives out, and a chat role that answers what the test says.

#include <condition_variable>
#include <deque>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "unhidra/access/limits.h"
#include "unhidra/crypto/random.h"
#include "unhidra/gateway/gateway_role.h"
#include "unhidra/messaging/rate_limiter.h"
#include "unhidra/net/websocket_client.h"
#include "unhidra/runtime/system_clock.h"
#include "unhidra/runtime/task_scope.h"
#include "unhidra/testkit/temp_dir.h"
#include "unhidra/wire/codec.h"
#include "unhidra/wire/frames.h"
#include "unhidra/wire/internal.h"

namespace unhidra::gateway {

inline constexpr std::uint64_t kInboxHead = 17;

// Tokens are whatever the test registers.
class KnownTokens final : public access::TokenVerifier {
 public:
  void add(const std::string& token, const access::Principal& principal);
  Task<Result<access::Principal>> verify(std::string token) override;

 private:
  std::mutex mutex_;
  std::map<std::string, access::Principal> tokens_;
};

// The client's end: collects frames and the close.
class TestClient final : public net::WebSocketListener {
 public:
  void on_open(std::shared_ptr<net::WebSocketConnection> connection) override;
  void on_message(ByteView message, net::MessageKind kind) override;
  void on_close(net::CloseCode code, std::string_view reason) override;

  // The next frame, or a failed expectation after five seconds.
  wire::ServerFrame next();
  // The next frame of another kind than Hello.
  wire::ServerFrame next_answer();
  // Waits for the end; 0 when it did not come within five seconds.
  int closed_with();
  void send(const wire::ClientFrame& frame) { connection_->send_binary(wire::encode(frame)); }
  net::WebSocketConnection& socket() { return *connection_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<wire::ServerFrame> frames_;
  int close_code_ = 0;
  std::shared_ptr<net::WebSocketConnection> connection_;
};

class GatewayTest : public testing::Test {
 protected:
  using Answer = std::function<Task<Result<Bytes>>(wire::RoutedRequest)>;

  void SetUp() override;
  void TearDown() override;
  // Restarts the gateway with other settings.
  void start(GatewaySettings settings);

  access::Principal make_principal(std::chrono::seconds lifetime = std::chrono::hours(1));
  // Registers the principal under a token and connects with it.
  std::shared_ptr<TestClient> connect(const access::Principal& principal);
  // An upgrade with these subprotocols; the error when it is refused.
  Result<std::shared_ptr<TestClient>> try_connect(std::vector<std::string> subprotocols,
                                                  net::Headers headers = {},
                                                  const std::string& target = "/v1/ws");
  void answer_chat_with(Answer answer) { answer_ = std::move(answer); }
  void publish(const std::string& subject, Bytes payload);
  void stop_gateway();
  template <class T>
  T wait(Task<T> task);

  runtime::SystemClock clock_;
  crypto::SystemRandom random_;
  runtime::Metrics metrics_;
  testkit::TempDir dir_;
  std::unique_ptr<storage::Database> database_;
  std::unique_ptr<runtime::IoThreads> io_;
  std::unique_ptr<messaging::Bus> bus_;
  std::unique_ptr<messaging::PresenceTable> presence_;
  std::unique_ptr<messaging::LocalRateLimiter> limiter_;
  access::LimitTable table_;
  std::unique_ptr<access::LimitGuard> guard_;
  std::unique_ptr<access::Handlers> handlers_;
  std::unique_ptr<access::OperationRunner> runner_;
  KnownTokens tokens_;
  std::unique_ptr<GatewayRole> gateway_;
  messaging::Subscription chat_;
  Answer answer_;
  OrgId org_;
  int next_token_ = 0;
};

template <class T>
T GatewayTest::wait(Task<T> task) {
  std::promise<T> out;
  runtime::TaskScope scope(io_->at(0), "test");
  scope.spawn("test", [](Task<T> inner, std::promise<T>& promise) -> Task<void> {
    promise.set_value(co_await std::move(inner));
  }(std::move(task), out));
  auto value = out.get_future().get();
  while (scope.active() != 0) {
    std::this_thread::yield();
  }
  return value;
}

}  // namespace unhidra::gateway
