// The families of cases that the Autobahn test-suite plays against an echo server: sizes and
// chopped writes (1), pings (2), reserved bits and opcodes (3, 4), fragments (5), UTF-8 (6),
// closing (7).
#include <gtest/gtest.h>

#include "raw_websocket.h"
#include "test_server.h"

namespace unhidra::net::test {
namespace {

using Frame = std::pair<Byte, std::string>;

constexpr Byte kText = 0x81;
constexpr Byte kBinary = 0x82;

// A masked frame of any size.
std::string large_frame(Byte first, std::string_view payload) {
  if (payload.size() < 65'536) {
    return frame(first, payload);
  }
  std::string out(1, static_cast<char>(first));
  out += '\xff';
  for (int shift = 56; shift >= 0; shift -= 8) {
    out += static_cast<char>(payload.size() >> shift & 0xff);
  }
  return out + std::string(4, '\0') + std::string(payload);  // the mask of zeros
}

void send_chopped(RawSocket& socket, std::string_view bytes, std::size_t piece) {
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    socket.send(bytes.substr(at, piece));
  }
}

TEST(WebSocketFamilies, MessagesOfEverySizeComeBackHoweverTheyAreChopped) {
  TestServer server;
  for (const std::size_t size : {0U, 1U, 125U, 126U, 127U, 128U, 1'000U, 65'535U}) {
    for (const std::size_t piece : {1U, 997U, 100'000U}) {
      for (const Byte kind : {kText, kBinary}) {
        if (size * piece < 997 && size > 1'000) {
          continue;  // 65,535 single bytes say nothing that 1,000 do not
        }
        SCOPED_TRACE(std::to_string(size) + " by " + std::to_string(piece));
        RawWebSocket raw(server.port());
        const std::string payload(size, 'x');
        send_chopped(raw.socket(), large_frame(kind, payload), piece);
        EXPECT_EQ(raw.next(), Frame(kind, payload));
      }
    }
  }
}

TEST(WebSocketFamilies, A64BitLengthIsRead) {
  TestServer server;
  RawWebSocket raw(server.port(), [] {
    std::string upgrade(kUpgrade);
    return upgrade.replace(4, 3, "/sink");
  }());
  raw.socket().send(large_frame(kBinary, std::string(65'536, 'x')));
  EXPECT_TRUE(eventually([&] {
    const auto listener = server.handler().last_listener();
    return listener && listener->last().size() == 65'536;
  }));
}

TEST(WebSocketFamilies, PingsAreAnsweredInOrderWithTheirPayload) {
  TestServer server;
  RawWebSocket raw(server.port());
  std::string pings;
  std::vector<std::string> payloads;
  for (const std::size_t size : {0U, 1U, 5U, 125U}) {
    payloads.emplace_back(size, static_cast<char>('a' + payloads.size()));
    pings += frame(0x89, payloads.back());
  }
  raw.socket().send(pings + frame(0x8a, "nobody asked") + frame(kText, "after"));
  for (const auto& payload : payloads) {
    EXPECT_EQ(raw.next(), Frame(0x8a, payload));
  }
  EXPECT_EQ(raw.next(), Frame(kText, "after"));
}

TEST(WebSocketFamilies, ReservedBitsAndOpcodesEndTheConnection) {
  TestServer server;
  for (int first = 0x80; first <= 0xff; ++first) {
    const auto opcode = first & 0x0f;
    const bool known = opcode <= 2 || (opcode >= 8 && opcode <= 10);
    if (known && (first & 0x70) == 0) {
      continue;
    }
    SCOPED_TRACE(first);
    RawWebSocket raw(server.port());
    raw.socket().send(frame(static_cast<Byte>(first), ""));
    EXPECT_EQ(raw.next_close(), 1002);
  }
}

// Wherever it is cut, between frames and between writes.
void expect_text(TestServer& server, std::string_view text, bool valid) {
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    SCOPED_TRACE(testing::PrintToString(text) + " cut at " + std::to_string(cut));
    RawWebSocket raw(server.port());
    raw.socket().send(frame(0x01, text.substr(0, cut)));
    raw.socket().send(frame(0x80, text.substr(cut)));
    if (valid) {
      EXPECT_EQ(raw.next(), Frame(kText, std::string(text)));
    } else {
      EXPECT_EQ(raw.next_close(), 1007);
    }
  }
}

TEST(WebSocketFamilies, TextIsUtf8WhereverItIsCut) {
  TestServer server;
  for (const std::string_view valid :
       {"Hello-\xc2\xb5@\xc3\x9f", "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5",
        "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
        "\x7f"}) {
    expect_text(server, valid, true);
  }
  for (const std::string_view invalid :
       {"\x80", "\xbf", "a\xfe", "\xff", "\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf",
        "\xf8\x88\x80\x80\x80", "\xc1\xbf", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf4\x90\x80\x80",
        "\xce\xba\xe1", "\xf0\x90\x80"}) {
    expect_text(server, invalid, false);
  }
}

TEST(WebSocketFamilies, CloseCodesAreThoseThatMayBeSent) {
  TestServer server;
  const auto answer_to = [&](int code) {
    RawWebSocket raw(server.port());
    raw.socket().send(
        frame(0x88, std::string{static_cast<char>(code >> 8), static_cast<char>(code)}));
    return raw.next_close();
  };
  for (const int good :
       {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999}) {
    EXPECT_EQ(answer_to(good), good);
  }
  for (const int bad : {0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535}) {
    EXPECT_EQ(answer_to(bad), 1002) << bad;
  }
}

}  // namespace
}  // namespace unhidra::net::test
