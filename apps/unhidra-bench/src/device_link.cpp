#include "device_link.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace unhidra::bench {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds kPatience{60};
constexpr std::uint64_t kGreeting = 0;  // events have no number of their own

}  // namespace

// The connection owns it, and it keeps the link as long.
struct DeviceLink::Listener final : net::WebSocketListener {
  explicit Listener(std::shared_ptr<DeviceLink> owner) : link(std::move(owner)) {}
  void on_open(std::shared_ptr<net::WebSocketConnection> connection) override {
    link->connection_ = std::move(connection);
  }
  void on_message(ByteView message, net::MessageKind) override { link->hear(message); }
  void on_close(net::CloseCode code, std::string_view) override { link->closed(code); }
  std::shared_ptr<DeviceLink> link;
};

Task<Result<std::shared_ptr<DeviceLink>>> DeviceLink::open(Executor executor,
                                                           net::WebSocketClientSettings settings,
                                                           OnEvent on_event, OnClosed on_closed) {
  const std::shared_ptr<DeviceLink> link(new DeviceLink(executor));
  link->waiting_.emplace(kGreeting, std::make_shared<Waiting>(executor));
  const auto listener = std::make_shared<Listener>(link);
  UNHIDRA_CO_TRY_VOID(co_await net::connect_websocket(executor, std::move(settings), listener));
  UNHIDRA_CO_TRY(auto greeting, co_await link->wait_for(kGreeting));
  link->hello_ = std::get<wire::Hello>(std::move(greeting.body));
  link->on_event_ = std::move(on_event);
  link->on_closed_ = std::move(on_closed);
  co_return link;
}

Task<Result<wire::ServerFrame>> DeviceLink::ask_frame(std::uint32_t field, Bytes body) {
  if (connection_ == nullptr) {
    co_return fail(Errc::cancelled, "the connection has ended");
  }
  const auto number = ++last_number_;
  waiting_.emplace(number, std::make_shared<Waiting>(executor_));
  connection_->send_binary(wire::make_request(number, field, body));
  UNHIDRA_CO_TRY(auto frame, co_await wait_for(number));
  if (const auto* error = std::get_if<wire::Error>(&frame.body)) {
    co_return fail(Errc::unavailable, error->code + ": " + error->message);
  }
  co_return std::move(frame);
}

Task<Result<wire::ServerFrame>> DeviceLink::wait_for(std::uint64_t number) {
  const auto self = shared_from_this();
  const auto waiting = waiting_.at(number);
  if (!waiting->answer && connection_ != nullptr) {
    boost::system::error_code woken;
    waiting->timer.expires_after(kPatience);
    co_await waiting->timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  waiting_.erase(number);
  if (waiting->answer) {
    co_return std::move(*waiting->answer);
  }
  if (connection_ == nullptr) {
    co_return fail(Errc::cancelled, "the connection has ended");
  }
  co_return fail(Errc::timeout, "no answer within a minute");
}

void DeviceLink::hear(ByteView message) {
  // Only answers are decoded here, and the greeting: an event has no number in front.
  constexpr Byte kNumberTag = 0x08;
  const auto greeting = waiting_.find(kGreeting);
  const bool event = message.empty() || message.front() != kNumberTag;
  if (event && greeting == waiting_.end()) {
    if (on_event_) {
      on_event_(message);
    }
    return;
  }
  auto frame = wire::decode<wire::ServerFrame>(message);
  if (!frame || (event && !std::holds_alternative<wire::Hello>(frame->body))) {
    return;
  }
  const auto found = waiting_.find(frame->request_id);
  if (found != waiting_.end()) {
    found->second->answer = std::move(*frame);
    found->second->timer.cancel();
  }
}

void DeviceLink::closed(net::CloseCode code) {
  connection_.reset();
  for (const auto& [number, waiting] : waiting_) {
    waiting->timer.cancel();
  }
  if (on_closed_) {
    on_closed_(code);
  }
}

void DeviceLink::close() {
  if (connection_ != nullptr) {
    connection_->close(net::CloseCode::normal, "");
  }
}

}  // namespace unhidra::bench
