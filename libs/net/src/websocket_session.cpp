#include "websocket_session.h"

#include <algorithm>

namespace unhidra::net {

using std::chrono::milliseconds;

WebSocketSession::WebSocketSession(Connection& connection, WebSocketRole role,
                                   std::shared_ptr<const WebSocketSettings> settings,
                                   std::shared_ptr<WebSocketListener> listener,
                                   std::string subprotocol)
    : worker_(connection.worker()),
      connection_(connection.shared_from_this()),
      listener_(std::move(listener)),
      subprotocol_(std::move(subprotocol)),
      peer_(connection.peer()),
      decoder_(role, settings->max_frame_bytes, settings->max_message_bytes,
               settings->max_fragments,
               listener_->is_stream() ? WebSocketDecoder::Delivery::pieces
                                      : WebSocketDecoder::Delivery::messages),
      settings_(std::move(settings)),
      last_heard_(Worker::now()),
      role_(role),
      stream_(listener_->is_stream()) {}

WebSocketSession::~WebSocketSession() = default;

void WebSocketSession::begin(MutableByteView early_bytes) {
  if (auto* owner = connection_->owner()) {
    owner->count(ConnectionEvent::websocket_opened);
  }
  queued_ = connection_->queued();
  schedule_heartbeat();
  const auto listener = listener_;
  listener->on_open(shared_from_this());
  if (!early_bytes.empty()) {
    on_bytes(early_bytes);
  }
}

std::optional<MaskKey> WebSocketSession::mask() {
  return role_ == WebSocketRole::client ? std::optional(worker_.mask_key()) : std::nullopt;
}

// ---- Sending -----------------------------------------------------------------------------------

void WebSocketSession::send_binary(Bytes message) {
  if (worker_.on_this_thread()) {
    send_now(MessageKind::binary, message);
  } else {
    const auto size = message.size();
    hand_over(Letter::Send{MessageKind::binary, std::move(message)}, size);
  }
}

void WebSocketSession::send_text(std::string message) {
  if (worker_.on_this_thread()) {
    send_now(MessageKind::text, as_bytes(message));
  } else {
    hand_over(Letter::Send{MessageKind::text, to_bytes(message)}, message.size());
  }
}

void WebSocketSession::send_ping(Bytes payload) {
  payload.resize(std::min(payload.size(), kMaxControlPayload));
  if (!worker_.on_this_thread()) {
    const auto size = payload.size();
    hand_over(Letter::Ping{std::move(payload)}, size);
  } else if (is_open()) {
    enqueue(Opcode::ping, payload);
  }
}

void WebSocketSession::close(CloseCode code, std::string reason) {
  if (worker_.on_this_thread()) {
    close_now(code, reason);
  } else {
    worker_.post_letter(shared_from_this(), Letter::Close{code, std::move(reason)});
  }
}

void WebSocketSession::abort() {
  if (!worker_.on_this_thread()) {
    worker_.post_letter(shared_from_this(), Letter::Abort{});
  } else if (connection_) {
    connection_->destroy({Errc::closed, "aborted"});
  }
}

void WebSocketSession::pause_reading(bool paused) {
  if (!worker_.on_this_thread()) {
    worker_.post_letter(shared_from_this(), Letter::PauseReading{paused});
  } else if (is_open() && connection_) {
    paused ? connection_->pause_reading() : connection_->resume_reading();
  }
}

void WebSocketSession::hand_over(Letter::Content letter, std::size_t size) {
  if (!is_open()) {
    return;
  }
  // The bound holds for what waits in the mailbox, too.
  if (queued_.fetch_add(size, std::memory_order_relaxed) + size > settings_->max_queued_bytes &&
      !stream_) {
    queued_.fetch_sub(size, std::memory_order_relaxed);
    if (!overflow_posted_.exchange(true)) {
      worker_.post_letter(shared_from_this(), Letter::Overflow{});
    }
    return;
  }
  worker_.post_letter(shared_from_this(), std::move(letter));
}

void WebSocketSession::on_letter(Letter::Content letter) {
  if (auto* send = std::get_if<Letter::Send>(&letter)) {
    queued_.fetch_sub(send->payload.size(), std::memory_order_relaxed);
    send_now(send->kind, send->payload);
  } else if (auto* ping = std::get_if<Letter::Ping>(&letter)) {
    queued_.fetch_sub(ping->payload.size(), std::memory_order_relaxed);
    send_ping(std::move(ping->payload));
  } else if (auto* close = std::get_if<Letter::Close>(&letter)) {
    close_now(close->code, close->reason);
  } else if (std::holds_alternative<Letter::Abort>(letter)) {
    abort();
  } else if (const auto* pause = std::get_if<Letter::PauseReading>(&letter)) {
    pause_reading(pause->paused);
  } else {
    overflow_posted_ = false;
    overflow();
  }
}

void WebSocketSession::send_now(MessageKind kind, ByteView payload) {
  if (!is_open()) {
    return;
  }
  if (enqueue(kind == MessageKind::text ? Opcode::text : Opcode::binary, payload)) {
    ++counters_.messages_out;
    counters_.bytes_out += payload.size();
  }
}

bool WebSocketSession::enqueue(Opcode opcode, ByteView payload) {
  const auto waiting = connection_->queued();
  if (waiting + payload.size() + kMaxFrameHeader > settings_->max_queued_bytes && !stream_) {
    overflow();
    return false;
  }
  append_frame(connection_->output(), opcode, payload, mask());
  const auto now_waiting = connection_->queued();
  queued_.fetch_add(now_waiting - waiting, std::memory_order_relaxed);
  was_half_full_ = was_half_full_ || now_waiting > settings_->max_queued_bytes / 2;
  return true;
}

void WebSocketSession::overflow() {
  if (!is_open() || (listener_ && listener_->on_overflow())) {
    return;
  }
  if (connection_) {
    if (auto* owner = connection_->owner()) {
      owner->count(ConnectionEvent::slow_reader);
    }
    lost_code_ = CloseCode::policy_violation;
    connection_->destroy({Errc::closed, "the peer reads too slowly"});
  }
}

void WebSocketSession::on_written(std::size_t size) {
  queued_.fetch_sub(size, std::memory_order_relaxed);
}

void WebSocketSession::on_drained() {
  if ((std::exchange(was_half_full_, false) || stream_) && listener_) {
    const auto listener = listener_;
    listener->on_drained();
  }
}

// ---- Receiving ---------------------------------------------------------------------------------

void WebSocketSession::on_bytes(MutableByteView bytes) {
  const auto self = shared_from_this();
  last_heard_ = Worker::now();
  pinged_ = false;
  if (const auto violation = decoder_.feed(bytes, *this)) {
    fail_with(*violation);
  }
}

void WebSocketSession::on_message(ByteView message, MessageKind kind) {
  if (!is_open() || !listener_) {
    return;  // it crossed our close frame
  }
  ++counters_.messages_in;
  counters_.bytes_in += message.size();
  const auto listener = listener_;
  listener->on_message(message, kind);
}

bool WebSocketSession::control_flood() {
  if (last_heard_ - control_window_ >= std::chrono::seconds(1)) {
    control_window_ = last_heard_;
    control_count_ = 0;
  }
  if (++control_count_ <= settings_->max_control_per_second) {
    return false;
  }
  decoder_.stop();
  fail_with({CloseCode::policy_violation, "too many control frames"});
  return true;
}

void WebSocketSession::on_ping(ByteView payload) {
  if (!control_flood() && is_open()) {
    enqueue(Opcode::pong, payload);
  }
}

void WebSocketSession::on_pong(ByteView payload) {
  if (!control_flood() && is_open() && listener_) {
    const auto listener = listener_;
    listener->on_pong(payload);
  }
}

// ---- Closing (RFC 6455 section 7) --------------------------------------------------------------

// At most one close frame, whoever began.
void WebSocketSession::queue_close(CloseCode code, std::string_view reason) {
  if (std::exchange(close_sent_, true)) {
    return;
  }
  const auto waiting = connection_->queued();
  append_close_frame(connection_->output(), code, reason, mask());
  queued_.fetch_add(connection_->queued() - waiting, std::memory_order_relaxed);
}

void WebSocketSession::close_now(CloseCode code, std::string_view reason) {
  if (!is_open() || !connection_) {
    return;
  }
  open_ = false;
  queue_close(is_sendable(code) ? code : CloseCode::internal_error, reason);
  connection_->set_deadline(settings_->close_timeout);
  connection_->resume_reading();  // for the peer's close frame
}

void WebSocketSession::on_peer_close(CloseCode code, std::string_view reason) {
  queue_close(code, reason);
  open_ = false;
  const auto connection = connection_;
  connection->finish();
  tell_closed(code, reason);
}

void WebSocketSession::fail_with(const WebSocketDecoder::Violation& violation) {
  decoder_.stop();
  open_ = false;
  if (!connection_) {
    return;
  }
  queue_close(violation.code, violation.what);
  const auto connection = connection_;
  connection->finish();
  tell_closed(violation.code, violation.what);
}

void WebSocketSession::tell_closed(CloseCode code, std::string_view reason) {
  if (const auto listener = std::exchange(listener_, nullptr)) {
    listener->on_close(code, reason);
  }
}

void WebSocketSession::on_shutdown(CloseCode code, const std::string& reason) {
  close_now(code, reason);
}

void WebSocketSession::detach() {
  open_ = false;
  decoder_.stop();
  if (const auto connection = std::exchange(connection_, nullptr)) {
    if (auto* owner = connection->owner()) {
      owner->count(ConnectionEvent::websocket_gone);
    }
  }
}

void WebSocketSession::on_closed(const Error& why) {
  tell_closed(lost_code_, why.message());
}

// ---- Heartbeat ---------------------------------------------------------------------------------

void WebSocketSession::schedule_heartbeat() {
  const bool pings = settings_->ping_interval > milliseconds::zero();
  const bool idles = settings_->idle_timeout > milliseconds::zero();
  if (!pings && !idles) {
    return;
  }
  auto due = SteadyTime::max();
  if (pings) {
    due = (pinged_ ? Worker::now() : last_heard_) + settings_->ping_interval;
  }
  if (idles) {
    due = std::min<SteadyTime>(due, last_heard_ + settings_->idle_timeout);
  }
  const auto left = std::chrono::ceil<milliseconds>(due - Worker::now());
  connection_->set_deadline(std::max(left, milliseconds(0)));
}

// Bytes that arrive move no deadline: it looks at the clock when it fires.
void WebSocketSession::on_deadline() {
  const auto self = shared_from_this();
  if (is_open() && connection_->is_paused()) {
    last_heard_ = Worker::now();
  }
  const auto silence = Worker::now() - last_heard_;
  const bool idle =
      settings_->idle_timeout > milliseconds::zero() && silence >= settings_->idle_timeout;
  if (!is_open() || idle) {
    if (auto* owner = connection_->owner()) {
      owner->count(ConnectionEvent::timed_out);
    }
    connection_->destroy({Errc::timed_out, is_open() ? "the peer is silent" : "no close frame"});
    return;
  }
  if (settings_->ping_interval > milliseconds::zero() && silence >= settings_->ping_interval &&
      !pinged_) {
    pinged_ = enqueue(Opcode::ping, {});
  }
  if (connection_) {
    schedule_heartbeat();
  }
}

}  // namespace unhidra::net
