// What a server answers to frames that break RFC 6455, on a real connection.
#include <gtest/gtest.h>

#include "raw_websocket.h"
#include "test_server.h"

namespace unhidra::net::test {
namespace {

using Frame = std::pair<Byte, std::string>;

struct BadFrames {
  std::string_view name;
  std::string bytes;
  int close_code;
};
void PrintTo(const BadFrames& frames, std::ostream* out) {
  *out << frames.name;
}

class MalformedFrame : public testing::TestWithParam<BadFrames> {};
TEST_P(MalformedFrame, ClosesWithItsCode) {
  TestServer server;
  server.handler().websocket_settings = WebSocketSettings{.max_message_bytes = 2000,
                                                          .max_frame_bytes = 1000,
                                                          .max_fragments = 8,
                                                          .max_control_per_second = 20};
  std::string upgrade(kUpgrade);
  upgrade.replace(4, 3, "/sink");
  RawWebSocket raw(server.port(), upgrade);
  raw.socket().send(GetParam().bytes);
  EXPECT_EQ(raw.next_close(), GetParam().close_code);
  EXPECT_EQ(raw.socket().read_all(), "");
  EXPECT_TRUE(raw.socket().closed_by_peer());
  raw.socket().end_output();
  EXPECT_TRUE(eventually([&] { return server.stats().open_connections == 0; }));
  const auto listener = server.handler().last_listener();
  EXPECT_EQ(listener->closes(), 1);
  EXPECT_EQ(static_cast<int>(listener->close_code()), GetParam().close_code);
}

std::string times(int count, const std::string& text) {
  std::string out;
  for (int i = 0; i < count; ++i) {
    out += text;
  }
  return out;
}

INSTANTIATE_TEST_SUITE_P(
    Frames, MalformedFrame,
    testing::Values(
        BadFrames{"Unmasked", frame(0x81, "a", false), 1002},
        BadFrames{"Rsv1", frame(0xc1, "a"), 1002}, BadFrames{"Rsv2", frame(0xa1, "a"), 1002},
        BadFrames{"Rsv3", frame(0x91, "a"), 1002}, BadFrames{"Opcode3", frame(0x83, "a"), 1002},
        BadFrames{"OpcodeB", frame(0x8b, "a"), 1002},
        BadFrames{"FragmentedPing", frame(0x09, "a"), 1002},
        BadFrames{"FragmentedClose", frame(0x08, "\x03\xe8"), 1002},
        BadFrames{"LongPing", frame(0x89, std::string(126, 'p')), 1002},
        BadFrames{"LongClose", frame(0x88, std::string(126, '\x03')), 1002},
        BadFrames{"ContinuationFirst", frame(0x80, "a"), 1002},
        BadFrames{"InterleavedText", frame(0x01, "a") + frame(0x81, "b"), 1002},
        BadFrames{"PaddedLength16", std::string("\x82\xfe\x00\x01", 4) + "mask!", 1002},
        BadFrames{"PaddedLength64", std::string("\x82\xff\0\0\0\0\0\0\0\x01", 10) + "mask!", 1002},
        BadFrames{"Length63", std::string("\x82\xff\x80\0\0\0\0\0\0\0", 10) + "mask", 1002},
        BadFrames{"HugeLength",
                  std::string("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff", 10) + "mask", 1009},
        BadFrames{"FrameTooBig", frame(0x82, std::string(1001, 'x')), 1009},
        BadFrames{"MessageTooBig",
                  frame(0x02, std::string(900, 'x')) + frame(0x00, std::string(900, 'x')) +
                      frame(0x80, std::string(201, 'x')),
                  1009},
        BadFrames{"OneByteFragments", frame(0x02, "a") + times(10, frame(0x00, "a")), 1008},
        BadFrames{"EmptyFragments", frame(0x02, "") + times(10, frame(0x00, "")), 1008},
        BadFrames{"InvalidText", frame(0x81, "a\xff"), 1007},
        BadFrames{"CutText", frame(0x81, "\xe2\x82"), 1007},
        BadFrames{"SurrogateText", frame(0x81, "\xed\xa0\x80"), 1007},
        BadFrames{"InvalidTextInFragment", frame(0x01, "a") + frame(0x80, "\xc0\xaf"), 1007},
        BadFrames{"OneByteClose", frame(0x88, "\x03"), 1002},
        BadFrames{"Close999", frame(0x88, "\x03\xe7"), 1002},
        BadFrames{"Close1005", frame(0x88, "\x03\xed"), 1002},
        BadFrames{"Close1006", frame(0x88, "\x03\xee"), 1002},
        BadFrames{"Close1015", frame(0x88, "\x03\xf7"), 1002},
        BadFrames{"Close5000", frame(0x88, "\x13\x88"), 1002},
        BadFrames{"InvalidCloseReason", frame(0x88, "\x03\xe8\xff"), 1007},
        BadFrames{"PongFlood", times(30, frame(0x8a, "")), 1008}),
    [](const auto& frames) { return std::string(frames.param.name); });

TEST(WebSocketFrames, AnswerPingsInTheMiddleOfAMessage) {
  TestServer server;
  RawWebSocket raw(server.port());
  raw.socket().send(frame(0x01, "Hel") + frame(0x89, "are you there?") + frame(0x80, "lo"));
  EXPECT_EQ(raw.next(), Frame(0x8a, "are you there?"));
  EXPECT_EQ(raw.next(), Frame(0x81, "Hello"));
}

TEST(WebSocketFrames, ArriveByteByByte) {
  TestServer server;
  RawWebSocket raw(server.port());
  for (const char byte : frame(0x82, std::string(300, 'z'))) {
    raw.socket().send(std::string_view(&byte, 1));
  }
  EXPECT_EQ(raw.next(), Frame(0x82, std::string(300, 'z')));
}

TEST(WebSocketFrames, EndAPingFlood) {
  TestServer server;
  RawWebSocket raw(server.port());
  raw.socket().send(times(200, frame(0x89, "")));
  int pongs = 0;
  for (;;) {
    const auto [first, payload] = raw.next();
    if (first != 0x8a) {
      EXPECT_EQ(first, 0x88);
      EXPECT_TRUE(payload.starts_with("\x03\xf0")) << "1008";
      break;
    }
    ++pongs;
  }
  EXPECT_EQ(pongs, 64);
}

TEST(WebSocketFrames, MirrorTheCloseCodeAndEndTheConnection) {
  TestServer server;
  for (const std::string& payload : {std::string("\x03\xe8"
                                                 "bye"),
                                     std::string("\x0f\xa1"), std::string()}) {
    RawWebSocket raw(server.port());
    raw.socket().send(frame(0x88, payload) + frame(0x82, "ignored"));
    EXPECT_EQ(raw.next(), Frame(0x88, payload));
    EXPECT_EQ(raw.socket().read_all(), "");
    EXPECT_TRUE(raw.socket().closed_by_peer());
  }
}

TEST(WebSocketFrames, AClientThatVanishesIsReportedOnce) {
  TestServer server;
  {
    RawWebSocket raw(server.port());
  }
  ASSERT_TRUE(eventually([&] { return server.handler().last_listener()->closes() == 1; }));
  EXPECT_EQ(server.handler().last_listener()->close_code(), CloseCode::abnormal);
  EXPECT_EQ(server.stats().open_websockets, 0U);
}

}  // namespace
}  // namespace unhidra::net::test
