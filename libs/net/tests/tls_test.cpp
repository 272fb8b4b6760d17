#include "unhidra/net/tls.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "unhidra/base/text.h"
#include "unhidra/net/errc.h"

#include "test_server.h"
#include "tls_impl.h"

namespace unhidra::net::test {
namespace {

const Certificate& certificate() {
  static const Certificate made = make_certificate();
  return made;
}
std::shared_ptr<TlsServerContext> server_context(bool tickets = false) {
  auto settings = tls_settings(certificate());
  settings.session_tickets = tickets;
  return TlsServerContext::create(std::move(settings)).value();
}
std::shared_ptr<TlsClientContext> client_context(TlsClientSettings settings) {
  return TlsClientContext::create(settings).value();
}

Result<std::shared_ptr<WebSocketConnection>> connect_tls(TestServer& server,
                                                         TlsClientSettings trust,
                                                         std::string name = "localhost") {
  auto settings = client_settings(server.port());
  settings.tls = client_context(std::move(trust));
  settings.server_name = std::move(name);
  return connect(server.threads().at(0), settings, std::make_shared<EchoListener>());
}

TEST(Tls, CarriesMessagesOfEverySize) {
  TestServer server({}, server_context());
  auto settings = client_settings(server.port());
  settings.tls = client_context({.ca_pem = certificate().pem});
  settings.server_name = "localhost";
  const auto listener = std::make_shared<EchoListener>();
  listener->set_echo(false);
  const auto client = connect(server.threads().at(1), settings, listener);
  ASSERT_TRUE(client) << client.error().message();
  std::size_t expected = 0;
  for (const std::size_t size :
       std::initializer_list<std::size_t>{0, 1, 16'000, 16'384, 16'385, 100'000, 1'000'000}) {
    const Bytes message(size, static_cast<Byte>(size));
    (*client)->send_binary(message);
    ++expected;
    ASSERT_TRUE(eventually([&] { return listener->messages() == expected; })) << size;
    EXPECT_EQ(listener->last(), message);
  }
  (*client)->close(CloseCode::normal, "");
  EXPECT_TRUE(eventually([&] { return server.stats().open_connections == 0; }));
  EXPECT_EQ(server.handler().last_listener()->close_code(), CloseCode::normal);
}

TEST(Tls, TrustsACaOnlyForTheRightName) {
  TestServer server({}, server_context());
  EXPECT_TRUE(connect_tls(server, {.ca_pem = certificate().pem}));
  EXPECT_TRUE(connect_tls(server, {.ca_pem = certificate().pem}, "127.0.0.1"));
  const auto other = connect_tls(server, {.ca_pem = certificate().pem}, "example.org");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error(), net::Errc::untrusted) << other.error().message();
  const auto nobody = connect_tls(server, {.ca_pem = make_certificate().pem});
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error(), net::Errc::untrusted) << nobody.error().message();
  const auto system = connect_tls(server, {});
  ASSERT_FALSE(system);
  EXPECT_EQ(system.error(), net::Errc::untrusted);
  EXPECT_TRUE(eventually([&] { return server.stats().handshakes_failed == 3; }));
}

TEST(Tls, TrustsExactlyThePinnedCertificate) {
  const auto context = server_context();
  TestServer server({}, context);
  EXPECT_TRUE(connect_tls(server, {.pinned_certificate = context->fingerprint()}, "any.name"));
  auto wrong = context->fingerprint();
  wrong[31] ^= 1;
  const auto mismatch = connect_tls(server, {.pinned_certificate = wrong});
  ASSERT_FALSE(mismatch);
  EXPECT_EQ(mismatch.error(), net::Errc::untrusted) << mismatch.error().message();
}

TEST(Tls, ReloadsItsCertificateWithoutARestart) {
  const auto context = server_context();
  const auto before = context->fingerprint();
  TestServer server({}, context);
  const auto old_client = connect_tls(server, {.pinned_certificate = before});
  ASSERT_TRUE(old_client);
  ASSERT_TRUE(context->reload(tls_settings(make_certificate())));
  EXPECT_NE(context->fingerprint(), before);
  EXPECT_FALSE(connect_tls(server, {.pinned_certificate = before}));
  EXPECT_TRUE(connect_tls(server, {.pinned_certificate = context->fingerprint()}));
  EXPECT_TRUE((*old_client)->is_open());
  // A reload that fails changes nothing.
  auto mixed = tls_settings(make_certificate());
  mixed.certificate_chain_pem = certificate().pem;
  EXPECT_FALSE(context->reload(std::move(mixed)));
  EXPECT_TRUE(connect_tls(server, {.pinned_certificate = context->fingerprint()}));
}

TEST(Tls, RefusesSettingsThatCannotWork) {
  auto no_key = tls_settings(certificate());
  no_key.private_key_pem = SecretBytes::copy_of(as_bytes("nothing"));
  EXPECT_EQ(TlsServerContext::create(std::move(no_key)).error(), net::Errc::bad_settings);
  auto no_certificate = tls_settings(certificate());
  no_certificate.certificate_chain_pem = "";
  EXPECT_EQ(TlsServerContext::create(std::move(no_certificate)).error(), net::Errc::bad_settings);
  EXPECT_EQ(TlsClientContext::create({.ca_pem = "nothing"}).error(), net::Errc::bad_settings);
  EXPECT_EQ(TlsClientContext::create({.ca_file = "/does/not/exist"}).error(),
            net::Errc::bad_settings);
}

// OpenSSL as a foreign client, with settings of the test's choice.
struct Foreign {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL* ssl = nullptr;
  BIO* bio = nullptr;
  SSL_SESSION* session = nullptr;  // to resume; not owned
  bool connect(std::uint16_t port) {
    bio = BIO_new_connect(("127.0.0.1:" + std::to_string(port)).c_str());
    BIO_do_connect(bio);
    ssl = SSL_new(context);
    SSL_set_bio(ssl, bio, bio);
    if (session != nullptr) {
      SSL_set_session(ssl, session);
    }
    return SSL_connect(ssl) == 1;
  }
  ~Foreign() {
    SSL_free(ssl);
    SSL_CTX_free(context);
  }
};

TEST(Tls, SpeaksOnlyNewVersionsAndGoodSuites) {
  TestServer server({}, server_context());
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION}) {
    Foreign client;
    SSL_CTX_set_security_level(client.context, 0);
    SSL_CTX_set_min_proto_version(client.context, version);
    SSL_CTX_set_max_proto_version(client.context, version);
    EXPECT_EQ(client.connect(server.port()), version >= TLS1_2_VERSION) << std::hex << version;
  }
  for (const auto* suites : {"AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "NULL"}) {
    Foreign client;
    SSL_CTX_set_security_level(client.context, 0);
    SSL_CTX_set_max_proto_version(client.context, TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(client.context, suites);
    EXPECT_FALSE(client.connect(server.port())) << suites;
  }
}

TEST(Tls, RefusesRenegotiation) {
  TestServer server({}, server_context());
  Foreign client;
  SSL_CTX_set_max_proto_version(client.context, TLS1_2_VERSION);
  ASSERT_TRUE(client.connect(server.port()));
  SSL_renegotiate(client.ssl);
  EXPECT_NE(SSL_do_handshake(client.ssl), 1);
}

TEST(Tls, AgreesOnHttp11AndNothingElse) {
  TestServer server({}, server_context());
  static constexpr unsigned char kBoth[] = "\x02h2\x08http/1.1";
  Foreign both;
  SSL_CTX_set_alpn_protos(both.context, kBoth, sizeof(kBoth) - 1);
  ASSERT_TRUE(both.connect(server.port()));
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(both.ssl, &chosen, &size);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(chosen), size), "http/1.1");
  Foreign h2;
  SSL_CTX_set_alpn_protos(h2.context, kBoth, 3);
  EXPECT_FALSE(h2.connect(server.port()));
}

std::string ask_who(Foreign& client) {
  const std::string request = "GET /tls-peer HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  SSL_write(client.ssl, request.data(), static_cast<int>(request.size()));
  std::string out;
  std::array<char, 4096> part{};
  int size = 0;
  while ((size = SSL_read(client.ssl, part.data(), part.size())) > 0) {
    out.append(part.data(), static_cast<std::size_t>(size));
  }
  const auto body = out.find("\r\n\r\n");
  return body == std::string::npos ? "" : out.substr(body + 4);
}

void show_certificate(Foreign& client, const Certificate& own) {
  const std::unique_ptr<BIO, OpenSslDeleter<BIO_free>> pem(BIO_new_mem_buf(own.pem.data(), -1));
  const std::unique_ptr<BIO, OpenSslDeleter<BIO_free>> key(BIO_new_mem_buf(own.key_pem.data(), -1));
  X509* x509 = PEM_read_bio_X509(pem.get(), nullptr, nullptr, nullptr);
  EVP_PKEY* pkey = PEM_read_bio_PrivateKey(key.get(), nullptr, nullptr, nullptr);
  SSL_CTX_use_certificate(client.context, x509);
  SSL_CTX_use_PrivateKey(client.context, pkey);
  X509_free(x509);
  EVP_PKEY_free(pkey);
}

std::shared_ptr<TlsServerContext> asking_context(
    ClientCertificates mode, std::shared_ptr<ClientCertificateVerifier> verifier = nullptr) {
  auto settings = tls_settings(certificate());
  settings.client_certificates = mode;
  settings.client_verifier = std::move(verifier);
  return TlsServerContext::create(std::move(settings)).value();
}

TEST(Tls, HandlersSeeTheClientsCertificateAndTheBindingsOfTheChannel) {
  TestServer server({}, asking_context(ClientCertificates::optional));
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const bool shown : {false, true}) {
      Foreign client;
      SSL_CTX_set_max_proto_version(client.context, version);
      if (shown) {
        show_certificate(client, certificate());
      }
      ASSERT_TRUE(client.connect(server.port()));
      ByteArray<64> finished{};
      const auto size = SSL_get_finished(client.ssl, finished.data(), finished.size());
      ByteArray<32> exported{};
      ASSERT_EQ(SSL_export_keying_material(client.ssl, exported.data(), exported.size(),
                                           "EXPORTER-Channel-Binding", 24, nullptr, 0, 1),
                1);
      const bool modern = version == TLS1_3_VERSION;
      const auto unique = modern ? "-" : to_hex(ByteView(finished).first(size));
      const auto answer = ask_who(client);
      EXPECT_TRUE(answer.ends_with(" " + unique + " " + (modern ? to_hex(exported) : "-") + "\n"))
          << answer;
      EXPECT_EQ(answer.starts_with("0 "), !shown) << answer;
    }
  }
  TestServer other({}, server_context());
  Foreign client;
  ASSERT_TRUE(client.connect(other.port()));
  EXPECT_EQ(ask_who(client), "nobody asked\n");
}

class Fickle final : public ClientCertificateVerifier {
 public:
  Status verify(ByteView) override {
    return good ? Status() : fail(net::Errc::untrusted, "not today");
  }
  std::atomic<bool> good{true};
};

TEST(Tls, OneVerifierDecidesForEveryListenerAndAtEachHandshake) {
  const auto verifier = std::make_shared<Fickle>();
  const auto context = asking_context(ClientCertificates::required, verifier);
  TestServer first({}, context);
  TestServer second({}, asking_context(ClientCertificates::optional, verifier));
  const auto comes_through = [&](TestServer& server, bool shown) {
    Foreign client;
    if (shown) {
      show_certificate(client, certificate());
    }
    return client.connect(server.port()) && !ask_who(client).empty();
  };
  EXPECT_TRUE(comes_through(first, true));
  EXPECT_FALSE(comes_through(first, false));
  EXPECT_TRUE(comes_through(second, false));
  verifier->good = false;
  EXPECT_FALSE(comes_through(first, true));
  EXPECT_FALSE(comes_through(second, true));
  verifier->good = true;
  ASSERT_TRUE(context->reload(tls_settings(certificate())));
  EXPECT_TRUE(comes_through(first, false));  // what was loaded last asks for nothing
}

TEST(Tls, ResumesOnlyWhenTicketsAreOn) {
  for (const bool tickets : {false, true}) {
    TestServer server({}, server_context(tickets));
    const std::string request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    Foreign first;
    ASSERT_TRUE(first.connect(server.port()));
    SSL_write(first.ssl, request.data(), static_cast<int>(request.size()));
    std::array<char, 4096> answer;
    while (SSL_read(first.ssl, answer.data(), answer.size()) > 0) {
    }
    SSL_SESSION* session = SSL_get0_session(first.ssl);
    EXPECT_EQ(SSL_SESSION_is_resumable(session) == 1, tickets);
    EXPECT_EQ(SSL_SESSION_get_max_early_data(session), 0U);
    Foreign second;
    second.session = session;
    ASSERT_TRUE(second.connect(server.port()));
    EXPECT_EQ(SSL_session_reused(second.ssl) == 1, tickets);
  }
}

TEST(Tls, AsksTheVerifierEachTimeWhateverTheClientKeeps) {
  auto settings = tls_settings(certificate());
  settings.session_tickets = true;
  settings.client_certificates = ClientCertificates::required;
  settings.client_verifier = std::make_shared<Fickle>();
  TestServer server({}, TlsServerContext::create(std::move(settings)).value());
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Foreign client;
    SSL_CTX_set_max_proto_version(client.context, version);
    show_certificate(client, certificate());
    ASSERT_TRUE(client.connect(server.port()));
    ASSERT_FALSE(ask_who(client).empty());
    EXPECT_EQ(SSL_SESSION_is_resumable(SSL_get0_session(client.ssl)), 0);
  }
}

TEST(Tls, AgreesOnMqttWhereMqttIsSpoken) {
  auto settings = tls_settings(certificate());
  settings.application_protocol = ApplicationProtocol::mqtt;
  TestServer server({}, TlsServerContext::create(std::move(settings)).value());
  static constexpr unsigned char kBoth[] = "\x08http/1.1\x04mqtt";
  Foreign both;
  SSL_CTX_set_alpn_protos(both.context, kBoth, sizeof(kBoth) - 1);
  ASSERT_TRUE(both.connect(server.port()));
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(both.ssl, &chosen, &size);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(chosen), size), "mqtt");
  Foreign http;
  SSL_CTX_set_alpn_protos(http.context, kBoth, 9);
  EXPECT_FALSE(http.connect(server.port()));
  Foreign silent;
  EXPECT_TRUE(silent.connect(server.port()));
}

TEST(Tls, ClosesAHandshakeThatDoesNotCome) {
  ServerSettings settings;
  settings.handshake_timeout = 150ms;
  TestServer server(settings, server_context());
  RawSocket silent(server.port());
  EXPECT_EQ(silent.read_all(), "");
  EXPECT_TRUE(silent.closed_by_peer());
  RawSocket plain(server.port());
  plain.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  plain.read_all();
  EXPECT_TRUE(plain.closed_by_peer());
  EXPECT_TRUE(eventually([&] { return server.stats().open_connections == 0; }));
  EXPECT_EQ(server.stats().handshakes_failed, 1U);
  EXPECT_EQ(server.stats().timeouts, 1U);
}

TEST(Tls, HoldsNewPeersBackWhileTooManyHandshakesAreUnderWay) {
  ServerSettings settings;
  settings.max_handshakes = 4;
  settings.handshake_timeout = 300ms;
  TestServer server(settings, server_context());
  std::vector<std::unique_ptr<RawSocket>> silent;
  for (int i = 0; i < 8; ++i) {
    silent.push_back(std::make_unique<RawSocket>(server.port()));
  }
  ASSERT_TRUE(eventually([&] { return server.stats().accepted == 4; }));
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(server.stats().accepted, 4U);
  // They time out, and the others get their turn.
  EXPECT_TRUE(connect_tls(server, {.ca_pem = certificate().pem}));
}

}  // namespace
}  // namespace unhidra::net::test
