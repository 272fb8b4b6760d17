#pragma once
// A byte stream on a connection: nothing between the bytes and the application.

#include "unhidra/net/stream.h"

#include "connection.h"

namespace unhidra::net {

class StreamSession final : public Protocol,
                            public Stream,
                            public std::enable_shared_from_this<StreamSession> {
 public:
  StreamSession(StreamHandler& handler, Connection& connection);

  Bytes& output() override;
  void flush() override {}  // the connection does it by itself
  std::size_t queued() const override { return connection_ ? connection_->queued() : 0; }
  void pause_reading(bool paused) override;
  void finish() override;
  void abort() override;
  StreamTransport transport() const override {
    return tls_ ? StreamTransport::tls : StreamTransport::tcp;
  }
  PeerAddress peer() const override { return connection_ ? connection_->peer() : PeerAddress(); }
  std::shared_ptr<const TlsPeer> tls_peer() const override { return tls_peer_; }

 private:
  void on_open() override;
  void on_bytes(MutableByteView bytes) override;
  void on_deadline() override {}
  void on_drained() override;
  void on_shutdown(CloseCode code, const std::string& reason) override;
  void detach() override;
  void on_closed(const Error& why) override;
  void abandon() override { listener_.reset(); }

  StreamHandler& handler_;
  std::shared_ptr<Connection> connection_;    // until detach
  std::shared_ptr<StreamListener> listener_;  // until on_closed
  std::shared_ptr<const TlsPeer> tls_peer_;
  Bytes nowhere_;  // what is written after finish or the end
  bool tls_ = false;
};

}  // namespace unhidra::net
