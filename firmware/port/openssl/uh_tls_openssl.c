#define _DEFAULT_SOURCE  // getaddrinfo, clock_gettime
#include "uh_tls_openssl.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#define FINGERPRINT_SIZE 32

struct uh_tls {
  int descriptor;
  SSL_CTX* context;
  SSL* ssl;
  uint8_t fingerprint[FINGERPRINT_SIZE];
};

static int64_t now(void) {
  struct timespec time;
  (void)clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static bool wait_for(int descriptor, short events, int64_t until) {
  struct pollfd one = {.fd = descriptor, .events = events};
  int64_t left = until - now();
  int ready = -1;
  do {
    ready = left <= 0 ? 0 : poll(&one, 1, (int)left);
    left = until - now();
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

// ---- TCP ----

static int dial(const struct addrinfo* to, int64_t until) {
  const int descriptor = socket(to->ai_family, SOCK_STREAM, 0);
  if (descriptor < 0) {
    return -1;
  }
  const int on = 1;
  int failed = 0;
  socklen_t size = sizeof failed;
  (void)fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  (void)fcntl(descriptor, F_SETFL, O_NONBLOCK);
  (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const bool started =
      connect(descriptor, to->ai_addr, to->ai_addrlen) == 0 || errno == EINPROGRESS;
  if (started && wait_for(descriptor, POLLOUT, until) &&
      getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failed, &size) == 0 && failed == 0) {
    return descriptor;
  }
  (void)close(descriptor);
  return -1;
}

static int reach(const uh_tls_settings* settings, int64_t until) {
  const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
  struct addrinfo* list = NULL;
  if (getaddrinfo(settings->host, settings->port, &hints, &list) != 0) {
    return -1;
  }
  int descriptor = -1;
  for (const struct addrinfo* one = list; one != NULL && descriptor < 0; one = one->ai_next) {
    descriptor = dial(one, until);
  }
  freeaddrinfo(list);
  return descriptor;
}

// ---- TLS ----

static int check_pin(X509_STORE_CTX* store, void* fingerprint) {
  uint8_t found[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  const X509* leaf = X509_STORE_CTX_get0_cert(store);
  const bool same = leaf != NULL && X509_digest(leaf, EVP_sha256(), found, &size) == 1 &&
                    size == FINGERPRINT_SIZE && memcmp(found, fingerprint, size) == 0;
  X509_STORE_CTX_set_error(store, same ? X509_V_OK : X509_V_ERR_CERT_UNTRUSTED);
  return same;
}

static bool show_certificate(SSL_CTX* context, const uh_tls_settings* settings) {
  return settings->certificate == NULL ||
         (SSL_CTX_use_certificate_ASN1(context, (int)settings->certificate_size,
                                       settings->certificate) == 1 &&
          SSL_CTX_use_PrivateKey_file(context, settings->key_file, SSL_FILETYPE_PEM) == 1 &&
          SSL_CTX_check_private_key(context) == 1);
}

static bool prepare(uh_tls* tls, const uh_tls_settings* settings) {
  static const unsigned char kMqtt[] = "\x04mqtt";
  tls->context = SSL_CTX_new(TLS_client_method());
  if (tls->context == NULL || SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION) != 1 ||
      !show_certificate(tls->context, settings)) {
    return false;
  }
  SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, NULL);
  SSL_CTX_set_mode(tls->context,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (settings->fingerprint != NULL) {
    memcpy(tls->fingerprint, settings->fingerprint, FINGERPRINT_SIZE);
    SSL_CTX_set_cert_verify_callback(tls->context, check_pin, tls->fingerprint);
  } else if (SSL_CTX_load_verify_file(tls->context, settings->ca_file) != 1) {
    return false;
  }
  tls->ssl = SSL_new(tls->context);
  if (tls->ssl == NULL || SSL_set_fd(tls->ssl, tls->descriptor) != 1 ||
      SSL_set_alpn_protos(tls->ssl, kMqtt, sizeof kMqtt - 1) != 0) {
    return false;
  }
  uint8_t address[16];
  const bool is_address = inet_pton(AF_INET, settings->host, address) == 1 ||
                          inet_pton(AF_INET6, settings->host, address) == 1;
  if (settings->fingerprint != NULL) {
    return true;  // the pin stands for name and issuer
  }
  return is_address ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls->ssl), settings->host) == 1
                    : SSL_set1_host(tls->ssl, settings->host) == 1 &&
                          SSL_set_tlsext_host_name(tls->ssl, settings->host) == 1;
}

// What an alert or an error of the handshake means.
static uh_tls_result judge(const uh_tls* tls, char* why, size_t why_size) {
  const unsigned long error = ERR_peek_last_error();
  const long verified = tls->ssl == NULL ? X509_V_OK : SSL_get_verify_result(tls->ssl);
  const char* reason = ERR_reason_error_string(error);
  (void)snprintf(why, why_size, "%s",
                 verified != X509_V_OK ? X509_verify_cert_error_string(verified)
                 : reason != NULL      ? reason
                                       : "the connection ended");
  ERR_clear_error();
  if (verified != X509_V_OK) {
    return UH_TLS_UNTRUSTED;
  }
  switch (ERR_GET_REASON(error)) {
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      return UH_TLS_REFUSED;
    default:
      return UH_TLS_CLOSED;
  }
}

// Whether a call of OpenSSL only waits for the descriptor, and for what.
static short awaited(const uh_tls* tls, int result) {
  const int error = SSL_get_error(tls->ssl, result);
  return error == SSL_ERROR_WANT_READ ? POLLIN : error == SSL_ERROR_WANT_WRITE ? POLLOUT : 0;
}

static uh_tls_result shake_hands(uh_tls* tls, int64_t until, char* why, size_t why_size) {
  for (;;) {
    ERR_clear_error();
    const int result = SSL_connect(tls->ssl);
    if (result == 1) {
      return UH_TLS_OK;
    }
    const short events = awaited(tls, result);
    if (events == 0) {
      return judge(tls, why, why_size);
    }
    if (!wait_for(tls->descriptor, events, until)) {
      (void)snprintf(why, why_size, "the TLS handshake took too long");
      return UH_TLS_UNREACHED;
    }
  }
}

uh_tls_result uh_tls_connect(const uh_tls_settings* settings, uh_tls** out, char* why,
                             size_t why_size) {
  const int64_t until = now() + settings->timeout;
  uh_tls* tls = calloc(1, sizeof *tls);
  uh_tls_result result = UH_TLS_UNREACHED;
  (void)snprintf(why, why_size, "nobody answers at %s:%s", settings->host, settings->port);
  if (tls == NULL) {
    return UH_TLS_CLOSED;
  }
  tls->descriptor = reach(settings, until);
  if (tls->descriptor >= 0) {
    ERR_clear_error();
    result =
        prepare(tls, settings) ? shake_hands(tls, until, why, why_size) : judge(tls, why, why_size);
  }
  if (result != UH_TLS_OK) {
    uh_tls_close(tls);
    return result;
  }
  *out = tls;
  return UH_TLS_OK;
}

static uh_tls_result after(const uh_tls* tls, int result) {
  if (awaited(tls, result) != 0) {
    return UH_TLS_AGAIN;
  }
  // In TLS 1.3 the server judges our certificate after our side of the handshake is over.
  char why[128];
  return judge(tls, why, sizeof why) == UH_TLS_REFUSED ? UH_TLS_REFUSED : UH_TLS_CLOSED;
}

uh_tls_result uh_tls_read(uh_tls* tls, uint8_t* out, size_t capacity, size_t* done) {
  ERR_clear_error();
  *done = 0;
  const int result = SSL_read_ex(tls->ssl, out, capacity, done);
  return result == 1 ? UH_TLS_OK : after(tls, result);
}

uh_tls_result uh_tls_write(uh_tls* tls, const uint8_t* data, size_t size, size_t* done) {
  ERR_clear_error();
  *done = 0;
  const int result = SSL_write_ex(tls->ssl, data, size, done);
  return result == 1 ? UH_TLS_OK : after(tls, result);
}

int uh_tls_descriptor(const uh_tls* tls) {
  return tls->descriptor;
}

bool uh_tls_has_buffered(const uh_tls* tls) {
  return SSL_pending(tls->ssl) > 0;
}

void uh_tls_close(uh_tls* tls) {
  if (tls->ssl != NULL) {
    (void)SSL_shutdown(tls->ssl);
    ERR_clear_error();
  }
  SSL_free(tls->ssl);
  SSL_CTX_free(tls->context);
  if (tls->descriptor >= 0) {
    (void)close(tls->descriptor);
  }
  free(tls);
}
