#pragma once
// OpenSSL behind the doors of tls.h.

#include <memory>
#include <mutex>
#include <vector>

#include <openssl/ssl.h>

#include "unhidra/net/tls.h"

namespace unhidra::net {

template <auto Free>
struct OpenSslDeleter {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using SslPtr = std::unique_ptr<SSL, OpenSslDeleter<SSL_free>>;
using SslCtxPtr = std::unique_ptr<SSL_CTX, OpenSslDeleter<SSL_CTX_free>>;

struct TlsServerContext::Impl {
  mutable std::mutex mutex;  // guards both; a handshake holds its own reference to the SSL_CTX
  SslCtxPtr context;
  ByteArray<32> fingerprint{};
  // Of every load: a handshake that began before a reload may still ask the one it began with.
  std::vector<std::shared_ptr<ClientCertificateVerifier>> verifiers;

  SslPtr make_ssl() const;
};

struct TlsClientContext::Impl {
  SslCtxPtr context;
  std::optional<ByteArray<32>> pinned_certificate;

  // `name` is checked against the certificate unless it is pinned, and sent as SNI unless numeric.
  SslPtr make_ssl(const std::string& name) const;
};

// What the handshake of a server's connection says about its client; null when nobody asked.
std::shared_ptr<const TlsPeer> tls_peer_of(SSL* ssl);

// RFC 9266: TLS 1.3 alone.
std::optional<Bytes> tls_exporter_of(SSL* ssl);

// Makes an SSL_CTX (libcurl's, for instance) accept exactly the certificate with this fingerprint.
// `fingerprint` outlives the context.
void pin_certificate(SSL_CTX* context, const ByteArray<32>* fingerprint);

// Gives an SSL_CTX the certificate of the settings, if they have one. Errc::bad_settings.
Status show_client_certificate(SSL_CTX* context, const TlsClientSettings& settings);

// Text of the oldest error on OpenSSL's queue, which is emptied.
std::string take_openssl_error();

}  // namespace unhidra::net
