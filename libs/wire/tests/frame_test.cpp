// Routing without decoding.

#include <gtest/gtest.h>

#include "all_messages.h"

namespace unhidra::wire {
namespace {

TEST(Frame, ARequestIsRoutedWithItsBodyStillEncoded) {
  SeededRandom random;
  for (int round = 0; round < 200; ++round) {
    ClientFrame frame;
    randomize(random, frame);
    frame.request_id |= 1;
    if (frame.body.index() == 0) {
      continue;
    }
    const auto bytes = encode(frame);
    const auto peeked = peek_request(bytes);
    ASSERT_TRUE(peeked.has_value()) << peeked.error().message();
    EXPECT_EQ(peeked->request_id, frame.request_id);
    EXPECT_EQ(peeked->field, ClientFrame::bodies().choices[frame.body.index() - 1].number);
    std::visit(
        [&]<class T>(const T& body) {
          if constexpr (!std::is_same_v<T, std::monostate>) {
            EXPECT_EQ(peeked->field, request_field<T>());
            EXPECT_EQ(to_bytes(peeked->body), encode(body));
          }
        },
        frame.body);
    EXPECT_EQ(make_request(peeked->request_id, peeked->field, peeked->body), bytes);
  }
}

TEST(Frame, AResponseAroundAnEncodedBodyIsTheWholeFrame) {
  const UserInfo info{UserId(Uuid{1}), "anna", "Anna"};
  EXPECT_EQ(make_response(7, response_field<UserInfo>(), encode(info)),
            encode(ServerFrame{7, info}));
  const Closing closing{"gateway.draining", 1500};
  EXPECT_EQ(make_response(0, response_field<Closing>(), encode(closing)),
            encode(ServerFrame{0, closing}));
}

TEST(Frame, AnUnknownRequestIsToldByItsNumber) {
  const auto peeked = peek_request(make_request(3, 999, {}));
  ASSERT_TRUE(peeked.has_value());
  EXPECT_EQ(peeked->field, 999U);
  // Later fields of the frame itself are no request.
  auto frame = make_request(3, 42, {});
  append(frame, make_request(0, 1000, as_bytes("later")));
  append(frame, make_request(0, 9, as_bytes("later")));
  EXPECT_EQ(peek_request(frame)->field, 42U);
}

TEST(Frame, FramesThatCannotBeRoutedAreRefused) {
  const auto refused = [](ByteView frame, Errc code) {
    const auto result = peek_request(frame);
    return !result && result.error() == code;
  };
  EXPECT_TRUE(refused({}, Errc::missing_field));
  EXPECT_TRUE(refused(make_request(0, 42, {}), Errc::missing_field));
  EXPECT_TRUE(refused(encode(ClientFrame{5, {}}), Errc::no_body));
  auto twice = make_request(5, 42, {});
  append(twice, make_request(5, 43, {}));
  EXPECT_TRUE(refused(twice, Errc::malformed));
  EXPECT_TRUE(refused(as_bytes("\xff\xff\xff\xff\xff\xff"), Errc::malformed));
  EXPECT_TRUE(refused(Bytes{0x08, 0x05, 0xd0, 0x02, 0x01}, Errc::wrong_type));  // 42 as a number
  EXPECT_TRUE(refused(Bytes{0x08, 0x05, 0xd2, 0x02, 0x05, 0x01}, Errc::malformed));
  const auto large = make_request(5, 42, Bytes(200));
  EXPECT_EQ(peek_request(large, {.max_size = 100}).error(), Errc::too_large);
}

}  // namespace
}  // namespace unhidra::wire
