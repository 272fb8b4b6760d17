#include <thread>

#include <gtest/gtest.h>

#include "unhidra/base/text.h"
#include "unhidra/net/errc.h"

#include "test_server.h"
#include "websocket_codec.h"

namespace unhidra::net::test {
namespace {

constexpr std::string_view kUpgrade =
    "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: keep-alive, "
    "Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

// A client's frame with a fixed mask.
std::string frame(Byte first, std::string_view payload, bool masked = true) {
  std::string out(1, static_cast<char>(first));
  const auto bit = static_cast<Byte>(masked ? 0x80 : 0);
  if (payload.size() < 126) {
    out.push_back(static_cast<char>(bit | payload.size()));
  } else {
    out.push_back(static_cast<char>(bit | 126));
    out.push_back(static_cast<char>(payload.size() >> 8));
    out.push_back(static_cast<char>(payload.size() & 0xff));
  }
  if (!masked) {
    return out + std::string(payload);
  }
  const std::string key = "\x12\x34\x56\x78";
  out += key;
  for (std::size_t i = 0; i < payload.size(); ++i) {
    out.push_back(static_cast<char>(payload[i] ^ key[i % 4]));
  }
  return out;
}

class Raw {
 public:
  explicit Raw(std::uint16_t port, std::string_view upgrade = kUpgrade) : socket_(port) {
    socket_.send(upgrade);
    answer_ = socket_.read_until("\r\n\r\n");
  }
  const std::string& answer() const { return answer_; }
  RawSocket& socket() { return socket_; }
  // The next frame of the server: its first byte and payload.
  std::pair<Byte, std::string> next() {
    const auto head = socket_.read_bytes(2);
    if (head.size() < 2) {
      return {};
    }
    std::size_t size = static_cast<Byte>(head[1]);
    if (size == 126) {
      const auto more = socket_.read_bytes(2);
      size = static_cast<std::size_t>(static_cast<Byte>(more[0]) << 8 | static_cast<Byte>(more[1]));
    }
    return {static_cast<Byte>(head[0]), socket_.read_bytes(size)};
  }
  // The code of the close frame that comes next, 0 when something else comes.
  int next_close() {
    const auto [first, payload] = next();
    if (first != 0x88 || payload.size() < 2) {
      return first == 0x88 ? 1005 : 0;
    }
    return static_cast<Byte>(payload[0]) << 8 | static_cast<Byte>(payload[1]);
  }

 private:
  RawSocket socket_;
  std::string answer_;
};

TEST(WebSocketUpgrade, AnswersTheKeyOfTheStandard) {
  TestServer server;
  Raw raw(server.port());
  EXPECT_TRUE(raw.answer().starts_with("HTTP/1.1 101 ")) << raw.answer();
  EXPECT_NE(raw.answer().find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"),
            std::string::npos);
}

TEST(WebSocketUpgrade, TakesFramesSentTogetherWithTheRequest) {
  TestServer server;
  for (const std::string path : {"/ws", "/later"}) {
    std::string upgrade(kUpgrade);
    upgrade.replace(4, 3, path);
    Raw raw(server.port(), upgrade + frame(0x82, "early"));
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
  for (const std::size_t size : {0, 1, 125, 126, 127, 65535, 65536, 65537, 1 << 19}) {
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
