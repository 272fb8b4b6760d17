#include "client_connection.h"

#include <limits>

#include "unhidra/access/operation.h"
#include "unhidra/access/problem.h"
#include "unhidra/gateway/errc.h"
#include "unhidra/runtime/log.h"
#include "unhidra/wire/codec.h"
#include "unhidra/wire/errc.h"
#include "unhidra/wire/frames.h"
#include "unhidra/wire/internal.h"

namespace unhidra::gateway {
namespace {

template <class Event>
Bytes event_frame(const Event& event) {
  return wire::make_response(0, wire::response_field<Event>(), wire::encode(event));
}

wire::PresenceChange to_wire(const messaging::PresenceChange& change) {
  return {change.user, static_cast<wire::PresenceState>(change.state), change.since};
}

}  // namespace

ClientConnection::ClientConnection(GatewayCore& core, access::Principal principal,
                                   access::Peer peer, SteadyTime proved_at)
    : core_(core),
      id_(ConnectionId::make(core.deps.clock, core.deps.random)),
      principal_(std::move(principal)),
      peer_(std::move(peer)),
      proved_at_(proved_at),
      connected_at_(core.deps.clock.now()),
      expires_at_(to_unix_micros(principal_.expires_at)) {}

void ClientConnection::on_open(std::shared_ptr<net::WebSocketConnection> socket) {
  socket_ = std::move(socket);
  core_.metrics.connections_total.add();
  core_.metrics.connections_active.add();
  core_.table.insert(id_, weak_from_this());
  if (const auto revoked = core_.revocations.covering(principal_, proved_at_)) {
    close(*revoked);
    return;
  }
  if (core_.draining) {
    close(net::CloseCode::service_restart, "restarting");
    return;
  }
  if (subscribe()) {
    core_.scope.spawn_on(socket_->executor(), "greeting", greet());
  }
}

// Events of the device, from whichever role and process.
bool ClientConnection::subscribe() {
  auto subscription = core_.device_events.listen(
      *principal_.device_id, socket_->executor(),
      [this](const messaging::Message& message) { hear(message); },
      {.max_pending = 4096, .on_lagged = [this](std::uint64_t) {
         close(net::CloseCode::try_again_later,
               "behind: reconnect and fetch the inbox after your cursor");
       }});
  if (!subscription) {
    log::error("gateway.subscribe_failed", {{"error", subscription.error()}});
    close(net::CloseCode::try_again_later, "unavailable");
    return false;
  }
  events_ = std::move(*subscription);
  return true;
}

// Hello is the first event and tells how far the inbox reaches. Events are heard before that is
// asked, and held until it is told, so that none falls between.
Task<Status> ClientConnection::greet() {
  const auto self = shared_from_this();
  UNHIDRA_CO_TRY(const auto head, co_await inbox_head());
  const auto external_sender = co_await external_sender_key(core_);
  send(event_frame(
      wire::Hello{.user_id = principal_.user_id,
                  .device_id = *principal_.device_id,
                  .connection_id = id_,
                  .server_time = core_.deps.clock.now(),
                  .token_expires_at = principal_.expires_at,
                  .inbox_head = head,
                  .max_frame_size = static_cast<std::uint32_t>(core_.settings.max_frame_bytes),
                  .external_sender_key = external_sender}));
  greeted_ = true;
  for (auto& frame : std::exchange(held_, {})) {
    send(std::move(frame));
  }
  co_return Status();
}

Task<Result<std::uint64_t>> ClientConnection::inbox_head() {
  static const auto& operation = *access::find_operation("inbox.fetch");
  const wire::FetchInbox beyond_the_end{.after = std::numeric_limits<std::int64_t>::max(),
                                        .limit = 1};
  auto reply = co_await forward(operation, wire::encode(beyond_the_end));
  if (!reply) {
    close(access::close_code(reply.error()), "the inbox is not to be had: come back later");
    co_return fail(std::move(reply).error());
  }
  UNHIDRA_CO_TRY(const auto inbox, wire::decode<wire::Inbox>(reply->body));
  co_return inbox.head;
}

void ClientConnection::hear(const messaging::Message& message) {
  auto frame = to_bytes(message.payload.view());
  if (greeted_) {
    send(std::move(frame));
  } else {
    held_.push_back(std::move(frame));
  }
}

void ClientConnection::on_message(ByteView message, net::MessageKind kind) {
  messages_in_.fetch_add(1, std::memory_order_relaxed);
  core_.metrics.messages_in.add();
  if (kind != net::MessageKind::binary) {
    close(net::CloseCode::unsupported_data, "frames are binary");
    return;
  }
  const auto request = wire::peek_request(message, {.max_size = core_.settings.max_frame_bytes});
  if (!request) {
    refuse_frame(message, request.error());
    return;
  }
  if (in_flight_ >= core_.settings.max_in_flight) {
    core_.metrics.rate_limit_hits.at({"in_flight"}).add();
    send_error(request->request_id, Error(Errc::too_many_in_flight, "too many requests under way")
                                        .with_retry_after(std::chrono::milliseconds(200)));
    return;
  }
  ++in_flight_;
  const bool started =
      core_.scope.spawn_on(socket_->executor(), "request",
                           serve(request->request_id, request->field, to_bytes(request->body)));
  if (!started) {
    --in_flight_;
  }
}

// A request of a newer release looks like a frame without a body: it gets an answer, and the
// connection lives.
void ClientConnection::refuse_frame(ByteView message, const Error& why) {
  if (why == wire::Errc::no_body) {
    const auto frame =
        wire::decode<wire::ClientFrame>(message, {.max_size = core_.settings.max_frame_bytes});
    if (frame && frame->request_id != 0) {
      send_error(frame->request_id,
                 Error(Errc::unknown_request, "this server does not know the request"));
      return;
    }
  }
  close(net::CloseCode::invalid_payload, "not a ClientFrame");
}

Task<void> ClientConnection::serve(std::uint64_t request_id, std::uint32_t field, Bytes body) {
  const auto self = shared_from_this();
  const auto started = core_.deps.clock.steady_now();
  const auto* operation = access::find_frame(field);
  Result<access::Reply> reply =
      fail(Errc::unknown_request, "this server does not know the request");
  if (operation != nullptr) {
    reply = co_await perform(*operation, std::move(body));
  }
  --in_flight_;
  if (reply) {
    send(wire::make_response(request_id, reply->field, reply->body));
  } else {
    if (reply.error().kind() == ErrorKind::rate_limited) {
      core_.metrics.rate_limit_hits
          .at({operation == nullptr ? "request" : to_string(operation->limit)})
          .add();
    }
    send_error(request_id, reply.error());
  }
  core_.metrics.message_latency.observe(core_.deps.clock.steady_now() - started);
}

Task<Result<access::Reply>> ClientConnection::perform(const access::Operation& operation,
                                                      Bytes body) {
  if (operation.serving != access::Serving::gateway) {
    co_return co_await forward(operation, std::move(body));
  }
  access::OperationRequest request;
  request.principal = principal_;
  request.peer = peer_;
  request.request_id = uuid_to_string(make_uuid_v7(core_.deps.clock.now(), core_.deps.random));
  request.body = std::move(body);
  request.connection_id = id_;
  co_return co_await core_.deps.runner.run(operation, std::move(request));
}

Task<Result<access::Reply>> ClientConnection::forward(const access::Operation& operation,
                                                      Bytes body) {
  if (body.size() > operation.body_limit) {
    co_return fail(access::Errc::body_too_large,
                   "this request has at most " + std::to_string(operation.body_limit) + " bytes");
  }
  wire::RoutedRequest routed{
      .principal = access::to_wire(principal_),
      .operation = operation.frame,
      .body = std::move(body),
      .peer_address = peer_.ip,
      .user_agent = peer_.user_agent,
      .request_id = uuid_to_string(make_uuid_v7(core_.deps.clock.now(), core_.deps.random)),
      .connection_id = id_,
      .from_loopback = peer_.loopback};
  std::string subject = std::string(access::to_string(operation.serving)) + ".request";
  UNHIDRA_CO_TRY(const auto bytes,
                 co_await core_.deps.bus.request(std::move(subject), wire::encode(routed),
                                                 core_.settings.request_timeout));
  UNHIDRA_CO_TRY(auto reply, wire::decode<wire::RoutedReply>(bytes));
  co_return access::Reply{.field = reply.field, .body = std::move(reply.body)};
}

void ClientConnection::on_close(net::CloseCode, std::string_view) {
  closing_ = true;
  core_.table.erase(id_);
  core_.metrics.connections_active.sub();
  events_.reset();
  watch_.reset();
  if (!is_shown()) {
    return;
  }
  core_.scope.spawn(
      "presence",
      [](messaging::Presence& presence, messaging::PresenceLease lease) -> Task<Status> {
        co_return co_await presence.remove(lease);
      }(core_.deps.presence, lease()));
}

// Drops the message that does not fit (it is in the inbox) and sends the slow reader away.
bool ClientConnection::on_overflow() {
  if (!closing_) {
    core_.metrics.slow_readers.add();
    close(net::CloseCode::try_again_later,
          "too slow: reconnect and fetch the inbox after your cursor");
  }
  return true;
}

void ClientConnection::close(net::CloseCode code, std::string reason) {
  if (socket_ != nullptr) {
    closing_ = true;
    socket_->close(code, std::move(reason));
  }
}

void ClientConnection::close(const access::Revocation& why) {
  if (why.stays()) {
    close(kRevoked, "revoked");
  } else {
    close(net::CloseCode::service_restart, "roles have changed: come back with those of now");
  }
}

void ClientConnection::tell_closing(std::string_view code,
                                    std::chrono::milliseconds reconnect_after) {
  send(event_frame(
      wire::Closing{std::string(code), static_cast<std::uint32_t>(reconnect_after.count())}));
}

void ClientConnection::send(Bytes frame) {
  if (socket_ != nullptr) {
    messages_out_.fetch_add(1, std::memory_order_relaxed);
    core_.metrics.messages_out.add();
    socket_->send_binary(std::move(frame));
  }
}

void ClientConnection::send_error(std::uint64_t request_id, const Error& error) {
  const auto body = access::to_wire(error);
  send(wire::make_response(request_id, wire::response_field<wire::Error>(), wire::encode(body)));
}

ConnectionInfo ClientConnection::info() const {
  return {.connection_id = id_,
          .org_id = principal_.org_id,
          .user_id = principal_.user_id,
          .device_id = principal_.device_id.value_or(DeviceId()),
          .session_id = principal_.session_id,
          .ip = peer_.ip,
          .user_agent = peer_.user_agent,
          .connected_at = connected_at_,
          .messages_in = messages_in_.load(std::memory_order_relaxed),
          .messages_out = messages_out_.load(std::memory_order_relaxed)};
}

messaging::PresenceLease ClientConnection::lease() const {
  return {principal_.user_id, principal_.device_id.value_or(DeviceId()), id_};
}

Task<Result<wire::Authenticated>> ClientConnection::authenticate(std::string access_token) {
  UNHIDRA_CO_TRY(auto fresh, co_await core_.deps.verifier.verify(std::move(access_token)));
  if (fresh.session_id != principal_.session_id || fresh.device_id != principal_.device_id) {
    co_return fail(Errc::foreign_token, "this token belongs to another session");
  }
  // Ids stay what they were, so only what a token can renew is taken over.
  principal_.roles = fresh.roles;
  principal_.permissions = fresh.permissions;
  principal_.expires_at = fresh.expires_at;
  expires_at_.store(to_unix_micros(fresh.expires_at), std::memory_order_relaxed);
  co_return wire::Authenticated{fresh.expires_at};
}

// Nothing is told of a person before the client says so: the lease begins here, and offline gives
// it back while the connection stays.
Task<Result<void>> ClientConnection::set_presence(wire::PresenceState state) {
  switch (state) {
    case wire::PresenceState::offline:
      shown_.store(false, std::memory_order_relaxed);
      co_return co_await core_.deps.presence.remove(lease());
    case wire::PresenceState::online:
    case wire::PresenceState::away:
      break;
    default:
      co_return fail(Errc::bad_frame, "a connection is online, away or offline");
  }
  if (closing_) {
    co_return fail(Errc::gone, "the connection is closed");
  }
  shown_.store(true, std::memory_order_relaxed);
  auto set =
      co_await core_.deps.presence.set(lease(), static_cast<messaging::PresenceState>(state));
  // Closed meanwhile: its lease is given back already, and must not begin again.
  if (closing_) {
    co_return co_await core_.deps.presence.remove(lease());
  }
  co_return set;
}

Task<Result<wire::PresenceSnapshot>> ClientConnection::watch_presence(std::vector<UserId> users) {
  if (watch_ == nullptr) {
    watch_ = core_.deps.presence.watch(
        socket_->executor(), [this](const std::vector<messaging::PresenceChange>& changes) {
          for (const auto& change : changes) {
            send(event_frame(to_wire(change)));
          }
        });
  }
  const auto watch = watch_;  // on_close lets go of its own
  UNHIDRA_CO_TRY(const auto present, co_await watch->replace(std::move(users)));
  wire::PresenceSnapshot out;
  for (const auto& change : present) {
    out.users.push_back(to_wire(change));
  }
  co_return out;
}

}  // namespace unhidra::gateway
