#include "fake_house.h"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "unhidra/base/text.h"
#include "unhidra/pki/x509.h"
#include "unhidra/wire/codec.h"

namespace unhidra::cli::testing {

namespace json = boost::json;

namespace {

net::HttpResponse reply(int status, const json::object& body) {
  auto out = net::HttpResponse::text(status, json::serialize(body));
  out.headers.set("Content-Type", "application/json");
  return out;
}

net::HttpResponse refuse(int status, const char* code, const char* detail) {
  return reply(status, {{"type", "about:blank"},
                        {"title", "refused"},
                        {"status", status},
                        {"code", code},
                        {"detail", detail},
                        {"request_id", "1"}});
}

std::string text_of(const json::object& object, std::string_view name) {
  const auto* found = object.if_contains(name);
  return found == nullptr ? std::string() : std::string(found->as_string());
}

}  // namespace

struct FakeHouse::Socket final : net::WebSocketListener {
  Socket(FakeHouse& house_in, DeviceId device_in) : house(&house_in), device(device_in) {}
  void on_open(std::shared_ptr<net::WebSocketConnection> connection) override {
    const std::lock_guard lock(house->mutex_);
    house->sockets_[device] = std::move(connection);
    house->chat_.connect(device);
    house->flush();
  }
  void on_message(ByteView message, net::MessageKind) override {
    const std::lock_guard lock(house->mutex_);
    house->chat_.handle(device, message);
    house->flush();
  }
  void on_close(net::CloseCode, std::string_view) override {
    const std::lock_guard lock(house->mutex_);
    house->sockets_.erase(device);
    house->chat_.disconnect(device);
  }
  FakeHouse* house;
  DeviceId device;
};

FakeHouse::FakeHouse() : chat_(crypto::native_provider(), random_, clock_) {
  const pki::Validity validity{clock_.now() - std::chrono::hours(1),
                               clock_.now() + std::chrono::hours(24)};
  const auto authority = pki::make_authority("Test", validity, random_);
  EXPECT_TRUE(authority);
  authority_pem_ = authority->certificate_pem;
  auto issued = pki::issue_server_certificate(authority_pem_, authority->private_key_pem.expose(),
                                              {{"localhost"}, {"127.0.0.1"}}, validity, random_);
  EXPECT_TRUE(issued);
  auto tls = net::TlsServerContext::create(
      {issued->certificate_pem, std::move(issued->private_key_pem), false});
  EXPECT_TRUE(tls);
  tls_ = *tls;
  threads_ = std::make_unique<runtime::IoThreads>(1);
  server_ =
      std::make_unique<net::Server>(threads_->executors(), net::ServerSettings{}, tls_, *this);
  EXPECT_TRUE(server_->start());
}

FakeHouse::~FakeHouse() {
  server_.reset();
  threads_.reset();
}

std::string FakeHouse::url() const {
  return "https://127.0.0.1:" + std::to_string(server_->port());
}
std::string FakeHouse::fingerprint() const {
  return to_hex(tls_->fingerprint());
}
void FakeHouse::with_chat(const std::function<void(client::testing::FakeServer&)>& change) {
  const std::lock_guard lock(mutex_);
  change(chat_);
  flush();
}
void FakeHouse::set_token_lifetime(std::chrono::seconds lifetime) {
  const std::lock_guard lock(mutex_);
  lifetime_ = lifetime;
}
void FakeHouse::revoke_refresh_tokens() {
  const std::lock_guard lock(mutex_);
  refresh_.clear();
  access_.clear();
}
std::size_t FakeHouse::refreshes() const {
  const std::lock_guard lock(mutex_);
  return refreshes_;
}

void FakeHouse::flush() {
  for (auto& [device, socket] : sockets_) {
    auto& waiting = chat_.outgoing(device);
    while (!waiting.empty()) {
      socket->send_binary(wire::encode(waiting.front()));
      waiting.pop_front();
    }
  }
}

std::uint64_t FakeHouse::body_limit(const net::RequestHead&) {
  return 1 << 16;
}

Task<net::HttpResponse> FakeHouse::handle(net::HttpRequest request) {
  const std::lock_guard lock(mutex_);
  co_return answer(request);
}

FakeHouse::Session* FakeHouse::session_of(const net::Headers& headers) {
  const auto header = headers.get("Authorization");
  const auto found = access_.find(header ? std::string(header->substr(7)) : std::string());
  return found == access_.end() || found->second.expires_at < clock_.now() ? nullptr
                                                                           : &found->second;
}

net::HttpResponse FakeHouse::tokens_for(UserId user, DeviceId device, int status) {
  const auto access = to_hex(random_.array<8>());
  const auto refresh = to_hex(random_.array<8>());
  access_[access] = {user, device, clock_.now() + lifetime_};
  refresh_[refresh] = access_[access];
  return reply(status, {{"access_token", access},
                        {"token_type", "Bearer"},
                        {"expires_in", lifetime_.count()},
                        {"refresh_token", refresh},
                        {"refresh_expires_in", 1000},
                        {"user_id", user.to_string()},
                        {"must_change_password", false},
                        {"gateway_url", "wss" + url().substr(5) + "/v1/ws"}});
}

net::HttpResponse FakeHouse::answer(const net::HttpRequest& request) {
  json::object body;
  if (!request.body.empty()) {
    body = json::parse(std::string_view(as_text(request.body))).as_object();
  }
  const auto name = text_of(body, "username");
  if (request.path == "/v1/register") {
    if (accounts_.contains(name)) {
      return refuse(409, "auth.username_taken", "this user name is taken");
    }
    const auto user = chat_.add_user(name);
    accounts_[name] = {user, text_of(body, "password")};
    return tokens_for(user, {}, 201);
  }
  if (request.path == "/v1/login") {
    const auto found = accounts_.find(name);
    if (found == accounts_.end() || found->second.second != text_of(body, "password")) {
      return refuse(401, "auth.bad_credentials", "user name or password are wrong");
    }
    return tokens_for(found->second.first, {}, 200);
  }
  if (request.path == "/v1/token/refresh") {
    const auto found = refresh_.find(text_of(body, "refresh_token"));
    if (found == refresh_.end()) {
      return refuse(401, "auth.bad_refresh_token", "the refresh token is not valid");
    }
    ++refreshes_;
    const auto session = found->second;
    refresh_.erase(found);
    return tokens_for(session.user, session.device, 200);
  }
  auto* session = session_of(request.headers);
  if (session == nullptr) {
    return refuse(401, "auth.token", "the token is not valid");
  }
  if (request.path == "/v1/devices" && request.method == "POST") {
    return register_device(*session, text_of(body, "name"));
  }
  if (request.path == "/v1/devices") {
    return list_devices(*session);
  }
  if (request.method == "DELETE" && request.path.starts_with("/v1/devices/")) {
    chat_.revoke_device(*DeviceId::parse(request.path.substr(12)));
    return net::HttpResponse{204, {}, {}};
  }
  if (request.path == "/v1/logout") {
    return net::HttpResponse{204, {}, {}};
  }
  return refuse(404, "access.not_found", "no such path");
}

net::HttpResponse FakeHouse::register_device(const Session& session, const std::string& name) {
  const auto user = session.user;
  const auto device = chat_.add_device(user, name);
  for (auto& [token, refresh] : refresh_) {
    if (refresh.user == user && refresh.device.is_nil()) {
      refresh.device = device;
    }
  }
  const auto access = to_hex(random_.array<8>());
  access_[access] = {user, device, clock_.now() + lifetime_};
  return reply(201, {{"device_id", device.to_string()},
                     {"access_token", access},
                     {"token_type", "Bearer"},
                     {"expires_in", lifetime_.count()}});
}

net::HttpResponse FakeHouse::list_devices(const Session& session) {
  json::array items;
  for (const auto& [id, device] : chat_.all_devices()) {
    if (device.user == session.user) {
      json::object item{{"device_id", id.to_string()},
                        {"name", device.name},
                        {"created_at", "2026-01-01T00:00:00.000000Z"}};
      if (device.revoked) {
        item["revoked_at"] = "2026-01-01T00:00:00.000000Z";
      }
      items.push_back(std::move(item));
    }
  }
  return reply(200, {{"items", std::move(items)}});
}

Task<net::UpgradeDecision> FakeHouse::upgrade(net::RequestHead head) {
  const std::lock_guard lock(mutex_);
  for (const auto offered : head.headers.list("Sec-WebSocket-Protocol")) {
    if (!offered.starts_with("bearer.")) {
      continue;
    }
    const auto found = access_.find(std::string(offered.substr(7)));
    if (found != access_.end() && found->second.expires_at > clock_.now() &&
        !found->second.device.is_nil()) {
      net::AcceptUpgrade out;
      out.listener = std::make_shared<Socket>(*this, found->second.device);
      out.subprotocol = "unhidra.v1";
      co_return out;
    }
  }
  co_return std::unexpected(refuse(401, "gateway.token", "the token is not valid"));
}

}  // namespace unhidra::cli::testing
