#include "gateway_rig.h"

namespace unhidra::gateway {
namespace {

constexpr std::chrono::seconds kPatience{5};

// Answers nothing but 404: the gateway's REST side belongs to another room's tests.
class NoRest final : public net::HttpHandler {
 public:
  std::uint64_t body_limit(const net::RequestHead&) override { return 0; }
  Task<net::HttpResponse> handle(net::HttpRequest) override {
    co_return net::HttpResponse::text(404, "nothing here");
  }
};
NoRest no_rest;

// What every connection is greeted with.
Task<Result<Bytes>> inbox_with(std::uint64_t head) {
  co_return wire::encode(
      wire::RoutedReply{wire::response_field<wire::Inbox>(), wire::encode(wire::Inbox{{}, head})});
}

}  // namespace

void KnownTokens::add(const std::string& token, const access::Principal& principal) {
  const std::lock_guard lock(mutex_);
  tokens_.insert_or_assign(token, principal);
}

Task<Result<access::Principal>> KnownTokens::verify(std::string token) {
  const std::lock_guard lock(mutex_);
  const auto found = tokens_.find(token);
  if (found == tokens_.end()) {
    co_return fail(Error(ErrorCode{"test.bad_token", ErrorKind::unauthenticated}, "unknown token"));
  }
  co_return found->second;
}

void TestClient::on_open(std::shared_ptr<net::WebSocketConnection> connection) {
  const std::lock_guard lock(mutex_);
  connection_ = std::move(connection);
}

void TestClient::on_message(ByteView message, net::MessageKind) {
  auto frame = wire::decode<wire::ServerFrame>(message);
  ASSERT_TRUE(frame) << frame.error().message();
  const std::lock_guard lock(mutex_);
  frames_.push_back(std::move(*frame));
  changed_.notify_all();
}

void TestClient::on_close(net::CloseCode code, std::string_view) {
  const std::lock_guard lock(mutex_);
  close_code_ = static_cast<int>(code);
  changed_.notify_all();
}

wire::ServerFrame TestClient::next() {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, kPatience, [&] { return !frames_.empty(); })) {
    ADD_FAILURE() << "no frame came";
    return {};
  }
  auto frame = std::move(frames_.front());
  frames_.pop_front();
  return frame;
}

wire::ServerFrame TestClient::next_answer() {
  auto frame = next();
  return std::holds_alternative<wire::Hello>(frame.body) ? next() : frame;
}

int TestClient::closed_with() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kPatience, [&] { return close_code_ != 0; });
  return close_code_;
}

void GatewayTest::SetUp() {
  auto database = storage::Database::open({.url = "sqlite:" + (dir_ / "gateway.db").string()});
  ASSERT_TRUE(database) << database.error().message();
  database_ = std::move(*database);
  org_ = OrgId::make(clock_, random_);
  ASSERT_TRUE(database_->write_sync([&](storage::Transaction& tx) {
    return tx.execute(
        "INSERT INTO organizations (org_id, name, created_at) VALUES ($1, 'test', $2)", org_,
        clock_.now());
  }));
  io_ = std::make_unique<runtime::IoThreads>(2);
  bus_ = messaging::make_in_process_bus(io_->at(0));
  presence_ = std::make_unique<messaging::PresenceTable>(messaging::PresenceOptions{}, clock_);
  limiter_ = std::make_unique<messaging::LocalRateLimiter>(clock_);
  table_.set(access::LimitClass::connections, {});
  guard_ = std::make_unique<access::LimitGuard>(*limiter_, table_);
  auto chat =
      bus_->serve("chat.request", "chat", io_->at(1), [this](Bytes bytes) -> Task<Result<Bytes>> {
        auto request = wire::decode<wire::RoutedRequest>(bytes);
        if (request->operation == wire::request_field<wire::FetchInbox>()) {
          return inbox_with(kInboxHead);
        }
        return answer_(std::move(*request));
      });
  ASSERT_TRUE(chat) << chat.error().message();
  chat_ = std::move(*chat);
  start({});
}

void GatewayTest::stop_gateway() {
  wait([](GatewayRole& gateway) -> Task<bool> {
    co_await gateway.stop();
    co_return true;
  }(*gateway_));
  gateway_.reset();
}

void GatewayTest::start(GatewaySettings settings) {
  if (gateway_ != nullptr) {
    stop_gateway();
  }
  handlers_ = std::make_unique<access::Handlers>();
  runner_ = std::make_unique<access::OperationRunner>(*database_, *guard_, *handlers_, clock_,
                                                      random_, metrics_);
  settings.server.port = 0;
  settings.drain_grace = std::chrono::milliseconds(500);
  gateway_ = std::make_unique<GatewayRole>(
      GatewayDependencies{*io_, *bus_, *presence_, *handlers_, *runner_, tokens_, metrics_, clock_,
                          random_},
      std::move(settings));
  const auto started = gateway_->start(nullptr, no_rest);
  ASSERT_TRUE(started) << started.error().message();
}

void GatewayTest::TearDown() {
  stop_gateway();
  chat_.reset();
  io_->stop();
  bus_.reset();
  database_.reset();
}

access::Principal GatewayTest::make_principal(std::chrono::seconds lifetime) {
  return access::make_user_principal(
      org_, UserId::make(clock_, random_), DeviceId::make(clock_, random_),
      SessionId::make(clock_, random_), access::RoleSet{access::Role::member},
      clock_.now() + lifetime);
}

std::shared_ptr<TestClient> GatewayTest::connect(const access::Principal& principal) {
  const auto token = "token" + std::to_string(++next_token_);
  tokens_.add(token, principal);
  auto client = try_connect({"unhidra.v1", "bearer." + token});
  EXPECT_TRUE(client) << client.error().message();
  return client ? *client : nullptr;
}

Result<std::shared_ptr<TestClient>> GatewayTest::try_connect(std::vector<std::string> subprotocols,
                                                             net::Headers headers,
                                                             const std::string& target) {
  net::WebSocketClientSettings settings;
  settings.host = "127.0.0.1";
  settings.port = gateway_->port();
  settings.target = target;
  settings.subprotocols = std::move(subprotocols);
  settings.headers = std::move(headers);
  auto client = std::make_shared<TestClient>();
  auto connected = wait(net::connect_websocket(io_->at(1), std::move(settings), client));
  if (!connected) {
    return fail(connected.error());
  }
  return client;
}

void GatewayTest::publish(const std::string& subject, Bytes payload) {
  const auto status = bus_->publish(subject, std::move(payload));
  EXPECT_TRUE(status) << status.error().message();
}

}  // namespace unhidra::gateway
