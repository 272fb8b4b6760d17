#include "unhidra/net/http_client.h"

#include <set>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "unhidra/net/errc.h"

#include "test_server.h"

namespace unhidra::net::test {
namespace {

std::string url(const TestServer& server, std::string_view path, std::string_view scheme = "http") {
  return std::string(scheme) + "://localhost:" + std::to_string(server.port()) + std::string(path);
}

TEST(HttpClient, SendsARequestAndGivesTheAnswer) {
  TestServer server;
  HttpClient client({});
  const auto got = client.fetch_sync({.url = url(server, "/a?b=c")});
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(got->status, 200);
  EXPECT_EQ(as_text(got->body), "GET /a?b=c");
  EXPECT_EQ(got->headers.get("content-type"), "text/plain; charset=utf-8");
  const Bytes body(300'000, 'p');
  const auto posted = client.fetch_sync({.method = "POST", .url = url(server, "/"), .body = body});
  ASSERT_TRUE(posted);
  EXPECT_EQ(posted->body, body);
  EXPECT_EQ(client.fetch_sync({.method = "HEAD", .url = url(server, "/")})->body.size(), 0U);
  EXPECT_EQ(client.fetch_sync({.method = "DELETE", .url = url(server, "/empty")})->status, 204);
  EXPECT_EQ(client.fetch_sync({.url = url(server, "/throw")})->status, 500);
}

TEST(HttpClient, ComesBackToTheCallersExecutor) {
  TestServer server;
  HttpClient client({});
  const auto there = [](HttpClient& fetcher, Executor executor, std::string where) -> Task<bool> {
    HttpRequestSpec request{.url = where};
    const auto response = co_await fetcher.fetch(std::move(request));
    co_return response && response->status == 200 &&
        executor.target<boost::asio::io_context::executor_type>()->running_in_this_thread();
  };
  const auto executor = server.threads().at(1);
  std::vector<std::future<bool>> all;
  for (int i = 0; i < 20; ++i) {
    all.push_back(boost::asio::co_spawn(executor, there(client, executor, url(server, "/slow")),
                                        boost::asio::use_future));
  }
  const auto start = std::chrono::steady_clock::now();
  for (auto& one : all) {
    EXPECT_TRUE(one.get());
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, 1500ms) << "they ran one after the other";
}

TEST(HttpClient, ShowsItsOwnCertificateWhereItIsAskedForOne) {
  const auto certificate = make_certificate();
  auto settings = tls_settings(certificate);
  settings.client_certificates = ClientCertificates::required;
  const auto context = TlsServerContext::create(std::move(settings)).value();
  TestServer server({}, context);
  const auto fetch = [&](TlsClientSettings own) {
    own.pinned_certificate = context->fingerprint();
    HttpClient client({.tls = std::move(own)});
    return client.fetch_sync({.url = url(server, "/tls-peer", "https")});
  };
  const auto key_of = [](const Certificate& of) {
    return std::make_shared<const SecretBytes>(SecretBytes::copy_of(as_bytes(of.key_pem)));
  };
  const auto known =
      fetch({.client_certificate_pem = certificate.pem, .client_key_pem = key_of(certificate)});
  ASSERT_TRUE(known) << known.error().message();
  EXPECT_FALSE(as_text(known->body).starts_with("0 ")) << as_text(known->body);
  EXPECT_FALSE(fetch({})) << "none was shown";
  const auto other = make_certificate();
  EXPECT_EQ(
      fetch({.client_certificate_pem = certificate.pem, .client_key_pem = key_of(other)}).error(),
      net::Errc::bad_settings);
  EXPECT_EQ(fetch({.client_certificate_pem = certificate.pem}).error(), net::Errc::bad_settings);
}

// What the server sees of the channel is what the body was made from, on each connection anew.
TEST(HttpClient, MakesABodyForItsConnection) {
  const auto certificate = make_certificate();
  auto settings = tls_settings(certificate);
  settings.client_certificates = ClientCertificates::optional;
  const auto context = TlsServerContext::create(std::move(settings)).value();
  TestServer server({}, context);
  std::set<Bytes> bindings;
  const auto bind = [&](ByteView binding) -> Result<Bytes> {
    bindings.insert(to_bytes(binding));
    return to_bytes(binding);
  };
  for (int i = 0; i < 2; ++i) {
    HttpClient client({.tls = {.ca_pem = certificate.pem}});
    const auto got =
        client.fetch_sync({.method = "POST", .url = url(server, "/", "https"), .make_body = bind});
    ASSERT_TRUE(got) << got.error().message();
    EXPECT_EQ(got->body.size(), 32U);
    EXPECT_TRUE(bindings.contains(got->body));
  }
  EXPECT_EQ(bindings.size(), 2U);
  TestServer plain;
  HttpClient client({});
  const auto large = [](ByteView binding) -> Result<Bytes> {
    EXPECT_TRUE(binding.empty());
    return Bytes(300'000, 'p');
  };
  EXPECT_EQ(client.fetch_sync({.method = "POST", .url = url(plain, "/"), .make_body = large})->body,
            Bytes(300'000, 'p'));
  const auto none = [](ByteView) -> Result<Bytes> { return fail(net::Errc::closed, "no body"); };
  EXPECT_FALSE(client.fetch_sync({.method = "POST", .url = url(plain, "/"), .make_body = none}));
}

TEST(HttpClient, ChecksTheServersCertificate) {
  const auto certificate = make_certificate();
  const auto context = TlsServerContext::create(tls_settings(certificate)).value();
  TestServer server({}, context);
  const auto fetch = [&](TlsClientSettings trust) {
    HttpClient client({.tls = std::move(trust)});
    return client.fetch_sync({.url = url(server, "/", "https")});
  };
  EXPECT_TRUE(fetch({.ca_pem = certificate.pem}));
  EXPECT_TRUE(fetch({.pinned_certificate = context->fingerprint()}));
  EXPECT_EQ(fetch({}).error(), net::Errc::untrusted);
  EXPECT_EQ(fetch({.ca_pem = make_certificate().pem}).error(), net::Errc::untrusted);
  auto wrong = context->fingerprint();
  wrong[0] ^= 1;
  const auto mismatch = fetch({.pinned_certificate = wrong});
  ASSERT_FALSE(mismatch);
  EXPECT_EQ(mismatch.error(), net::Errc::untrusted) << mismatch.error().message();
}

TEST(HttpClient, SaysWhatWentWrong) {
  TestServer server;
  HttpClient client({});
  EXPECT_EQ(client.fetch_sync({.url = url(server, "/slow"), .timeout = 20ms}).error(),
            net::Errc::timed_out);
  EXPECT_EQ(client.fetch_sync({.url = url(server, "/big"), .max_response_bytes = 1000}).error(),
            net::Errc::too_large);
  EXPECT_EQ(client.fetch_sync({.url = "file:///etc/hostname"}).error(), net::Errc::bad_settings);
  EXPECT_EQ(client.fetch_sync({.url = "gopher://localhost/"}).error(), net::Errc::bad_settings);
  EXPECT_EQ(client.fetch_sync({.url = "http://127.0.0.1:1/"}).error(), net::Errc::connect_failed);
  EXPECT_EQ(client.fetch_sync({.url = url(server, "/"), .headers = {{"X", "a\r\nY: b"}}}).error(),
            net::Errc::bad_settings);
}

TEST(HttpClient, CancelsWhatIsUnderWayWhenItEnds) {
  TestServer server;
  std::future<net::Errc> pending;
  {
    auto client = std::make_unique<HttpClient>(HttpClientSettings{});
    const auto fetch = [](HttpClient& fetcher, std::string where) -> Task<net::Errc> {
      HttpRequestSpec request{.url = where};
      const auto response = co_await fetcher.fetch(std::move(request));
      co_return !response && response.error() == net::Errc::closed ? net::Errc::closed
                                                                   : net::Errc::bad_message;
    };
    pending = boost::asio::co_spawn(server.threads().at(0), fetch(*client, url(server, "/slow")),
                                    boost::asio::use_future);
    ASSERT_TRUE(eventually([&] { return server.handler().handled == 1; }));
  }
  EXPECT_EQ(pending.get(), net::Errc::closed);
}

}  // namespace
}  // namespace unhidra::net::test
