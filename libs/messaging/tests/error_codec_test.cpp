#include "unhidra/messaging/error_codec.h"

#include <gtest/gtest.h>

#include "unhidra/testkit/seeded_random.h"

namespace unhidra::messaging {
namespace {

Error blank() {
  return Error(unhidra::Errc::internal, "");
}

TEST(ErrorCodec, an_error_keeps_everything) {
  const auto without = Error(ErrorCode{"chat.stale", ErrorKind::conflict}, "héllo");
  const auto at_once = Error(without).with_retry_after(std::chrono::milliseconds(0));
  const auto later = Error(without).with_retry_after(std::chrono::minutes(1));
  for (const auto& error : {without, at_once, later}) {
    auto out = blank();
    ASSERT_TRUE(decode_error(encode_error(error), out));
    EXPECT_EQ(out.code(), error.code());
    EXPECT_EQ(out.kind(), ErrorKind::conflict);
    EXPECT_EQ(out.message(), "héllo");
    EXPECT_EQ(out.retry_after(), error.retry_after());
  }
}

TEST(ErrorCodec, names_outlive_the_bytes_and_are_kept_once) {
  auto one = blank();
  auto two = blank();
  const Error error(ErrorCode{"some.code", ErrorKind::denied}, "x");
  {
    auto bytes = encode_error(error);
    ASSERT_TRUE(decode_error(bytes, one));
    ASSERT_TRUE(decode_error(bytes, two));
    std::fill(bytes.begin(), bytes.end(), Byte{0});
  }
  EXPECT_EQ(one.code().name, "some.code");
  EXPECT_EQ(one.code().name.data(), two.code().name.data());
}

TEST(ErrorCodec, anything_cut_changed_or_too_long_is_refused_or_still_an_error) {
  const auto good = encode_error(Error(unhidra::Errc::timeout, "late"));
  auto out = blank();
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(decode_error(ByteView(good).first(size), out));
  }
  auto longer = good;
  longer.push_back(0);
  EXPECT_FALSE(decode_error(longer, out));
  testkit::SeededRandom random;
  for (int i = 0; i < 5000; ++i) {
    auto bytes = good;
    bytes[random.below(bytes.size())] = static_cast<Byte>(random.below(256));
    if (decode_error(bytes, out)) {
      EXPECT_LE(static_cast<int>(out.kind()), static_cast<int>(ErrorKind::internal));
    }
  }
}

// In a process of its own: the names stay for ever.
TEST(ErrorCodecDeathTest, a_flood_of_names_is_bounded) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        auto out = blank();
        for (int i = 0; i < 6000; ++i) {
          const auto name = "flood.n" + std::to_string(i);
          if (!decode_error(encode_error(Error(ErrorCode{name, ErrorKind::denied}, "")), out)) {
            std::exit(2);
          }
        }
        const bool folded = out.code().name == "messaging.foreign_error";
        std::exit(folded && out.kind() == ErrorKind::denied ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace unhidra::messaging
