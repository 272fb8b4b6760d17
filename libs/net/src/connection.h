#pragma once
// One TCP connection, with or without TLS: readiness events in, bytes to its protocol, queued bytes
// out. Lives on one worker's thread; only the reference count is touched by others. An idle
// connection holds this object, its descriptor's place in the reactor, and the TLS state.

#include <memory>

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include "unhidra/net/errc.h"
#include "unhidra/net/http.h"

#include "address_range.h"
#include "channel.h"
#include "proxy_header.h"
#include "worker.h"

namespace unhidra::net {

// What is spoken on a connection. Every call comes on the worker's thread. A protocol may replace
// itself (set_protocol) and end the connection from within any call.
class Protocol {
 public:
  virtual ~Protocol() = default;
  // Connected, and secured if it is to be.
  virtual void on_open() {}
  // The bytes are the protocol's to change until it returns.
  virtual void on_bytes(MutableByteView bytes) = 0;
  virtual void on_deadline() = 0;
  // So many bytes of the output were taken by the kernel.
  virtual void on_written(std::size_t /*size*/) {}
  // The output is empty.
  virtual void on_drained() {}
  // The process wants to end.
  virtual void on_shutdown(CloseCode code, const std::string& reason) = 0;
  // The connection is going away: let go of it. on_closed follows on a later turn of the loop,
  // unless the loop itself ends.
  virtual void detach() = 0;
  virtual void on_closed(const Error& why) = 0;
  // Instead of on_closed when the loop is gone: lets go of whoever listens.
  virtual void abandon() {}
};

enum class ConnectionEvent : std::uint8_t {
  secured,           // the handshake is over (also without TLS)
  handshake_failed,  // or the PROXY header before it
  websocket_opened,
  websocket_gone,
  timed_out,
  slow_reader,
  gone_unsecured,  // last, when the handshake was not over
  gone,            // last
};
// Whoever counts connections; called on any worker's thread.
class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;
  virtual void count(ConnectionEvent event) = 0;
};

struct ConnectionOptions {
  std::shared_ptr<ConnectionOwner> owner;  // may be null
  std::chrono::milliseconds handshake_timeout{10'000};
  std::chrono::milliseconds write_timeout{30'000};
  bool connecting = false;  // the descriptor is a client's, connect(2) under way
  // Peers that must begin with a PROXY header; of use for the constructor only.
  const AddressRanges* proxies = nullptr;
};

class Connection final : public std::enable_shared_from_this<Connection>, private WheelEntry {
 public:
  // Takes the descriptor, which does not block.
  Connection(Worker& worker, int fd, SslPtr ssl, ConnectionOptions options);
  ~Connection() override;

  void start(std::shared_ptr<Protocol> protocol);
  void set_protocol(std::shared_ptr<Protocol> protocol) { protocol_ = std::move(protocol); }
  Protocol* protocol() const { return protocol_.get(); }
  ConnectionOwner* owner() const { return owner_.get(); }
  Worker& worker() const { return worker_; }
  PeerAddress peer() const;
  bool is_tls() const { return channel_.is_tls(); }
  std::shared_ptr<const TlsPeer> tls_peer() const { return channel_.tls_peer(); }
  bool is_open() const { return state_ == State::open; }

  // Append to what this returns; it goes out at the end of this turn of the loop.
  Bytes& output();
  std::size_t queued() const { return out_.size() - out_at_; }

  void pause_reading() { paused_ = true; }
  bool is_paused() const { return paused_; }
  void resume_reading();

  // Protocol::on_deadline after the delay; replaces the one before.
  void set_deadline(std::chrono::milliseconds delay);
  void clear_deadline();

  // Writes what is queued, says goodbye and closes. Input is thrown away from here on.
  void finish();
  // Closes at once.
  void destroy(Error why);
  // Closes without telling anybody: the loop is gone.
  void forget();

 private:
  friend class Worker;
  class Farewell;
  enum class State : std::uint8_t {
    connecting,
    prefacing,
    handshaking,
    open,
    finishing,
    lingering,
    closed
  };
  using Descriptor = boost::asio::posix::basic_stream_descriptor<Worker::Context::executor_type>;

  void on_deadline() override;
  void update_deadline();
  void arm_read();
  void arm_write();
  void on_readable();
  void on_writable();
  void check_connected();
  void look_up_peer();
  void read_preface();
  void advance_handshake();
  void opened();
  void read_some();
  bool handle_read(const IoResult& result);
  void discard_input();
  void end_of_input();
  void flush();
  void drained();
  void end_output();
  void count(ConnectionEvent event);

  Worker& worker_;
  Descriptor fd_;
  Channel channel_;
  std::shared_ptr<ConnectionOwner> owner_;
  std::shared_ptr<Protocol> protocol_;
  std::shared_ptr<Connection> self_;  // from start to forget: an open connection needs no holder
  Connection* next_ = nullptr;        // the worker's list
  Connection* previous_ = nullptr;
  Bytes out_;
  std::size_t out_at_ = 0;
  SteadyTime protocol_due_ = SteadyTime::max();
  SteadyTime write_due_ = SteadyTime::max();
  std::chrono::milliseconds write_timeout_;
  std::unique_ptr<ProxyHeader> preface_;  // until it is complete
  ByteArray<16> peer_address_{};
  std::uint16_t peer_port_ = 0;
  bool peer_v6_ = false;
  State state_;
  bool secured_ = false;
  bool paused_ = false;
  bool read_armed_ = false;
  bool write_armed_ = false;
  bool flush_wanted_ = false;
  bool blocked_ = false;           // the kernel would not take all
  bool read_needs_write_ = false;  // TLS wants to write before it can read
};

// A descriptor's remote address; empty when it has none.
PeerAddress address_text(const ByteArray<16>& bytes, bool v6, std::uint16_t port);

}  // namespace unhidra::net
