#include "unhidra/net/tls.h"

#include <algorithm>

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "unhidra/net/errc.h"

#include "tls_impl.h"

namespace unhidra::net {
namespace {

using BioPtr = std::unique_ptr<BIO, OpenSslDeleter<BIO_free>>;
using X509Ptr = std::unique_ptr<X509, OpenSslDeleter<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, OpenSslDeleter<EVP_PKEY_free>>;

constexpr const char* kCiphers12 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384";
constexpr const char* kCiphers13 =
    "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384";
constexpr const char* kGroups = "X25519:P-256:P-384";
constexpr long kMaxClientChain = 16 * 1024;
constexpr int kSecurityLevel = 2;  // 112 bits: RSA from 2048, no SHA-1 signatures

BioPtr memory_bio(ByteView bytes) {
  return BioPtr(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

std::unexpected<Error> bad(std::string_view what) {
  return fail(Errc::bad_settings, std::string(what) + ": " + take_openssl_error());
}

// What server and client have in common.
Result<SslCtxPtr> make_context(const SSL_METHOD* method) {
  ERR_clear_error();
  SslCtxPtr context(SSL_CTX_new(method));
  if (!context) {
    return bad("TLS cannot be set up");
  }
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                         SSL_OP_CIPHER_SERVER_PREFERENCE);
  // An idle connection gives its 34 kB of record buffers back.
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // One read call for a record instead of two.
  SSL_CTX_set_read_ahead(context.get(), 1);
  SSL_CTX_set_security_level(context.get(), kSecurityLevel);
  SSL_CTX_set_max_early_data(context.get(), 0);
  if (SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_cipher_list(context.get(), kCiphers12) != 1 ||
      SSL_CTX_set_ciphersuites(context.get(), kCiphers13) != 1 ||
      SSL_CTX_set1_groups_list(context.get(), kGroups) != 1) {
    return bad("TLS cannot be set up");
  }
  return context;
}

// Names of protocols as they travel: each behind its length. They outlive every context.
constexpr std::string_view wire_name(ApplicationProtocol protocol) {
  return protocol == ApplicationProtocol::mqtt ? "\x04mqtt" : "\x08http/1.1";
}

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* in, unsigned in_size, void* spoken) {
  const auto name = as_bytes(static_cast<const char*>(spoken));
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, name.data(), static_cast<unsigned>(name.size()), in,
                            in_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

void set_ticket_policy(SSL_CTX* context, bool tickets) {
  // Nothing is kept here: a resumable session is in the client's ticket or nowhere.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  if (tickets) {
    static constexpr unsigned char kSessionContext[] = "unhidra";
    SSL_CTX_set_session_id_context(context, kSessionContext, sizeof(kSessionContext) - 1);
    SSL_CTX_set_num_tickets(context, 1);
  } else {
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context, 0);
  }
}

Result<ByteArray<32>> fingerprint_of(X509* certificate) {
  ByteArray<32> out{};
  unsigned size = 0;
  if (X509_digest(certificate, EVP_sha256(), out.data(), &size) != 1 || size != out.size()) {
    return bad("the certificate has no fingerprint");
  }
  return out;
}

Status use_chain(SSL_CTX* context, const std::string& pem) {
  const auto bio = memory_bio(as_bytes(pem));
  const X509Ptr leaf(PEM_read_bio_X509_AUX(bio.get(), nullptr, nullptr, nullptr));
  if (!leaf || SSL_CTX_use_certificate(context, leaf.get()) != 1) {
    return bad("the certificate cannot be used");
  }
  while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    if (SSL_CTX_add0_chain_cert(context, next) != 1) {
      X509_free(next);
      return bad("the certificate chain cannot be used");
    }
  }
  ERR_clear_error();  // the end of the text is reported as an error
  return {};
}

Status use_key(SSL_CTX* context, const SecretBytes& pem) {
  const auto bio = memory_bio(pem.expose());
  // The empty password keeps OpenSSL from asking a terminal for one.
  const KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, const_cast<char*>("")));
  if (!key || SSL_CTX_use_PrivateKey(context, key.get()) != 1 ||
      SSL_CTX_check_private_key(context) != 1) {
    return bad("the private key does not fit the certificate");
  }
  return {};
}

// Replaces OpenSSL's own verification: the handshake proves possession of the key either way.
int ask_verifier(X509_STORE_CTX* store, void* verifier) {
  X509* const leaf = X509_STORE_CTX_get0_cert(store);
  bool good = verifier == nullptr;
  if (!good && leaf != nullptr) {
    unsigned char* der = nullptr;
    const int size = i2d_X509(leaf, &der);
    const Bytes bytes(der, der + std::max(size, 0));
    OPENSSL_free(der);
    good = static_cast<ClientCertificateVerifier*>(verifier)->verify(bytes).has_value();
  }
  X509_STORE_CTX_set_error(store, good ? X509_V_OK : X509_V_ERR_CERT_UNTRUSTED);
  return good ? 1 : 0;
}

Status ask_for_certificates(SSL_CTX* context, const TlsServerSettings& settings) {
  if (settings.client_certificates == ClientCertificates::none) {
    return {};
  }
  const bool required = settings.client_certificates == ClientCertificates::required;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                     nullptr);
  SSL_CTX_set_cert_verify_callback(context, ask_verifier, settings.client_verifier.get());
  SSL_CTX_set_max_cert_list(context, kMaxClientChain);
  static constexpr unsigned char kSessionContext[] = "unhidra";
  SSL_CTX_set_session_id_context(context, kSessionContext, sizeof(kSessionContext) - 1);
  const auto bio = memory_bio(as_bytes(settings.client_authorities_pem));
  while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    const X509Ptr authority(next);
    if (SSL_CTX_add_client_CA(context, next) != 1) {
      return bad("an authority of clients cannot be used");
    }
  }
  ERR_clear_error();
  return {};
}

std::optional<Bytes> tls_unique_of(SSL* ssl) {
  if (SSL_version(ssl) != TLS1_2_VERSION || SSL_get_extms_support(ssl) != 1) {
    return std::nullopt;
  }
  // The first Finished message: the client's, unless the session was resumed.
  Bytes out(EVP_MAX_MD_SIZE);
  const auto size = SSL_session_reused(ssl) == 1
                        ? SSL_get_finished(ssl, out.data(), out.size())
                        : SSL_get_peer_finished(ssl, out.data(), out.size());
  if (size == 0 || size > out.size()) {
    return std::nullopt;
  }
  out.resize(size);
  return out;
}

struct ServerParts {
  SslCtxPtr context;
  ByteArray<32> fingerprint;
};

Result<ServerParts> make_server(const TlsServerSettings& settings) {
  UNHIDRA_TRY(auto context, make_context(TLS_server_method()));
  UNHIDRA_TRY_VOID(use_chain(context.get(), settings.certificate_chain_pem));
  UNHIDRA_TRY_VOID(use_key(context.get(), settings.private_key_pem));
  set_ticket_policy(context.get(), settings.session_tickets &&
                                       settings.client_certificates == ClientCertificates::none);
  UNHIDRA_TRY_VOID(ask_for_certificates(context.get(), settings));
  SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol,
                             const_cast<char*>(wire_name(settings.application_protocol).data()));
  UNHIDRA_TRY(const auto fingerprint, fingerprint_of(SSL_CTX_get0_certificate(context.get())));
  return ServerParts{std::move(context), fingerprint};
}

int check_pin(X509_STORE_CTX* store, void* fingerprint) {
  const auto& wanted = *static_cast<const ByteArray<32>*>(fingerprint);
  X509* leaf = X509_STORE_CTX_get0_cert(store);
  bool same = false;
  if (leaf != nullptr) {
    const auto found = fingerprint_of(leaf);
    same = found && *found == wanted;
  }
  X509_STORE_CTX_set_error(store, same ? X509_V_OK : X509_V_ERR_CERT_UNTRUSTED);
  return same ? 1 : 0;
}

Status trust_pem(SSL_CTX* context, const std::string& pem) {
  const auto bio = memory_bio(as_bytes(pem));
  int count = 0;
  while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    const X509Ptr certificate(next);
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), next) != 1) {
      return bad("a CA certificate cannot be used");
    }
    ++count;
  }
  ERR_clear_error();
  if (count == 0) {
    return fail(Errc::bad_settings, "there is no CA certificate in the PEM text");
  }
  return {};
}

}  // namespace

std::string take_openssl_error() {
  const auto code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) {
    return "unexpected end";
  }
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "error " + std::to_string(code);
}

std::optional<Bytes> tls_exporter_of(SSL* ssl) {
  static constexpr std::string_view kLabel = "EXPORTER-Channel-Binding";  // RFC 9266 section 2
  Bytes out(32);
  if (SSL_version(ssl) != TLS1_3_VERSION ||
      SSL_export_keying_material(ssl, out.data(), out.size(), kLabel.data(), kLabel.size(), nullptr,
                                 0, 1) != 1) {
    return std::nullopt;
  }
  return out;
}

std::shared_ptr<const TlsPeer> tls_peer_of(SSL* ssl) {
  if ((SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) == 0) {
    return nullptr;
  }
  ERR_clear_error();
  auto out = std::make_shared<TlsPeer>();
  if (const X509* certificate = SSL_get0_peer_certificate(ssl)) {
    unsigned char* der = nullptr;
    const int size = i2d_X509(certificate, &der);
    out->certificate.assign(der, der + std::max(size, 0));
    OPENSSL_free(der);
  }
  out->tls_unique = tls_unique_of(ssl);
  out->tls_exporter = tls_exporter_of(ssl);
  return out;
}

void pin_certificate(SSL_CTX* context, const ByteArray<32>* fingerprint) {
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context, check_pin, const_cast<ByteArray<32>*>(fingerprint));
}

Status show_client_certificate(SSL_CTX* context, const TlsClientSettings& settings) {
  if (settings.client_certificate_pem.empty() && !settings.client_key_pem) {
    return {};
  }
  if (!settings.client_key_pem) {
    return bad("a client certificate needs its private key");
  }
  UNHIDRA_TRY_VOID(use_chain(context, settings.client_certificate_pem));
  return use_key(context, *settings.client_key_pem);
}

TlsServerContext::TlsServerContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsServerContext::~TlsServerContext() = default;

Result<std::shared_ptr<TlsServerContext>> TlsServerContext::create(TlsServerSettings settings) {
  auto out = std::make_shared<TlsServerContext>(std::make_unique<Impl>());
  UNHIDRA_TRY_VOID(out->reload(std::move(settings)));
  return out;
}

Status TlsServerContext::reload(TlsServerSettings settings) {
  UNHIDRA_TRY(auto parts, make_server(settings));
  const std::lock_guard lock(impl_->mutex);
  impl_->context = std::move(parts.context);
  impl_->fingerprint = parts.fingerprint;
  auto& verifiers = impl_->verifiers;
  if (settings.client_verifier &&
      std::ranges::find(verifiers, settings.client_verifier) == verifiers.end()) {
    verifiers.push_back(std::move(settings.client_verifier));
  }
  return {};
}

ByteArray<32> TlsServerContext::fingerprint() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->fingerprint;
}

SslPtr TlsServerContext::Impl::make_ssl() const {
  const std::lock_guard lock(mutex);
  SslPtr ssl(SSL_new(context.get()));
  if (ssl) {
    SSL_set_accept_state(ssl.get());
  }
  return ssl;
}

TlsClientContext::TlsClientContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsClientContext::~TlsClientContext() = default;

Result<std::shared_ptr<TlsClientContext>> TlsClientContext::create(
    const TlsClientSettings& settings) {
  auto impl = std::make_unique<Impl>();
  UNHIDRA_TRY(impl->context, make_context(TLS_client_method()));
  SSL_CTX* context = impl->context.get();
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  UNHIDRA_TRY_VOID(show_client_certificate(context, settings));
  if (settings.pinned_certificate) {
    impl->pinned_certificate = settings.pinned_certificate;
    pin_certificate(context, &*impl->pinned_certificate);
  } else if (!settings.ca_pem.empty()) {
    UNHIDRA_TRY_VOID(trust_pem(context, settings.ca_pem));
  }
  if (!settings.ca_file.empty() &&
      SSL_CTX_load_verify_locations(context, settings.ca_file.c_str(), nullptr) != 1) {
    return bad("the CA file cannot be read");
  }
  if (settings.ca_file.empty() && settings.ca_pem.empty() &&
      SSL_CTX_set_default_verify_paths(context) != 1) {
    return bad("the system's CA certificates cannot be read");
  }
  return std::make_shared<TlsClientContext>(std::move(impl));
}

SslPtr TlsClientContext::Impl::make_ssl(const std::string& name) const {
  SslPtr ssl(SSL_new(context.get()));
  if (!ssl) {
    return ssl;
  }
  SSL_set_connect_state(ssl.get());
  ByteArray<16> address{};
  const bool numeric = inet_pton(AF_INET, name.c_str(), address.data()) == 1 ||
                       inet_pton(AF_INET6, name.c_str(), address.data()) == 1;
  if (!numeric && SSL_set_tlsext_host_name(ssl.get(), name.c_str()) != 1) {
    return nullptr;
  }
  if (!pinned_certificate) {
    auto* parameters = SSL_get0_param(ssl.get());
    X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const int ok = numeric ? X509_VERIFY_PARAM_set1_ip_asc(parameters, name.c_str())
                           : X509_VERIFY_PARAM_set1_host(parameters, name.c_str(), 0);
    if (ok != 1) {
      return nullptr;
    }
  }
  return ssl;
}

}  // namespace unhidra::net
