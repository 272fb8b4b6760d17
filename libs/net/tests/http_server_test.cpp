#include <gtest/gtest.h>

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

}  // namespace
}  // namespace unhidra::net::test
