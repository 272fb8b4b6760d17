// The decoder against bytes that no honest peer sends.

#include <gtest/gtest.h>

#include "all_messages.h"

namespace unhidra::wire {
namespace {

constexpr Byte kVarint = 0;
constexpr Byte kFixed64 = 1;
constexpr Byte kBytes = 2;
constexpr Byte kStartGroup = 3;
constexpr Byte kFixed32 = 5;

Bytes tag(std::uint32_t field, Byte type) {
  return ByteWriter().varint(static_cast<std::uint64_t>(field) << 3 | type).view();
}
Bytes field(std::uint32_t number, ByteView content) {
  auto out = tag(number, kBytes);
  append(out, ByteWriter().varint(content.size()).raw(content).view());
  return out;
}
Bytes number_field(std::uint32_t number, std::uint64_t value) {
  auto out = tag(number, kVarint);
  append(out, ByteWriter().varint(value).view());
  return out;
}
Bytes join(std::initializer_list<Bytes> parts) {
  Bytes out;
  for (const auto& part : parts) {
    append(out, part);
  }
  return out;
}
template <class T>
Errc error_of(ByteView bytes, const Limits& limits = {}) {
  const auto result = decode<T>(bytes, limits);
  EXPECT_FALSE(result.has_value());
  if (!result) {
    for (int i = 0; i <= static_cast<int>(Errc::no_body); ++i) {
      if (result.error() == static_cast<Errc>(i)) {
        return static_cast<Errc>(i);
      }
    }
  }
  ADD_FAILURE() << "no error of this room";
  return Errc::no_body;
}
const Bytes kId(16, 7);

TEST(Codec, AnIdOfAnotherLengthIsRefusedAndNamed) {
  for (const std::size_t size : {0U, 1U, 15U, 17U, 32U}) {
    const auto result = decode<OpenDirectConversation>(field(1, Bytes(size, 1)));
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error(), Errc::bad_length);
    EXPECT_EQ(result.error().message(),
              "OpenDirectConversation.user_id: expected 16 bytes, got " + std::to_string(size));
  }
}

TEST(Codec, AMissingIdOrKeyIsRefusedAndNamed) {
  EXPECT_EQ(error_of<OpenDirectConversation>({}), Errc::missing_field);
  EXPECT_EQ(error_of<OpenDirectConversation>(field(1, Bytes(16, 0))), Errc::missing_field);
  const auto result = decode<ClientFrame>(
      join({number_field(1, 5), field(42, join({field(1, kId), field(2, kId), field(4, {})}))}));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().message(), "DeviceCiphertext.device_id: missing");
}

TEST(Codec, AnOptionalIdMayBeAbsentButNotOfAnotherLength) {
  const auto principal = join({field(1, kId), field(2, kId), field(4, kId)});
  EXPECT_FALSE(decode<RoutedPrincipal>(principal)->device_id.has_value());
  EXPECT_EQ(error_of<RoutedPrincipal>(join({principal, field(3, Bytes(15, 1))})), Errc::bad_length);
}

TEST(Codec, KeysAndSignaturesHaveTheirLength) {
  const auto key = [](std::size_t key_size, std::size_t signature_size) {
    return join(
        {number_field(1, 1), field(2, Bytes(key_size, 1)), field(4, Bytes(signature_size, 1))});
  };
  EXPECT_TRUE(decode<SignedPreKey>(key(32, 64)).has_value());
  EXPECT_EQ(error_of<SignedPreKey>(key(31, 64)), Errc::bad_length);
  EXPECT_EQ(error_of<SignedPreKey>(key(33, 64)), Errc::bad_length);
  EXPECT_EQ(error_of<SignedPreKey>(key(32, 63)), Errc::bad_length);
  EXPECT_EQ(error_of<AccountKeyShare>(field(1, Bytes(33, 1))), Errc::bad_length);
}

TEST(Codec, AKnownFieldOfAnotherWireTypeIsRefused) {
  EXPECT_EQ(error_of<OpenDirectConversation>(number_field(1, 7)), Errc::wrong_type);
  EXPECT_EQ(error_of<FetchInbox>(field(1, kId)), Errc::wrong_type);
  EXPECT_EQ(error_of<FetchInbox>(join({tag(1, kFixed64), Bytes(8, 1)})), Errc::wrong_type);
}

TEST(Codec, UnknownFieldsOfEveryWireTypeAreSkipped) {
  const auto bytes =
      join({number_field(900, 77), join({tag(901, kFixed64), Bytes(8, 1)}), number_field(1, 5),
            join({tag(902, kFixed32), Bytes(4, 1)}), field(903, Bytes(1000, 9))});
  const auto result = decode<FetchInbox>(bytes);
  ASSERT_TRUE(result.has_value()) << result.error().message();
  EXPECT_EQ(result->after, 5U);
}

TEST(Codec, GroupsAndFieldNumberZeroAreMalformed) {
  EXPECT_EQ(error_of<FetchInbox>(tag(900, kStartGroup)), Errc::malformed);
  EXPECT_EQ(error_of<FetchInbox>(tag(0, kVarint)), Errc::malformed);
  EXPECT_EQ(error_of<FetchInbox>(Bytes{0, 0}), Errc::malformed);
}

TEST(Codec, EveryCutOfAFrameIsEitherRefusedOrAShorterFrame) {
  SeededRandom random(1);
  ClientFrame frame;
  frame.request_id = 9;
  auto& keys = frame.body.emplace<PublishKeys>();
  randomize(random, keys);
  keys.one_time_pre_keys.resize(3);
  for (auto& key : keys.one_time_pre_keys) {
    randomize(random, key);
  }
  const auto whole = encode(frame);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto cut = decode<ClientFrame>(ByteView(whole).first(size));
    EXPECT_FALSE(cut.has_value() && *cut == frame) << size;
  }
}

TEST(Codec, ALengthBeyondTheEndIsRefusedBeforeAnythingIsAllocated) {
  for (const std::uint64_t size : {1ULL, 100ULL, 0x7fffffffULL, 0xffffffffULL, 1ULL << 40}) {
    EXPECT_EQ(error_of<PublishDeviceList>(join({tag(1, kBytes), ByteWriter().varint(size).view()})),
              Errc::malformed);
  }
}

// libprotobuf reads at most ten bytes of a number and five of a tag or a length.
TEST(Codec, NumbersThatAreLongerThanLibprotobufReadsAreRefusedInUnknownFieldsToo) {
  const auto padded = [](std::size_t size) {
    return join({Bytes(size - 1, 0x80), Bytes(1, 0x00)});
  };
  const auto one = [](std::size_t size) {  // field 1, a number; or a length of eight
    return join({Bytes(1, 0x88), Bytes(size - 2, 0x80), Bytes(1, 0x00)});
  };
  EXPECT_TRUE(decode<FetchInbox>(join({tag(900, kVarint), padded(10)})));
  EXPECT_EQ(error_of<FetchInbox>(join({tag(900, kVarint), padded(11)})), Errc::malformed);
  EXPECT_TRUE(decode<FetchInbox>(join({one(5), Bytes(1, 7)})));
  EXPECT_EQ(error_of<FetchInbox>(join({one(6), Bytes(1, 7)})), Errc::malformed);
  for (const auto number : {1U, 900U}) {
    EXPECT_TRUE(decode<PublishDeviceList>(join({tag(number, kBytes), one(5), Bytes(8, 1)})));
    EXPECT_EQ(error_of<PublishDeviceList>(join({tag(number, kBytes), one(6), Bytes(8, 1)})),
              Errc::malformed);
  }
}

TEST(Codec, NumbersOutsideTheirRangeAreRefused) {
  const auto after = tag(1, kVarint);
  EXPECT_EQ(error_of<FetchInbox>(join({after, Bytes(10, 0xff)})), Errc::malformed);
  EXPECT_EQ(error_of<FetchInbox>(join({after, Bytes(11, 0x80)})), Errc::malformed);
  EXPECT_EQ(error_of<FetchInbox>(number_field(2, 1ULL << 32)), Errc::bad_number);
  EXPECT_EQ(error_of<Authenticated>(number_field(1, 1ULL << 63)), Errc::bad_number);
  EXPECT_EQ(error_of<SetPresence>(number_field(1, 1ULL << 33)), Errc::bad_number);
  EXPECT_EQ(decode<FetchInbox>(number_field(1, ~0ULL))->after, ~0ULL);
  // An enumerator of a newer peer is kept, negative ones travel sign-extended.
  EXPECT_EQ(static_cast<int>(decode<SetPresence>(number_field(1, 17))->state), 17);
  EXPECT_EQ(static_cast<int>(decode<SetPresence>(number_field(1, ~0ULL))->state), -1);
}

TEST(Codec, StringsMustBeUtf8) {
  for (const std::string_view text :
       {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"}) {
    EXPECT_EQ(error_of<Authenticate>(field(1, as_bytes(text))), Errc::bad_text);
  }
  EXPECT_EQ(decode<Authenticate>(field(1, as_bytes("zażółć")))->access_token, "zażółć");
}

TEST(Codec, LimitsOnSizeElementsAndDepthHold) {
  Bytes many;
  for (int i = 0; i < 101; ++i) {
    append(many, field(1, kId));
  }
  EXPECT_EQ(error_of<WatchPresence>(many, {.max_elements = 100}), Errc::too_many_elements);
  EXPECT_TRUE(decode<WatchPresence>(many, {.max_elements = 101}).has_value());
  EXPECT_EQ(error_of<WatchPresence>(many, {.max_size = many.size() - 1}), Errc::too_large);
  const auto nested =
      field(42, field(1, number_field(1, 3)));  // ServerFrame > SendOutcome > Accepted
  EXPECT_TRUE(decode<ServerFrame>(nested, {.max_depth = 3}).has_value());
  EXPECT_EQ(error_of<ServerFrame>(nested, {.max_depth = 2}), Errc::too_deep);
}

TEST(Codec, TheLastOfTwoChoicesCounts) {
  const auto both = join({field(1, as_bytes("anna")), field(2, kId)});
  const auto result = decode<LookUpUser>(both);
  ASSERT_TRUE(result.has_value());
  EXPECT_TRUE(std::holds_alternative<UserId>(result->by));
}

TEST(Codec, AChosenEmptyMessageIsWritten) {
  const ServerFrame frame{3, Done{}};
  const auto result = decode<ServerFrame>(encode(frame));
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(*result, frame);
}

TEST(Codec, AccountKeyTravelsWhole) {
  SeededRandom random(2);
  Content content;
  content.body.emplace<AccountKeyShare>().account_private_key = random.secret_array<32>();
  const auto bytes = encode(content);
  EXPECT_EQ(bytes.size(), 36U);
  EXPECT_EQ(*decode<Content>(bytes), content);
}

}  // namespace
}  // namespace unhidra::wire
