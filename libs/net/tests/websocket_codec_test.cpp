#include "websocket_codec.h"

#include <random>

#include <gtest/gtest.h>

#include "unhidra/base/text.h"

namespace unhidra::net {
namespace {

// What a decoder said, as one line an event.
struct Log final : WebSocketDecoder::Events {
  std::vector<std::string> lines;
  void on_message(ByteView message, MessageKind kind) override {
    lines.push_back((kind == MessageKind::text ? "text:" : "binary:") +
                    std::string(as_text(message)));
  }
  void on_ping(ByteView payload) override {
    lines.push_back("ping:" + std::string(as_text(payload)));
  }
  void on_pong(ByteView payload) override {
    lines.push_back("pong:" + std::string(as_text(payload)));
  }
  void on_peer_close(CloseCode code, std::string_view reason) override {
    lines.push_back("close:" + std::to_string(static_cast<int>(code)) + ":" + std::string(reason));
  }
};

struct Outcome {
  std::vector<std::string> lines;
  int violation = 0;
  friend bool operator==(const Outcome&, const Outcome&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
    for (const auto& line : outcome.lines) {
      out << printable(line) << " | ";
    }
    return out << outcome.violation;
  }
};

struct Limits {
  std::size_t frame = 100'000;
  std::size_t message = 200'000;
  std::uint32_t fragments = 16;
};

// Feeds in pieces of the given size.
Outcome decode(WebSocketRole role, Bytes bytes, std::size_t piece = SIZE_MAX, Limits limits = {}) {
  WebSocketDecoder decoder(role, limits.frame, limits.message, limits.fragments);
  Log log;
  MutableByteView rest(bytes);
  while (!rest.empty()) {
    const auto size = std::min(piece, rest.size());
    if (const auto violation = decoder.feed(rest.first(size), log)) {
      return {log.lines, static_cast<int>(violation->code)};
    }
    rest = rest.subspan(size);
  }
  return {log.lines, 0};
}

// Server frames are not masked, so that they can be written down; the client decodes them.
Bytes raw(std::string_view hex_head, std::string_view payload = "") {
  auto out = *from_hex(hex_head);
  append(out, as_bytes(payload));
  return out;
}
Bytes operator+(Bytes a, const Bytes& b) {
  append(a, b);
  return a;
}
Outcome client(Bytes bytes, Limits limits = {}) {
  // However the bytes are cut, the outcome is the same.
  auto whole = decode(WebSocketRole::client, bytes, SIZE_MAX, limits);
  for (const std::size_t piece : std::initializer_list<std::size_t>{1, 2, 3, 7, 64}) {
    EXPECT_EQ(decode(WebSocketRole::client, bytes, piece, limits), whole) << "pieces of " << piece;
  }
  return whole;
}
Outcome refused(int code) {
  return {{}, code};
}

TEST(WebSocketCodec, ReadsTheExamplesOfTheStandard) {  // RFC 6455 section 5.7
  EXPECT_EQ(client(raw("8105", "Hello")), (Outcome{{"text:Hello"}}));
  const auto masked = *from_hex("818537fa213d7f9f4d5158");
  EXPECT_EQ(decode(WebSocketRole::server, masked), (Outcome{{"text:Hello"}}));
  EXPECT_EQ(client(raw("0103", "Hel") + raw("8002", "lo")), (Outcome{{"text:Hello"}}));
  EXPECT_EQ(client(raw("8905", "Hello")), (Outcome{{"ping:Hello"}}));
  EXPECT_EQ(decode(WebSocketRole::server, *from_hex("8a8537fa213d7f9f4d5158")),
            (Outcome{{"pong:Hello"}}));
  const std::string medium(256, 'm');
  EXPECT_EQ(client(raw("827e0100", medium)), (Outcome{{"binary:" + medium}}));
  const std::string large(65536, 'l');
  EXPECT_EQ(client(raw("827f0000000000010000", large)), (Outcome{{"binary:" + large}}));
}

TEST(WebSocketCodec, WritesWhatItReadsForBothRoles) {
  std::mt19937 random(7);
  for (const std::size_t size : std::initializer_list<std::size_t>{
           0, 1, 2, 7, 8, 9, 124, 125, 126, 127, 1000, 65535, 65536, 70000}) {
    Bytes payload(size);
    for (auto& byte : payload) {
      byte = static_cast<Byte>(random());
    }
    const auto expected = "binary:" + std::string(as_text(payload));
    Bytes from_server;
    append_frame(from_server, Opcode::binary, payload, std::nullopt);
    Bytes from_client;
    append_frame(from_client, Opcode::binary, payload, MaskKey{0xff, 0x00, 0xa5, 0x5a});
    EXPECT_EQ(from_client.size(), from_server.size() + 4);
    for (const std::size_t piece : {std::size_t{5}, std::size_t{1000}, SIZE_MAX}) {
      EXPECT_EQ(decode(WebSocketRole::client, from_server, piece).lines.at(0), expected);
      EXPECT_EQ(decode(WebSocketRole::server, from_client, piece).lines.at(0), expected);
    }
  }
}

TEST(WebSocketCodec, DeliversControlFramesBetweenFragments) {
  EXPECT_EQ(client(raw("0103", "one") + raw("8902", "p1") + raw("0000") + raw("8a00") +
                   raw("8003", "two") + raw("8201", "x")),
            (Outcome{{"ping:p1", "pong:", "text:onetwo", "binary:x"}}));
}

TEST(WebSocketCodec, RefusesEveryReservedBit) {
  for (const std::string_view head : {"c100", "a100", "9100", "f100", "c900", "a800"}) {
    EXPECT_EQ(client(raw(head)), refused(1002)) << head;
  }
}

TEST(WebSocketCodec, RefusesEveryUnknownOpcode) {
  for (const int opcode : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15}) {
    EXPECT_EQ(client({static_cast<Byte>(0x80 | opcode), Byte{0}}), refused(1002)) << opcode;
  }
}

TEST(WebSocketCodec, RefusesTheWrongMasking) {
  EXPECT_EQ(decode(WebSocketRole::server, raw("8100")), refused(1002));
  EXPECT_EQ(client(raw("818000000000")), refused(1002));
}

TEST(WebSocketCodec, RefusesFragmentedAndLongControlFrames) {
  for (const std::string_view head : {"0800", "0900", "0a00"}) {
    EXPECT_EQ(client(raw(head)), refused(1002)) << head;
  }
  for (const std::string_view head : {"887e007e", "897e007e", "8a7f0000000000010000"}) {
    EXPECT_EQ(client(raw(head)), refused(1002)) << head;
  }
  EXPECT_EQ(client(raw("897d", std::string(125, 'p'))),
            (Outcome{{"ping:" + std::string(125, 'p')}}));
}

TEST(WebSocketCodec, RefusesLengthsThatAreNotShortest) {
  for (const std::string_view head :
       {"827e0000", "827e007d", "827f0000000000000001", "827f000000000000ffff",
        "827f8000000000000000", "827fffffffffffffffff"}) {
    EXPECT_EQ(client(raw(head)), refused(1002)) << head;
  }
}

TEST(WebSocketCodec, RefusesFragmentsOutOfOrder) {
  EXPECT_EQ(client(raw("8000")), refused(1002));
  EXPECT_EQ(client(raw("0000")), refused(1002));
  EXPECT_EQ(client(raw("0101", "a") + raw("8101", "b")), refused(1002));
  EXPECT_EQ(client(raw("0201", "a") + raw("0201", "b")), refused(1002));
  EXPECT_EQ(client(raw("8101", "a") + raw("8001", "b")), (Outcome{{"text:a"}, 1002}));
}

TEST(WebSocketCodec, RefusesWhatIsOverTheLimits) {
  const Limits limits{.frame = 100, .message = 150, .fragments = 4};
  EXPECT_EQ(client(raw("8264", std::string(100, 'x')), limits).lines.size(), 1U);
  EXPECT_EQ(client(raw("8265"), limits), refused(1009));
  // Refused from the length alone: no byte of payload is waited for or stored.
  EXPECT_EQ(client(raw("827f7fffffffffffffff"), limits), refused(1009));
  const auto hundred = std::string(100, 'x');
  EXPECT_EQ(client(raw("0264", hundred) + raw("8032", std::string(50, 'y')), limits).lines.size(),
            1U);
  EXPECT_EQ(client(raw("0264", hundred) + raw("8033"), limits), refused(1009));
  const auto three = raw("0201", "a") + raw("0001", "b") + raw("0001", "c");
  EXPECT_EQ(client(three + raw("8001", "d"), limits), (Outcome{{"binary:abcd"}}));
  EXPECT_EQ(client(three + raw("0001", "d") + raw("0001", "e"), limits), refused(1008));
  EXPECT_EQ(client(raw("0200") + raw("0000") + raw("0000") + raw("0000") + raw("0000"), limits),
            refused(1008));
}

TEST(WebSocketCodec, ChecksTextAcrossFragments) {
  EXPECT_EQ(client(raw("0102", "\xce\xba") + raw("8001", "!")), (Outcome{{"text:\xce\xba!"}}));
  // A character may be cut between two frames, but not by the end of the message.
  EXPECT_EQ(client(raw("0101", "\xce") + raw("8001", "\xba")), (Outcome{{"text:\xce\xba"}}));
  EXPECT_EQ(client(raw("8101", "\xce")), refused(1007));
  EXPECT_EQ(client(raw("0101", "\xce") + raw("8000")), refused(1007));
  // Fails with the first wrong byte; the rest of the message is not waited for.
  EXPECT_EQ(client(raw("8164", "ab\xff")), refused(1007));
  // Binary is not looked at.
  EXPECT_EQ(client(raw("8201", "\xff")), (Outcome{{"binary:\xff"}}));
}

TEST(WebSocketCodec, KnowsUtf8AsBaseDoes) {
  std::mt19937 random(11);
  std::uniform_int_distribution<int> kind(0, 9);
  const std::vector<std::string> pieces = {"a",
                                           "\xc2\x80",
                                           "\xdf\xbf",
                                           "\xe0\xa0\x80",
                                           "\xed\x9f\xbf",
                                           "\xee\x80\x80",
                                           "\xf0\x90\x80\x80",
                                           "\xf4\x8f\xbf\xbf",
                                           "\x7f",
                                           "\xef\xbf\xbf"};
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (int j = 0; j < 3; ++j) {
      text += pieces[static_cast<std::size_t>(kind(random))];
    }
    text[random() % text.size()] = static_cast<char>(random());
    Utf8Stream stream;
    const bool streamed = stream.feed(as_bytes(text)) && stream.complete();
    ASSERT_EQ(streamed, is_valid_utf8(text)) << to_hex(as_bytes(text));
  }
}

TEST(WebSocketCodec, ChecksCloseFrames) {
  EXPECT_EQ(client(raw("8800")), (Outcome{{"close:1005:"}}));
  EXPECT_EQ(client(raw("880203e8")), (Outcome{{"close:1000:"}}));
  EXPECT_EQ(client(raw("880503e9", "bye")), (Outcome{{"close:1001:bye"}}));
  EXPECT_EQ(client(raw("880103")), refused(1002));
  EXPECT_EQ(client(raw("880303e8", "\xff")), refused(1007));
  EXPECT_EQ(client(raw("880403e8", "\xe2\x82")), refused(1007));
  for (const int code : {0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535}) {
    Bytes frame = {0x88, 2, static_cast<Byte>(code >> 8), static_cast<Byte>(code & 0xff)};
    EXPECT_EQ(client(frame), refused(1002)) << code;
  }
  for (const int code : {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014,
                         3000, 3999, 4000, 4999}) {
    Bytes frame = {0x88, 2, static_cast<Byte>(code >> 8), static_cast<Byte>(code & 0xff)};
    EXPECT_EQ(client(frame), (Outcome{{"close:" + std::to_string(code) + ":"}})) << code;
  }
}

TEST(WebSocketCodec, IgnoresWhatFollowsACloseFrame) {
  EXPECT_EQ(client(raw("880203e8") + raw("8105", "Hello") + raw("ffff")),
            (Outcome{{"close:1000:"}}));
}

TEST(WebSocketCodec, CutsACloseReasonBetweenCharacters) {
  std::string reason(122, 'r');
  reason += "\xe2\x82\xac";
  Bytes frame;
  append_close_frame(frame, CloseCode::going_away, reason, std::nullopt);
  EXPECT_EQ(client(frame), (Outcome{{"close:1001:" + std::string(122, 'r')}}));
}

TEST(WebSocketCodec, GivesTheSameOutcomeForRandomBytesHoweverTheyAreCut) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int i = 0; i < 5'000; ++i) {
    Bytes bytes(random() % 200);
    for (auto& byte : bytes) {
      byte = static_cast<Byte>(random());
    }
    if (!bytes.empty()) {
      bytes[0] &= 0x8f;  // deeper than the reserved bits
    }
    for (const auto role : {WebSocketRole::server, WebSocketRole::client}) {
      ASSERT_EQ(decode(role, bytes, 1), decode(role, bytes)) << to_hex(bytes);
    }
  }
}

}  // namespace
}  // namespace unhidra::net
