#include "connection.h"

#include <algorithm>
#include <cstring>

#include <arpa/inet.h>
#include <boost/asio/post.hpp>
#include <netinet/in.h>
#include <sys/socket.h>

namespace unhidra::net {
namespace {

// So that one busy peer does not keep the others of its thread waiting.
constexpr int kReadsPerTurn = 8;
constexpr std::size_t kCompactAt = 64 * 1024;
// How long and how much is read after our end of the stream, so that the kernel does not answer
// late input with a reset that would destroy what we said last (RFC 9112 section 9.6).
constexpr std::chrono::milliseconds kLinger{1000};

}  // namespace

PeerAddress address_text(const ByteArray<16>& bytes, bool v6, std::uint16_t port) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(v6 ? AF_INET6 : AF_INET, bytes.data(), text.data(), text.size());
  return {text.data(), port};
}

Connection::Connection(Worker& worker, int fd, SslPtr ssl, ConnectionOptions options)
    : worker_(worker),
      fd_(worker.executor(), fd),
      channel_(fd, std::move(ssl)),
      owner_(std::move(options.owner)),
      write_timeout_(options.write_timeout),
      state_(options.connecting ? State::connecting : State::handshaking) {
  look_up_peer();
  if (options.proxies != nullptr &&
      options.proxies->contains(peer_v6_ ? peer_address_ : map_v4(peer_address_))) {
    preface_ = std::make_unique<ProxyHeader>();
    state_ = State::prefacing;
  }
  worker_.add(*this);
  set_deadline(options.handshake_timeout);
}

Connection::~Connection() {
  forget();
}

void Connection::look_up_peer() {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (::getpeername(fd_.native_handle(), reinterpret_cast<sockaddr*>(&address), &size) == 0) {
    if (address.ss_family == AF_INET6) {
      const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
      std::memcpy(peer_address_.data(), &v6.sin6_addr, 16);
      peer_port_ = ntohs(v6.sin6_port);
      peer_v6_ = true;
    } else if (address.ss_family == AF_INET) {
      const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
      std::memcpy(peer_address_.data(), &v4.sin_addr, 4);
      peer_port_ = ntohs(v4.sin_port);
    }
  }
}

PeerAddress Connection::peer() const {
  return address_text(peer_address_, peer_v6_, peer_port_);
}

void Connection::count(ConnectionEvent event) {
  if (owner_) {
    owner_->count(event);
  }
}

void Connection::start(std::shared_ptr<Protocol> protocol) {
  protocol_ = std::move(protocol);
  self_ = shared_from_this();
  if (state_ == State::connecting) {
    arm_write();
  } else if (state_ == State::prefacing) {
    arm_read();
  } else {
    advance_handshake();
  }
}

// Takes exactly the PROXY header: what follows belongs to the handshake.
void Connection::read_preface() {
  const auto buffer = worker_.read_buffer().first(ProxyHeader::kFixed + ProxyHeader::kMaxBinary);
  const auto size = ::recv(fd_.native_handle(), buffer.data(), buffer.size(), MSG_PEEK);
  if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
    arm_read();
    return;
  }
  const auto taken = preface_->feed(buffer.first(size > 0 ? static_cast<std::size_t>(size) : 0));
  if (size <= 0 || !taken) {
    count(ConnectionEvent::handshake_failed);
    destroy(taken ? Error(Errc::closed, "the proxy closed the connection") : taken.error());
    return;
  }
  ::recv(fd_.native_handle(), buffer.data(), *taken, 0);
  if (!preface_->complete()) {
    arm_read();
    return;
  }
  if (const auto& source = preface_->source()) {
    peer_address_ = source->address;
    peer_port_ = source->port;
    peer_v6_ = source->v6;
  }
  preface_.reset();
  state_ = State::handshaking;
  advance_handshake();
}

void Connection::check_connected() {
  int error = 0;
  socklen_t size = sizeof(error);
  ::getsockopt(fd_.native_handle(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) {
    destroy({Errc::connect_failed, std::string("cannot connect: ") + std::strerror(error)});
    return;
  }
  state_ = State::handshaking;
  advance_handshake();
}

void Connection::advance_handshake() {
  switch (channel_.handshake().state) {
    case IoState::done:
      opened();
      return;
    case IoState::want_read:
      arm_read();
      return;
    case IoState::want_write:
      arm_write();
      return;
    case IoState::end:
    case IoState::broken:
      count(ConnectionEvent::handshake_failed);
      destroy(channel_.handshake_error());
  }
}

void Connection::opened() {
  state_ = State::open;
  secured_ = true;
  clear_deadline();
  count(ConnectionEvent::secured);
  const auto protocol = protocol_;
  protocol->on_open();
  if (state_ == State::open) {
    // TLS may hold bytes already that make no descriptor readable.
    channel_.is_tls() ? read_some() : arm_read();
  }
}

void Connection::arm_read() {
  if (read_armed_ || state_ == State::closed) {
    return;
  }
  read_armed_ = true;
  fd_.async_wait(Descriptor::wait_read,
                 [self = shared_from_this()](boost::system::error_code error) {
                   self->read_armed_ = false;
                   if (!error) {
                     self->on_readable();
                   }
                 });
}

void Connection::arm_write() {
  if (write_armed_ || state_ == State::closed) {
    return;
  }
  write_armed_ = true;
  fd_.async_wait(Descriptor::wait_write,
                 [self = shared_from_this()](boost::system::error_code error) {
                   self->write_armed_ = false;
                   if (!error) {
                     self->on_writable();
                   }
                 });
}

void Connection::on_readable() {
  switch (state_) {
    case State::prefacing:
      read_preface();
      return;
    case State::handshaking:
      advance_handshake();
      return;
    case State::open:
      read_some();
      return;
    case State::finishing:
    case State::lingering:
      discard_input();
      return;
    case State::connecting:
    case State::closed:
      return;
  }
}

void Connection::on_writable() {
  if (state_ == State::connecting) {
    check_connected();
  } else if (state_ == State::handshaking) {
    advance_handshake();
  } else {
    flush();
    if (std::exchange(read_needs_write_, false)) {
      on_readable();
    }
  }
}

void Connection::read_some() {
  for (int i = 0; i < kReadsPerTurn; ++i) {
    if (paused_ || state_ != State::open) {
      return;
    }
    if (!handle_read(channel_.read(worker_.read_buffer()))) {
      return;
    }
  }
  if (!read_armed_ && state_ == State::open) {
    read_armed_ = true;  // the others first
    boost::asio::post(worker_.context(), [self = shared_from_this()] {
      self->read_armed_ = false;
      self->on_readable();
    });
  }
}

// Whether there may be more to read now.
bool Connection::handle_read(const IoResult& result) {
  switch (result.state) {
    case IoState::done: {
      const auto protocol = protocol_;  // it may replace itself
      protocol->on_bytes(worker_.read_buffer().first(result.size));
      // Waiting reports at once what has come meanwhile: asking the descriptor again is not needed.
      if (result.size < Worker::kReadBuffer && !channel_.has_pending() && state_ == State::open) {
        if (!paused_) {
          arm_read();
        }
        return false;
      }
      return true;
    }
    case IoState::want_read:
      arm_read();
      return false;
    case IoState::want_write:
      read_needs_write_ = true;
      arm_write();
      return false;
    case IoState::end:
      // What the bytes before it caused in this turn of the loop is still said.
      boost::asio::post(worker_.context(), [self = shared_from_this()] { self->end_of_input(); });
      return false;
    case IoState::broken:
      break;
  }
  destroy({Errc::closed, "the peer closed the connection"});
  return false;
}

void Connection::end_of_input() {
  if (state_ == State::open) {
    flush();
  }
  if (state_ == State::open && queued() > 0) {
    finish();
  } else if (state_ == State::open) {
    destroy({Errc::closed, "the peer closed the connection"});
  }
}

void Connection::resume_reading() {
  if (!std::exchange(paused_, false) || state_ != State::open || read_armed_) {
    return;
  }
  read_armed_ = true;
  boost::asio::post(worker_.context(), [self = shared_from_this()] {
    self->read_armed_ = false;
    self->on_readable();
  });
}

Bytes& Connection::output() {
  if (!flush_wanted_ && !blocked_ && state_ != State::closed) {
    flush_wanted_ = true;
    if (out_.capacity() == 0) {
      out_ = worker_.take_buffer();
    }
    worker_.flush_later(shared_from_this());
  }
  return out_;
}

void Connection::flush() {
  flush_wanted_ = false;
  if (state_ != State::open && state_ != State::finishing) {
    return;
  }
  std::size_t written = 0;
  IoState last = IoState::done;
  while (out_at_ < out_.size() && last == IoState::done) {
    const auto result = channel_.write(ByteView(out_).subspan(out_at_));
    last = result.state;
    out_at_ += result.size;
    written += result.size;
  }
  if (last == IoState::broken || last == IoState::end) {
    destroy({Errc::closed, "the connection broke while writing"});
    return;
  }
  const auto protocol = protocol_;
  if (written > 0) {
    protocol->on_written(written);
  }
  if (out_at_ == out_.size()) {
    drained();
    return;
  }
  if (out_at_ >= kCompactAt) {
    out_.erase(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(out_at_));
    out_at_ = 0;
  }
  if (written > 0 || !blocked_) {
    write_due_ = Worker::now() + write_timeout_;
    update_deadline();
  }
  blocked_ = true;
  last == IoState::want_read ? arm_read() : arm_write();
}

void Connection::drained() {
  worker_.give_back(std::exchange(out_, {}));  // an idle connection keeps no buffer
  out_at_ = 0;
  if (std::exchange(blocked_, false)) {
    write_due_ = SteadyTime::max();
    update_deadline();
  }
  if (state_ == State::finishing) {
    end_output();
    return;
  }
  const auto protocol = protocol_;
  protocol->on_drained();
}

void Connection::finish() {
  if (state_ != State::open) {
    if (state_ == State::connecting || state_ == State::prefacing || state_ == State::handshaking) {
      destroy({Errc::closed, "closed before it was open"});
    }
    return;
  }
  state_ = State::finishing;
  paused_ = false;
  set_deadline(write_timeout_);
  output();
}

void Connection::end_output() {
  channel_.end();
  ::shutdown(fd_.native_handle(), SHUT_WR);
  state_ = State::lingering;
  set_deadline(kLinger);
  discard_input();
}

// Raw bytes are enough here: nobody looks at them.
void Connection::discard_input() {
  for (int i = 0; i < kReadsPerTurn; ++i) {
    const auto buffer = worker_.read_buffer();
    const auto size = ::recv(fd_.native_handle(), buffer.data(), buffer.size(), 0);
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
      break;
    }
    if (size <= 0) {
      destroy({Errc::closed, "closed"});
      return;
    }
  }
  arm_read();
}

void Connection::set_deadline(std::chrono::milliseconds delay) {
  protocol_due_ = Worker::now() + delay;
  update_deadline();
}

void Connection::clear_deadline() {
  protocol_due_ = SteadyTime::max();
  update_deadline();
}

void Connection::update_deadline() {
  const auto due = std::min(protocol_due_, write_due_);
  if (due == SteadyTime::max() || state_ == State::closed) {
    worker_.clear_deadline(*this);
    return;
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(due - Worker::now());
  worker_.set_deadline(*this, std::max(left, std::chrono::milliseconds(0)));
}

void Connection::on_deadline() {
  const auto self = shared_from_this();
  const auto now = Worker::now();
  if (now >= write_due_) {
    count(ConnectionEvent::slow_reader);
    destroy({Errc::timed_out, "the peer does not read"});
    return;
  }
  if (now >= protocol_due_) {
    protocol_due_ = SteadyTime::max();
    if (state_ == State::open) {
      const auto protocol = protocol_;
      protocol->on_deadline();
    } else {
      if (state_ != State::lingering) {
        count(ConnectionEvent::timed_out);
      }
      destroy({Errc::timed_out, "no answer in time"});
      return;
    }
  }
  update_deadline();
}

// Tells a protocol that its connection is closed, or that nobody is left to tell it.
class Connection::Farewell {
 public:
  Farewell(std::shared_ptr<Protocol> protocol, Error why)
      : protocol_(std::move(protocol)), why_(std::move(why)) {}
  Farewell(Farewell&&) = default;
  Farewell(const Farewell&) = delete;
  Farewell& operator=(const Farewell&) = delete;
  Farewell& operator=(Farewell&&) = delete;
  ~Farewell() {
    if (protocol_) {
      protocol_->abandon();
    }
  }
  void operator()() { std::exchange(protocol_, nullptr)->on_closed(why_); }

 private:
  std::shared_ptr<Protocol> protocol_;
  Error why_;
};

void Connection::destroy(Error why) {
  if (state_ == State::closed) {
    return;
  }
  const auto protocol = protocol_;
  const auto self = shared_from_this();
  forget();
  if (protocol) {
    boost::asio::post(worker_.context(), Farewell(protocol, std::move(why)));
  }
}

void Connection::forget() {
  if (state_ == State::closed) {
    return;
  }
  state_ = State::closed;
  const auto self = std::exchange(self_, nullptr);
  worker_.clear_deadline(*this);
  worker_.remove(*this);
  boost::system::error_code ignored;
  fd_.close(ignored);
  Bytes().swap(out_);
  out_at_ = 0;
  if (const auto protocol = std::exchange(protocol_, nullptr)) {
    protocol->detach();
  }
  count(secured_ ? ConnectionEvent::gone : ConnectionEvent::gone_unsecured);
}

}  // namespace unhidra::net
