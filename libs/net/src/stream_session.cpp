#include "stream_session.h"

namespace unhidra::net {

StreamSession::StreamSession(StreamHandler& handler, Connection& connection)
    : handler_(handler), connection_(connection.shared_from_this()), tls_(connection.is_tls()) {}

void StreamSession::on_open() {
  tls_peer_ = connection_->tls_peer();
  listener_ = handler_.on_open(shared_from_this());
  if (!listener_) {
    abort();
  }
}

Bytes& StreamSession::output() {
  if (connection_ && connection_->is_open()) {
    return connection_->output();
  }
  nowhere_.clear();
  return nowhere_;
}

void StreamSession::pause_reading(bool paused) {
  if (connection_) {
    paused ? connection_->pause_reading() : connection_->resume_reading();
  }
}

void StreamSession::finish() {
  if (const auto connection = connection_) {
    connection->finish();
  }
}

void StreamSession::abort() {
  if (const auto connection = connection_) {
    connection->destroy({Errc::closed, "aborted"});
  }
}

void StreamSession::on_bytes(MutableByteView bytes) {
  if (const auto listener = listener_) {
    listener->on_bytes(bytes);
  }
}

void StreamSession::on_drained() {
  if (const auto listener = listener_) {
    listener->on_drained();
  }
}

void StreamSession::on_shutdown(CloseCode, const std::string&) {
  if (const auto listener = listener_) {
    listener->on_shutdown();
  }
}

void StreamSession::detach() {
  connection_.reset();
}

void StreamSession::on_closed(const Error& why) {
  if (const auto listener = std::exchange(listener_, nullptr)) {
    listener->on_closed(why);
  }
}

}  // namespace unhidra::net
