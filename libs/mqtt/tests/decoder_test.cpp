#include "unhidra/mqtt/decoder.h"

#include <gtest/gtest.h>

#include "unhidra/mqtt/encoder.h"

namespace unhidra::mqtt {
namespace {

Frame whole(ByteView bytes, std::uint32_t max_packet = 1000) {
  static FrameReader reader(1000);
  reader = FrameReader(max_packet);
  Frame frame;
  PacketError error;
  EXPECT_EQ(reader.next(bytes, frame, error), FrameReader::State::packet);
  EXPECT_TRUE(bytes.empty());
  return frame;
}

TEST(FrameReader, PacketsMayComeInPiecesOfAnySize) {
  const Bytes stream{0xc0, 0x00, 0x30, 0x05, 0x00, 0x01, 'a', 'h', 'i', 0xc0, 0x00};
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    FrameReader reader(100);
    std::vector<std::pair<PacketType, Bytes>> seen;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      auto input = ByteView(stream).subspan(at, std::min(piece, stream.size() - at));
      Frame frame;
      PacketError error;
      while (reader.next(input, frame, error) == FrameReader::State::packet) {
        seen.emplace_back(frame.type(), to_bytes(frame.body));
      }
      EXPECT_TRUE(input.empty());
    }
    ASSERT_EQ(seen.size(), 3U) << "pieces of " << piece;
    EXPECT_EQ(seen[1].first, PacketType::publish);
    EXPECT_EQ(seen[1].second, (Bytes{0x00, 0x01, 'a', 'h', 'i'}));
    EXPECT_FALSE(reader.inside_packet());
  }
}

TEST(FrameReader, RefusesWhatIsTooLargeBeforeItsBodyComes) {
  const Bytes header{0x30, 0xff, 0xff, 0xff, 0x7f};
  FrameReader reader(2'000'000);
  ByteView input(header);
  Frame frame;
  PacketError error;
  ASSERT_EQ(reader.next(input, frame, error), FrameReader::State::error);
  EXPECT_EQ(error.reason, ReasonCode::packet_too_large);
  EXPECT_EQ(reader.held(), 0U);
}

TEST(FrameReader, CountsTheHeaderInTheMaximumPacketSize) {
  const Bytes packet{0x30, 0x03, 0x00, 0x01, 'a'};
  EXPECT_EQ(whole(packet, 5).body.size(), 3U);
  FrameReader reader(4);
  ByteView input(packet);
  Frame frame;
  PacketError error;
  EXPECT_EQ(reader.next(input, frame, error), FrameReader::State::error);
}

TEST(FrameReader, RefusesALengthOfFiveBytesAndTheReservedType) {
  for (const Bytes& bytes : {Bytes{0x30, 0x80, 0x80, 0x80, 0x80, 0x01}, Bytes{0x00, 0x00}}) {
    FrameReader reader(1000);
    ByteView input(bytes);
    Frame frame;
    PacketError error;
    EXPECT_EQ(reader.next(input, frame, error), FrameReader::State::error);
  }
}

TEST(Connect, OfEveryVersionSurvivesTheRoundTrip) {
  for (const auto version : {Version::v3_1, Version::v3_1_1, Version::v5}) {
    Connect sent;
    sent.version = version;
    sent.clean_start = false;
    sent.keep_alive = 60;
    sent.client_id = "thermostat";
    Will will;
    will.topic = "gone";
    will.payload = as_bytes("bye");
    will.qos = QoS::exactly_once;
    will.retain = true;
    sent.will = will;
    sent.user_name = "u";
    sent.password = as_bytes("p");
    Bytes bytes;
    append_connect(bytes, sent);
    const auto got = decode_connect(whole(bytes));
    ASSERT_TRUE(got);
    EXPECT_EQ(got->version, version);
    EXPECT_FALSE(got->clean_start);
    EXPECT_EQ(got->keep_alive, 60);
    EXPECT_EQ(got->client_id, "thermostat");
    ASSERT_TRUE(got->will);
    EXPECT_EQ(got->will->topic, "gone");
    EXPECT_EQ(as_text(got->will->payload), "bye");
    EXPECT_EQ(got->will->qos, QoS::exactly_once);
    EXPECT_TRUE(got->will->retain);
    EXPECT_EQ(got->user_name, "u");
    EXPECT_EQ(as_text(*got->password), "p");
  }
}

TEST(Connect, RefusesAnUnknownLevelWithItsOwnReason) {
  const Bytes bytes{0x10, 0x0c, 0, 4, 'M', 'Q', 'T', 'T', 6, 2, 0, 0, 0, 0};
  const auto got = decode_connect(whole(bytes));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().reason, ReasonCode::unsupported_protocol_version);
}

TEST(Connect, EveryCutOffOneIsRefused) {
  Connect sent;
  sent.client_id = "abc";
  sent.user_name = "user";
  Bytes bytes;
  append_connect(bytes, sent);
  const auto frame = whole(bytes);
  for (std::size_t size = 0; size < frame.body.size(); ++size) {
    EXPECT_FALSE(decode_connect(Frame{frame.first, frame.body.first(size)})) << size;
  }
}

TEST(Publish, KeepsItsPropertiesInOrder) {
  PropertyWriter properties;
  properties.user("b", "1").user("a", "2").number(PropertyId::message_expiry_interval, 7);
  PublishHeader header;
  header.topic = "t";
  header.properties = properties.view();
  header.packet_id = 9;
  header.qos = QoS::at_least_once;
  header.retain = true;
  Bytes bytes;
  const auto id_at = append_publish(bytes, header, as_bytes("x"), Version::v5);
  EXPECT_EQ(bytes.size(), publish_size(header, 1, Version::v5));
  EXPECT_EQ(bytes[id_at + 1], 9);
  const auto got = decode_publish(whole(bytes), Version::v5);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->packet_id, 9);
  EXPECT_TRUE(got->retain);
  EXPECT_EQ(as_text(got->payload), "x");
  EXPECT_EQ(to_bytes(got->properties.encoded()), to_bytes(properties.view()));
  EXPECT_EQ(got->properties.number(PropertyId::message_expiry_interval), 7U);
}

TEST(Publish, RefusesQosThreeTheNullIdAndWildcards) {
  EXPECT_FALSE(decode_publish(whole(Bytes{0x36, 5, 0, 1, 'a', 0, 1}), Version::v3_1_1));
  EXPECT_FALSE(decode_publish(whole(Bytes{0x32, 5, 0, 1, 'a', 0, 0}), Version::v3_1_1));
  EXPECT_FALSE(decode_publish(whole(Bytes{0x30, 3, 0, 1, '#'}), Version::v3_1_1));
  EXPECT_TRUE(decode_publish(whole(Bytes{0x32, 5, 0, 1, 'a', 0, 1}), Version::v3_1_1));
}

TEST(Subscribe, CarriesOptionsAndIdentifier) {
  Subscribe sent;
  sent.packet_id = 3;
  sent.identifier = 200;
  sent.entries.push_back({"a/+", {QoS::exactly_once, true, true, RetainHandling::send_if_new}});
  Bytes bytes;
  append_subscribe(bytes, sent, Version::v5);
  const auto got = decode_subscribe(whole(bytes), Version::v5);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->identifier, 200U);
  ASSERT_EQ(got->entries.size(), 1U);
  EXPECT_EQ(got->entries[0].filter, "a/+");
  EXPECT_EQ(got->entries[0].options, sent.entries[0].options);
}

TEST(Subscribe, RefusesOneWithoutFilters) {
  EXPECT_FALSE(decode_subscribe(whole(Bytes{0x82, 2, 0, 1}), Version::v3_1_1));
  EXPECT_FALSE(decode_unsubscribe(whole(Bytes{0xa2, 2, 0, 1}), Version::v3_1_1));
}

TEST(Properties, RefuseWhatIsTwiceMisplacedOrUnknown) {
  PropertyWriter twice;
  twice.number(PropertyId::receive_maximum, 1).number(PropertyId::receive_maximum, 2);
  EXPECT_EQ(Properties::check(twice.view(), PropertyPlace::connect).error(),
            ReasonCode::protocol_error);
  PropertyWriter misplaced;
  misplaced.number(PropertyId::topic_alias, 1);
  EXPECT_FALSE(Properties::check(misplaced.view(), PropertyPlace::connect));
  EXPECT_TRUE(Properties::check(misplaced.view(), PropertyPlace::publish));
  EXPECT_EQ(Properties::check(Bytes{0x7f, 0}, PropertyPlace::connect).error(),
            ReasonCode::malformed_packet);
}

TEST(FromClient, PacketsOfTheServerAreRefused) {
  for (const Byte first : Bytes{0x10, 0x20, 0x90, 0xb0, 0xd0}) {
    EXPECT_TRUE(check_from_client(Frame{first, {}}, Version::v5)) << int{first};
  }
  EXPECT_FALSE(check_from_client(Frame{0xc0, {}}, Version::v5));
}

TEST(Encoder, KnowsWhereAPacketEnds) {
  for (const std::size_t size : {0U, 100U, 200U, 20'000U, 3'000'000U}) {
    Bytes out;
    append_publish(out, {.topic = "t"}, Bytes(size, 1), Version::v5);
    const auto whole = out.size();
    append_pingresp(out);
    EXPECT_EQ(packet_size(out), whole);
    EXPECT_EQ(packet_size(ByteView(out).subspan(whole)), 2U);
  }
}

}  // namespace
}  // namespace unhidra::mqtt
