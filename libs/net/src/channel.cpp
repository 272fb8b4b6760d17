#include "channel.h"

#include <cerrno>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include "unhidra/net/errc.h"

namespace unhidra::net {
namespace {

// OpenSSL's own socket BIO writes with write(2), which raises SIGPIPE when the peer is gone.
int fd_of(BIO* bio) {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

int finish(BIO* bio, ssize_t result, int retry_flag) {
  BIO_clear_retry_flags(bio);
  if (result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
    BIO_set_flags(bio, retry_flag | BIO_FLAGS_SHOULD_RETRY);
  }
  return static_cast<int>(result);
}

int bio_write(BIO* bio, const char* bytes, int size) {
  return finish(bio, ::send(fd_of(bio), bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL),
                BIO_FLAGS_WRITE);
}

int bio_read(BIO* bio, char* bytes, int size) {
  return finish(bio, ::recv(fd_of(bio), bytes, static_cast<std::size_t>(size), 0), BIO_FLAGS_READ);
}

long bio_control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD* make_method() {
  BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "descriptor");
  BIO_meth_set_write(method, bio_write);
  BIO_meth_set_read(method, bio_read);
  BIO_meth_set_ctrl(method, bio_control);
  return method;
}

BIO* make_bio(int fd) {
  static BIO_METHOD* const method = make_method();
  BIO* bio = BIO_new(method);
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(fd)));
  BIO_set_init(bio, 1);
  return bio;
}

IoResult plain_result(ssize_t result, IoState again) {
  if (result > 0) {
    return {IoState::done, static_cast<std::size_t>(result)};
  }
  if (result == 0) {
    return {IoState::end};
  }
  const bool blocked = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
  return {blocked ? again : IoState::broken};
}

}  // namespace

Channel::Channel(int fd, SslPtr ssl) : ssl_(std::move(ssl)), fd_(fd) {
  if (ssl_) {
    BIO* bio = make_bio(fd);
    SSL_set_bio(ssl_.get(), bio, bio);
  }
}

IoResult Channel::ssl_result(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return {IoState::want_read};
    case SSL_ERROR_WANT_WRITE:
      return {IoState::want_write};
    case SSL_ERROR_ZERO_RETURN:
      return {IoState::end};
    default:
      failure_ = take_openssl_error();
      return {IoState::broken};
  }
}

IoResult Channel::handshake() {
  if (!ssl_) {
    return {IoState::done};
  }
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  return result == 1 ? IoResult{IoState::done} : ssl_result(result);
}

IoResult Channel::read(MutableByteView into) {
  if (!ssl_) {
    return plain_result(::recv(fd_, into.data(), into.size(), 0), IoState::want_read);
  }
  ERR_clear_error();
  std::size_t size = 0;
  const int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &size);
  return result == 1 ? IoResult{IoState::done, size} : ssl_result(result);
}

bool Channel::has_pending() const {
  return ssl_ && SSL_has_pending(ssl_.get()) == 1;
}

IoResult Channel::write(ByteView bytes) {
  if (!ssl_) {
    return plain_result(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL), IoState::want_write);
  }
  ERR_clear_error();
  std::size_t size = 0;
  const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &size);
  return result == 1 ? IoResult{IoState::done, size} : ssl_result(result);
}

void Channel::end() {
  if (ssl_ && SSL_is_init_finished(ssl_.get()) == 1) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }
}

Error Channel::handshake_error() const {
  const auto verified = ssl_ ? SSL_get_verify_result(ssl_.get()) : X509_V_OK;
  if (verified != X509_V_OK) {
    return {Errc::untrusted, std::string("the server's certificate is not trusted: ") +
                                 X509_verify_cert_error_string(verified)};
  }
  return {Errc::tls_failed, "the TLS handshake failed: " + failure_};
}

}  // namespace unhidra::net
