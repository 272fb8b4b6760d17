#include <thread>

#include <gtest/gtest.h>

#include "unhidra/net/errc.h"

#include "test_server.h"

namespace unhidra::net::test {
namespace {

constexpr std::string_view kHost = "Host: localhost\r\n";

std::string get(std::string_view target, std::string_view more = "Connection: close\r\n") {
  return "GET " + std::string(target) + " HTTP/1.1\r\n" + std::string(kHost) + std::string(more) +
         "\r\n";
}
std::string post(std::string_view target, std::string_view fields, std::string_view body) {
  return "POST " + std::string(target) + " HTTP/1.1\r\n" + std::string(kHost) +
         std::string(fields) + "\r\n" + std::string(body);
}
bool has_status(std::string_view response, int status) {
  return response.starts_with("HTTP/1.1 " + std::to_string(status) + " ");
}
std::size_t count(std::string_view text, std::string_view part) {
  std::size_t out = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) {
    ++out;
  }
  return out;
}

TEST(HttpServer, AnswersARequest) {
  TestServer server;
  const auto response = server.ask(get("/a/b?c=d"));
  EXPECT_TRUE(has_status(response, 200)) << response;
  EXPECT_TRUE(response.ends_with("\r\n\r\nGET /a/b?c=d")) << response;
  EXPECT_EQ(count(response, "Content-Length: 12\r\n"), 1U);
  EXPECT_EQ(count(response, "Date: "), 1U);
  EXPECT_EQ(count(response, "Connection: close\r\n"), 1U);
}

TEST(HttpServer, KeepsTheConnectionForTheNextRequest) {
  TestServer server;
  RawSocket socket(server.port());
  for (int i = 0; i < 3; ++i) {
    socket.send(get("/" + std::to_string(i), ""));
    EXPECT_TRUE(socket.read_until("GET /" + std::to_string(i) + "?").ends_with("?"));
  }
  EXPECT_EQ(server.stats().accepted, 1U);
}

TEST(HttpServer, AnswersPipelinedRequestsInTheirOrder) {
  TestServer server;
  RawSocket socket(server.port());
  socket.send(get("/slow", "") + get("/second", "") + post("/p", "Content-Length: 3\r\n", "abc") +
              get("/last"));
  const auto all = socket.read_all();
  EXPECT_EQ(count(all, "HTTP/1.1 200 OK"), 4U) << all;
  const auto slow = all.find("GET /slow");
  const auto second = all.find("GET /second");
  const auto body = all.find("\r\n\r\nabc");
  const auto last = all.find("GET /last");
  EXPECT_TRUE(slow < second && second < body && body < last) << all;
  EXPECT_NE(last, std::string::npos);
}

TEST(HttpServer, TakesARequestInSinglePieces) {
  TestServer server;
  RawSocket socket(server.port());
  const auto request = "\r\n" + post("/x", "Transfer-Encoding: chunked\r\nConnection: close\r\n",
                                     "4\r\nwxyz\r\n1;e=v\r\n!\r\n0\r\n\r\n");
  for (const char byte : request) {
    socket.send(std::string_view(&byte, 1));
  }
  const auto response = socket.read_all();
  EXPECT_TRUE(response.ends_with("\r\n\r\nwxyz!")) << response;
}

TEST(HttpServer, SendsABodyInPiecesAndGoesOn) {
  TestServer server;
  RawSocket socket(server.port());
  socket.send(get("/pieces", "") + get("/after"));
  const auto all = socket.read_all();
  EXPECT_TRUE(has_status(all, 200));
  EXPECT_EQ(count(all, "Content-Length: 3145728\r\n"), 1U);
  const auto body = all.find("\r\n\r\n") + 4;
  EXPECT_EQ(all.substr(body, 3 << 20),
            std::string(1 << 20, 'a') + std::string(1 << 20, 'b') + std::string(1 << 20, 'c'));
  EXPECT_TRUE(all.ends_with("GET /after?")) << all.substr(all.size() - 200);
}

TEST(HttpServer, CutsOffABodyThatCannotBeReadToItsEnd) {
  TestServer server;
  RawSocket socket(server.port());
  socket.send(get("/broken-pieces", ""));
  const auto all = socket.read_all();
  EXPECT_TRUE(socket.closed_by_peer());
  EXPECT_LE(all.size(), (1U << 20) + 500U);
}

TEST(HttpServer, AnswersHeadOfABodyInPiecesWithItsLengthAlone) {
  TestServer server;
  const auto response =
      server.ask("HEAD /pieces HTTP/1.1\r\n" + std::string(kHost) + "Connection: close\r\n\r\n");
  EXPECT_EQ(count(response, "Content-Length: 3145728\r\n"), 1U);
  EXPECT_TRUE(response.ends_with("\r\n\r\n"));
}

TEST(HttpServer, AnswersHeadWithoutABody) {
  TestServer server;
  const auto response = server.ask("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(has_status(response, 200));
  EXPECT_TRUE(response.ends_with("\r\n\r\n")) << response;
  EXPECT_EQ(count(response, "Content-Length: 7\r\n"), 1U) << response;
}

TEST(HttpServer, AsksForTheBodyOfACarefulClient) {
  TestServer server;
  RawSocket socket(server.port());
  socket.send(post("/", "Content-Length: 3\r\nExpect: 100-continue\r\nConnection: close\r\n", ""));
  EXPECT_EQ(socket.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  socket.send("abc");
  EXPECT_TRUE(socket.read_all().ends_with("\r\n\r\nabc"));
  // One that is refused is not asked.
  const auto refused =
      server.ask(post("/small", "Content-Length: 99\r\nExpect: 100-continue\r\n", ""));
  EXPECT_TRUE(has_status(refused, 413)) << refused;
}

TEST(HttpServer, ClosesAfterHttp10UnlessAsked) {
  TestServer server;
  const auto response = server.ask("GET /old HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(response.ends_with("GET /old?")) << response;
}

TEST(HttpServer, TakesTheAbsoluteForm) {
  TestServer server;
  const auto response =
      server.ask("GET http://example.org/a?b HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(response.ends_with("GET /a?b")) << response;
}

TEST(HttpServer, SendsAndTakesLargeBodies) {
  TestServer server;
  const std::string body(8 << 20, 'b');
  RawSocket socket(server.port());
  std::thread sender([&] {
    socket.send(post(
        "/", "Content-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n", body));
  });
  const auto response = socket.read_all();
  sender.join();
  EXPECT_TRUE(response.ends_with("\r\n\r\n" + body)) << response.size();
}

TEST(HttpServer, AnswersAClientThatHasEndedItsOutput) {
  TestServer server;
  RawSocket socket(server.port());
  socket.send(get("/slow", ""));
  socket.end_output();
  EXPECT_TRUE(has_status(socket.read_all(), 200));
}

TEST(HttpServer, TurnsAHandlersBugInto500) {
  TestServer server;
  EXPECT_TRUE(has_status(server.ask(get("/throw")), 500));
  const auto split = server.ask(get("/bad-header"));
  EXPECT_TRUE(has_status(split, 500));
  EXPECT_EQ(count(split, "Set-Cookie"), 0U);
  EXPECT_TRUE(has_status(server.ask(get("/empty")), 204));
}

TEST(HttpServer, RefusesATakenPortAndABadAddress) {
  TestServer server;
  TestHandler handler;
  ServerSettings settings;
  settings.port = server.port();
  Server second({server.threads().at(0)}, settings, nullptr, handler);
  const auto taken = second.start();
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error(), net::Errc::address_in_use);
  settings.address = "not an address";
  Server third({server.threads().at(0)}, settings, nullptr, handler);
  EXPECT_EQ(third.start().error(), net::Errc::bad_settings);
}

TEST(HttpServer, TakesAFurtherPortWhenItsFirstIsTaken) {
  TestServer server;
  ServerSettings settings;
  settings.port = server.port();
  settings.further_ports = 50;
  TestServer second(settings);
  EXPECT_GT(second.port(), server.port());
  EXPECT_LE(second.port(), server.port() + 50);
  EXPECT_TRUE(has_status(second.ask(get("/")), 200));
  settings.port = second.port();
  settings.further_ports = 0;
  TestHandler handler;
  Server third({server.threads().at(0)}, settings, nullptr, handler);
  EXPECT_EQ(third.start().error(), net::Errc::address_in_use);
}

TEST(HttpServer, CanBeStartedAgainOnItsPort) {
  ServerSettings settings;
  for (int i = 0; i < 3; ++i) {
    TestServer server(settings);
    settings.port = server.port();
    EXPECT_TRUE(has_status(server.ask(get("/")), 200));
    RawSocket left_open(server.port());
    left_open.send(get("/", ""));
    left_open.read_until("GET /?");
  }
}

TEST(HttpServer, AnswersWhatIsUnderWayWhenItStops) {
  TestServer server;
  RawSocket busy(server.port());
  RawSocket idle(server.port());
  idle.send(get("/", ""));
  EXPECT_TRUE(has_status(idle.read_until("GET /?"), 200));
  busy.send(get("/slow", "") + get("/after", ""));
  ASSERT_TRUE(eventually([&] { return server.handler().handled == 2; }));
  EXPECT_EQ(server.shutdown(2s), 0U);
  const auto answer = busy.read_all();
  EXPECT_TRUE(has_status(answer, 200)) << answer;
  EXPECT_EQ(count(answer, "Connection: close"), 1U);
  EXPECT_EQ(count(answer, "HTTP/1.1"), 1U) << answer;
  EXPECT_EQ(idle.read_all(), "");
  EXPECT_THROW(RawSocket(server.port()), std::runtime_error);
}

TEST(HttpServer, ServesIPv6) {
  ServerSettings settings;
  settings.address = "::1";
  TestServer server(settings);
  auto client = client_settings(server.port());
  client.host = "::1";
  const auto connected = connect(server.threads().at(0), client, std::make_shared<EchoListener>());
  ASSERT_TRUE(connected) << connected.error().message();
  EXPECT_EQ((*connected)->peer().to_string(), "[::1]:" + std::to_string(server.port()));
}

}  // namespace
}  // namespace unhidra::net::test
