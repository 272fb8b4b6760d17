#include <thread>

#include <gtest/gtest.h>

#include "unhidra/base/text.h"
#include "unhidra/net/errc.h"

#include "raw_websocket.h"
#include "test_server.h"

namespace unhidra::net::test {
namespace {

TEST(WebSocketUpgrade, AnswersTheKeyOfTheStandard) {
  TestServer server;
  RawWebSocket raw(server.port());
  EXPECT_TRUE(raw.answer().starts_with("HTTP/1.1 101 ")) << raw.answer();
  EXPECT_NE(raw.answer().find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"),
            std::string::npos);
}

TEST(WebSocketUpgrade, TakesFramesSentTogetherWithTheRequest) {
  TestServer server;
  for (const std::string path : {"/ws", "/later"}) {
    std::string upgrade(kUpgrade);
    upgrade.replace(4, 3, path);
    RawWebSocket raw(server.port(), upgrade + frame(0x82, "early"));
    EXPECT_EQ(raw.next(), std::pair(Byte{0x82}, std::string("early"))) << path;
  }
}

struct BadUpgrade {
  std::string_view from;
  std::string_view to;
  int status;
};
class WebSocketUpgradeRefusal : public testing::TestWithParam<BadUpgrade> {};
TEST_P(WebSocketUpgradeRefusal, HasItsStatus) {
  TestServer server;
  std::string request(kUpgrade);
  request.replace(request.find(GetParam().from), GetParam().from.size(), GetParam().to);
  const auto answer = server.ask(request);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 " + std::to_string(GetParam().status))) << answer;
  EXPECT_NE(answer.find("Connection: close"), std::string::npos);
}
INSTANTIATE_TEST_SUITE_P(Forms, WebSocketUpgradeRefusal,
                         testing::Values(BadUpgrade{"GET", "PUT", 405},
                                         BadUpgrade{"Version: 13", "Version: 12", 426},
                                         BadUpgrade{"Sec-WebSocket-Version: 13\r\n", "", 426},
                                         BadUpgrade{"dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ=", 400},
                                         BadUpgrade{"dGhlIHNhbXBsZSBub25jZQ==", "!!!!", 400},
                                         BadUpgrade{"keep-alive, Upgrade", "keep-alive", 400},
                                         BadUpgrade{"/ws", "/deny", 403},
                                         BadUpgrade{"/ws", "/login", 401},
                                         BadUpgrade{"Host:", "Content-Length: 3\r\nHost:", 400},
                                         BadUpgrade{"HTTP/1.1", "HTTP/1.0", 400}));

TEST(WebSocket, EchoesMessagesOfEverySize) {
  TestServer server;
  const auto listener = std::make_shared<EchoListener>();
  listener->set_echo(false);
  auto client = connect(server.threads().at(1), client_settings(server.port()), listener);
  ASSERT_TRUE(client) << client.error().message();
  std::size_t expected = 0;
  for (const std::size_t size :
       std::initializer_list<std::size_t>{0, 1, 125, 126, 127, 65535, 65536, 65537, 1 << 19}) {
    const Bytes message(size, static_cast<Byte>(size * 7 + 1));
    (*client)->send_binary(message);
    ++expected;
    ASSERT_TRUE(eventually([&] { return listener->messages() == expected; })) << size;
    EXPECT_EQ(listener->last(), message) << size;
  }
  (*client)->close(CloseCode::normal, "done");
  EXPECT_TRUE(eventually([&] { return listener->closes() == 1; }));
  EXPECT_EQ(listener->close_code(), CloseCode::normal);
  EXPECT_TRUE(eventually([&] { return server.stats().open_connections == 0; }));
  EXPECT_EQ(server.handler().last_listener()->close_reason(), "done");
  EXPECT_EQ(server.stats().open_websockets, 0U);
}

TEST(WebSocket, AgreesOnASubprotocol) {
  TestServer server;
  auto settings = client_settings(server.port());
  settings.subprotocols = {"unhidra.v1", "bearer.token"};
  auto client = connect(server.threads().at(0), settings, std::make_shared<EchoListener>());
  ASSERT_TRUE(client);
  EXPECT_EQ((*client)->subprotocol(), "unhidra.v1");
  settings.subprotocols = {"other"};
  auto none = connect(server.threads().at(0), settings, std::make_shared<EchoListener>());
  ASSERT_TRUE(none);
  EXPECT_EQ((*none)->subprotocol(), "");
}

}  // namespace
}  // namespace unhidra::net::test
