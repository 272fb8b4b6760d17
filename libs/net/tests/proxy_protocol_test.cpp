// Who speaks through a proxy: the header alone, and on listeners.
#include <gtest/gtest.h>

#include "unhidra/base/codec.h"
#include "unhidra/base/crc32c.h"
#include "unhidra/net/errc.h"

#include "address_range.h"
#include "proxy_header.h"
#include "stream_world.h"

namespace unhidra::net::test {
namespace {

using namespace std::string_literals;

constexpr std::string_view kBegin("\r\n\r\n\0\r\nQUIT\n", 12);

std::string binary(char command, char family, std::string_view rest, std::size_t size) {
  std::string out(kBegin);
  out += {command, family, static_cast<char>(size >> 8), static_cast<char>(size & 0xff)};
  return out + std::string(rest);
}
std::string binary(char command, char family, std::string_view rest) {
  return binary(command, family, rest, rest.size());
}
// 192.0.2.7:4660 to 198.51.100.1:8883.
const std::string kV4("\xc0\x00\x02\x07\xc6\x33\x64\x01\x12\x34\x22\xb3", 12);
// [2001:db8::7]:4660 to [2001:db8::1]:8883.
const std::string kV6(
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x12\x34\x22\xb3",
    36);

std::string with_checksum(std::string header) {
  const auto at = header.size();
  header += "\x03\x00\x04\0\0\0\0"s;
  header[15] = static_cast<char>(header.size() - 16);
  ByteWriter sum;
  sum.u32(crc32c(as_bytes(header)));
  return header.replace(at + 3, 4, as_text(sum.view()));
}

std::string describe(const std::optional<ProxiedSource>& source) {
  if (!source) {
    return "itself";
  }
  const auto bytes = ByteView(source->address).first(source->v6 ? 16 : 4);
  std::string out;
  for (const auto byte : bytes) {
    out += std::to_string(byte) + ".";
  }
  return out + ":" + std::to_string(source->port);
}

// What comes of a header, the same however it is cut.
std::string read(std::string_view bytes) {
  std::string outcome;
  for (std::size_t step : {std::size_t{1}, std::size_t{7}, bytes.size()}) {
    ProxyHeader header;
    std::string now = "incomplete";
    std::size_t at = 0;
    while (at < bytes.size() && !header.complete()) {
      const auto taken = header.feed(as_bytes(bytes.substr(at, std::max<std::size_t>(step, 1))));
      if (!taken) {
        now = "refused";
        break;
      }
      at += *taken;
      if (header.complete()) {
        now = describe(header.source()) + "+" + std::to_string(bytes.size() - at);
      }
    }
    if (!outcome.empty() && outcome != now) {
      return "it depends on the cuts: " + outcome + ", " + now;
    }
    outcome = now;
  }
  return outcome;
}

TEST(ProxyHeader, SaysWhomAProxySpeaksFor) {
  const std::string v4 = "192.0.2.7.:4660";
  const std::string v6 = "32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.7.:4660";
  EXPECT_EQ(read("PROXY TCP4 192.0.2.7 198.51.100.1 4660 8883\r\n"), v4 + "+0");
  EXPECT_EQ(read("PROXY TCP4 192.0.2.7 198.51.100.1 4660 8883\r\nPROXY"), v4 + "+5");
  EXPECT_EQ(read("PROXY TCP6 2001:db8::7 2001:DB8::1 4660 8883\r\n"), v6 + "+0");
  EXPECT_EQ(read("PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n"), "0.0.0.0.:0+0");
  EXPECT_EQ(read("PROXY UNKNOWN\r\n"), "itself+0");
  EXPECT_EQ(read("PROXY UNKNOWN ffff::1 what ever\r\nx"), "itself+1");
  EXPECT_EQ(read(binary(0x21, 0x11, kV4) + "abc"), v4 + "+3");
  EXPECT_EQ(read(binary(0x21, 0x21, kV6)), v6 + "+0");
  EXPECT_EQ(read(binary(0x21, 0x11, kV4 + "\x04\x00\x02zz\x20\x00\x00"s)), v4 + "+0");
  EXPECT_EQ(read(with_checksum(binary(0x21, 0x11, kV4))), v4 + "+0");
  EXPECT_EQ(read(with_checksum(binary(0x21, 0x21, kV6))), v6 + "+0");
  EXPECT_EQ(read(binary(0x20, 0x00, "")), "itself+0");
  EXPECT_EQ(read(binary(0x20, 0x7f, "whatever")), "itself+0");
  EXPECT_EQ(read(binary(0x21, 0x00, "whatever")), "itself+0");
  EXPECT_EQ(read(binary(0x21, 0x12, kV4)), "itself+0");
  EXPECT_EQ(read(binary(0x21, 0x31, std::string(216, 'u'))), "itself+0");
}

TEST(ProxyHeader, RefusesWhatIsNone) {
  for (const auto& bytes : {
           "GET / HTTP/1.1\r\n"s,
           "\x10\x0c\x00\x04MQTT"s,
           "proxy TCP4 192.0.2.7 198.51.100.1 1 2\r\n"s,
           "PROXY  TCP4 192.0.2.7 198.51.100.1 1 2\r\n"s,
           "PROXY TCP4 192.0.2.7 198.51.100.1 1 2\n"s,
           "PROXY TCP4 192.0.2.7 198.51.100.1 1 2\r \n"s,
           "PROXY TCP4 192.0.2.7 198.51.100.1 1 2 \r\n"s,
           "PROXY TCP4 192.0.2.7 198.51.100.1 1 2 3\r\n"s,
           "PROXY TCP4 192.0.2.7 198.51.100.1 1\r\n"s,
           "PROXY TCP4  192.0.2.7 198.51.100.1 1 2\r\n"s,
           "PROXY TCP4 192.0.2.07 198.51.100.1 1 2\r\n"s,
           "PROXY TCP4 192.0.2 198.51.100.1 1 2\r\n"s,
           "PROXY TCP4 2001:db8::7 2001:db8::1 1 2\r\n"s,
           "PROXY TCP6 192.0.2.7 198.51.100.1 1 2\r\n"s,
           "PROXY TCP4 192.0.2.7 example.org 1 2\r\n"s,
           "PROXY TCP4 192.0.2.7 198.51.100.1 65536 2\r\n"s,
           "PROXY TCP4 192.0.2.7 198.51.100.1 -1 2\r\n"s,
           "PROXY TCP4 192.0.2.7 198.51.100.1 01 2\r\n"s,
           "PROXY TCP4 192.0.2.7 198.51.100.1 1 2x\r\n"s,
           "PROXY TCP5 192.0.2.7 198.51.100.1 1 2\r\n"s,
           "PROXY UNKNOWNS\r\n"s,
           "PROXY UNKNOWN \x01\r\n"s,
           "PROXY UNKNOWN \0\r\n"s,
           "PROXY UNKNOWN "s + std::string(107, 'x'),
           "PROXY UNKNOWN "s + std::string(92, 'x') + "\r\n",
           "\r\n\r\n\0\r\nQUIT\r"s,
           "\r\n\r\nGET"s,
           binary(0x11, 0x11, kV4),
           binary(0x22, 0x11, kV4),
           binary(0x21, 0x13, kV4),
           binary(0x21, 0x41, kV4),
           binary(0x21, 0x11, kV4.substr(1)),
           binary(0x21, 0x21, kV4),
           binary(0x21, 0x31, std::string(215, 'u')),
           binary(0x21, 0x11, kV4 + "\x04"),
           binary(0x21, 0x11, kV4 + "\x04\x00\x03zz"s),
           binary(0x21, 0x11, kV4 + "\x03\x00\x03zzz"s),
           binary(0x21, 0x11, kV4 + "\x03\x00\x04zzzz"s),
           binary(0x21, 0x11, "", 4097),
           binary(0x20, 0x00, "", 65'535),
       }) {
    EXPECT_EQ(read(bytes), "refused") << bytes;
  }
  // The longest that is allowed.
  EXPECT_EQ(read("PROXY UNKNOWN " + std::string(91, 'x') + "\r\n"), "itself+0");
  EXPECT_EQ(read(binary(0x20, 0x00, std::string(4096, 'x'))), "itself+0");
  EXPECT_EQ(read(binary(0x20, 0x00, std::string(4095, 'x'), 4096)), "incomplete");
  EXPECT_EQ(read("PROXY TCP4 192.0.2.7 198.51.100.1 1 2\r"), "incomplete");
}

MappedAddress v4(Byte a, Byte b, Byte c, Byte d) {
  return map_v4(ByteArray<4>{a, b, c, d});
}

TEST(AddressRanges, HoldAddressesAndNetworks) {
  const std::vector<std::string> texts{"192.0.2.7", "10.128.0.0/9", "2001:db8::/33"};
  const auto ranges = AddressRanges::parse(texts).value();
  EXPECT_TRUE(ranges.contains(v4(192, 0, 2, 7)));
  EXPECT_FALSE(ranges.contains(v4(192, 0, 2, 6)));
  EXPECT_TRUE(ranges.contains(v4(10, 128, 0, 0)));
  EXPECT_TRUE(ranges.contains(v4(10, 255, 255, 255)));
  EXPECT_FALSE(ranges.contains(v4(10, 127, 255, 255)));
  EXPECT_FALSE(ranges.contains(v4(11, 128, 0, 0)));
  EXPECT_TRUE(ranges.contains({0x20, 0x01, 0x0d, 0xb8, 0x7f, 0xff}));
  EXPECT_FALSE(ranges.contains({0x20, 0x01, 0x0d, 0xb8, 0x80}));
  EXPECT_FALSE(ranges.contains({192, 0, 2, 7}));
  EXPECT_FALSE(AddressRanges().contains({}));
  const std::vector<std::string> all{"0.0.0.0/0"};
  EXPECT_TRUE(AddressRanges::parse(all)->contains(v4(1, 2, 3, 4)));
  EXPECT_FALSE(AddressRanges::parse(all)->contains({0x20, 0x01}));
  for (const auto* text : {"", "localhost", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1",
                           "10.0.0.0/8x", "10.1.0.0/8", "10.0.0.0/ 8", "::/129", "1.2.3", "*"}) {
    const std::vector<std::string> one{text};
    EXPECT_FALSE(AddressRanges::parse(one)) << text;
  }
}

// ---- On listeners ------------------------------------------------------------------------------

void tell_peer(Stream& stream, ByteView) {
  append(stream.output(), as_bytes(stream.peer().to_string() + "\n"));
  stream.flush();
}

ServerSettings behind(std::vector<std::string> proxies) {
  ServerSettings settings;
  settings.proxy_protocol_from = std::move(proxies);
  settings.handshake_timeout = 300ms;
  return settings;
}

class BehindProxy : public testing::TestWithParam<StreamDoor> {};
INSTANTIATE_TEST_SUITE_P(Doors, BehindProxy,
                         testing::Values(StreamDoor{StreamTransport::tcp, false, "Tcp"},
                                         StreamDoor{StreamTransport::tls, false, "Tls"},
                                         StreamDoor{StreamTransport::websocket, true, "WebSocket"},
                                         StreamDoor{StreamTransport::secure_websocket, true,
                                                    "SecureWebSocket"}),
                         [](const auto& door) { return std::string(door.param.name); });

TEST_P(BehindProxy, SeesTheClientThatTheProxyNames) {
  StreamWorld world(GetParam(), tell_peer, behind({"10.0.0.0/8", "127.0.0.1"}));
  const auto ask = [&](std::string_view preface) {
    const auto client = world.connect(0, preface);
    client->send("who am I?");
    return client->read(14, 1s);
  };
  EXPECT_EQ(ask("PROXY TCP4 192.0.2.7 198.51.100.1 4660 8883\r\n"), "192.0.2.7:4660");
  EXPECT_EQ(ask(binary(0x21, 0x11, kV4)), "192.0.2.7:4660");
  EXPECT_EQ(ask(binary(0x21, 0x21, kV6)), "[2001:db8::7]:");
  EXPECT_EQ(ask(binary(0x20, 0x00, "")).substr(0, 10), "127.0.0.1:");
  EXPECT_EQ(world.stats().handshakes_failed, 0U);
}

TEST_P(BehindProxy, BelievesNobodyElse) {
  StreamWorld world(GetParam(), tell_peer, behind({"10.0.0.0/8"}));
  {
    const auto client = world.connect();
    client->send("who am I?");
    EXPECT_EQ(client->read(10).substr(0, 10), "127.0.0.1:");
  }
  if (GetParam().transport == StreamTransport::tcp) {
    const auto client = world.connect(0, "PROXY UNKNOWN\r\n");
    EXPECT_EQ(client->read(10).substr(0, 10), "127.0.0.1:");
    ASSERT_TRUE(eventually([&] { return world.opened()->received() == "PROXY UNKNOWN\r\n"; }));
  } else {
    EXPECT_THROW(world.connect(0, "PROXY UNKNOWN\r\n"), std::runtime_error);
  }
}

TEST(ProxyProtocol, ComesFirstOrTheConnectionEnds) {
  StreamWorld world({StreamTransport::tcp, false, "Tcp"}, tell_peer, behind({"127.0.0.0/8"}));
  const auto client = world.connect(0, "\x10\x0c\x00\x04MQTT"s);
  EXPECT_EQ(client->read_all(), "");
  EXPECT_TRUE(client->closed_by_peer());
  EXPECT_TRUE(eventually([&] { return world.stats().handshakes_failed == 1; }));
  world.connect(0, "PROXY TCP4 192").reset();
  EXPECT_TRUE(eventually([&] { return world.stats().handshakes_failed == 2; }));
  EXPECT_TRUE(eventually([&] { return world.stats().open_connections == 0; }));
}

TEST(ProxyProtocol, MayComeInPiecesButNotLate) {
  StreamWorld world({StreamTransport::tcp, false, "Tcp"}, tell_peer, behind({"127.0.0.0/8"}));
  const auto slow = world.connect();
  for (const char byte : binary(0x21, 0x11, kV4) + "hello") {
    ASSERT_TRUE(slow->send_raw(std::string_view(&byte, 1)));
    std::this_thread::sleep_for(2ms);
  }
  EXPECT_EQ(slow->read(15), "192.0.2.7:4660\n");
  EXPECT_TRUE(eventually([&] { return world.opened()->received() == "hello"; }));
  const auto late = world.connect(0, "PROXY TCP4");
  const auto silent = world.connect();
  EXPECT_EQ(late->read_all(), "");
  EXPECT_TRUE(late->closed_by_peer());
  EXPECT_EQ(silent->read_all(), "");
  EXPECT_TRUE(silent->closed_by_peer());
  EXPECT_EQ(world.stats().timeouts, 2U);
}

TEST(ProxyProtocol, NeedsNetworksThatCanBeRead) {
  EXPECT_THROW(StreamWorld({StreamTransport::tcp, false, "Tcp"}, {}, behind({"everybody"})),
               std::runtime_error);
}

}  // namespace
}  // namespace unhidra::net::test
