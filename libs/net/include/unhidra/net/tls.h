#pragma once
// TLS for both sides: versions 1.2 and 1.3, AEAD suites with forward secrecy, no renegotiation, no
// compression, no early data. Contexts may be used from any thread.

#include <memory>
#include <optional>
#include <string>

#include "unhidra/base/bytes.h"
#include "unhidra/base/secret.h"

namespace unhidra::net {

// Whether a listener asks its clients for a certificate.
enum class ClientCertificates : std::uint8_t { none, optional, required };

// Whose certificates are accepted in the handshake. Called on I/O threads: answers from memory. May
// be asked by several listeners, so that all of them believe the same.
class ClientCertificateVerifier {
 public:
  virtual ~ClientCertificateVerifier() = default;
  // The client's own certificate; what it sends beside it is ignored.
  virtual Status verify(ByteView certificate_der) = 0;
};

// What the handshake says about a client, on listeners that ask for certificates.
struct TlsPeer {
  // DER; empty when the client has none. That it holds the private key is proved; who issued it was
  // asked only where the listener has a verifier.
  Bytes certificate;
  // Channel bindings: RFC 5929 section 3, in TLS 1.2 under the extended master secret alone; and
  // RFC 9266, in TLS 1.3.
  std::optional<Bytes> tls_unique;
  std::optional<Bytes> tls_exporter;
};

// What is spoken inside (RFC 7301). A client that offers names, but not this one, is refused.
enum class ApplicationProtocol : std::uint8_t { http_1_1, mqtt };

struct TlsServerSettings {
  std::string certificate_chain_pem;  // leaf first
  SecretBytes private_key_pem;
  // Resumption without a full handshake. The key that protects tickets is made anew with each
  // (re)load, so forward secrecy reaches back no further than the last reload. Never where clients
  // are asked for certificates: a ticket would bring in a certificate that was revoked meanwhile.
  bool session_tickets = false;
  ApplicationProtocol application_protocol = ApplicationProtocol::http_1_1;
  ClientCertificates client_certificates = ClientCertificates::none;
  std::string
      client_authorities_pem;  // their names are a hint to clients; nothing is verified by it
  std::shared_ptr<ClientCertificateVerifier> client_verifier;  // null: handlers judge by themselves
};

class TlsServerContext {
 public:
  // Errc::bad_settings when the key does not belong to the certificate or either is unreadable.
  static Result<std::shared_ptr<TlsServerContext>> create(TlsServerSettings settings);
  // New handshakes use the new certificate; open connections keep theirs. On failure nothing
  // changes.
  Status reload(TlsServerSettings settings);
  // SHA-256 over the leaf certificate, what a client pins.
  ByteArray<32> fingerprint() const;

  struct Impl;
  explicit TlsServerContext(std::unique_ptr<Impl> impl);
  ~TlsServerContext();
  Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

struct TlsClientSettings {
  // With neither, the system's certificate store is trusted.
  std::string ca_file{};
  std::string ca_pem{};
  // The SHA-256 fingerprint of the server's own certificate. Then nothing else is asked: neither
  // who issued it, nor its name, nor its dates.
  std::optional<ByteArray<32>> pinned_certificate{};
  // What the client shows when it is asked, leaf first, and the key of the leaf; both or neither.
  std::string client_certificate_pem{};
  std::shared_ptr<const SecretBytes> client_key_pem{};
};

class TlsClientContext {
 public:
  static Result<std::shared_ptr<TlsClientContext>> create(const TlsClientSettings& settings);

  struct Impl;
  explicit TlsClientContext(std::unique_ptr<Impl> impl);
  ~TlsClientContext();
  Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace unhidra::net
