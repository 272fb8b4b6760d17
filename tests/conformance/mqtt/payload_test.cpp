#include "payload.h"

#include <stdexcept>

#include <gtest/gtest.h>

namespace unhidra::mqtt_sequences {
namespace {

TEST(Payload, ReadsEveryNotation) {
  EXPECT_EQ(parse_payload("82 r128 m1 s2 'a b' i3 L4 000a"),
            (Bytes{0x82, 0x80, 0x01, 0, 1, 0, 2, 'a', ' ', 'b', 3, 0, 0, 0, 4, 0, 10}));
  EXPECT_EQ(parse_payload("v0 k65535 H256"), (Bytes{0, 0xff, 0xff, 1, 0}));
  EXPECT_TRUE(parse_payload("").empty());
}

TEST(Payload, WritesLengthsLongerThanTheStandardAllows) {
  EXPECT_EQ(parse_payload("r268435456"), (Bytes{0x80, 0x80, 0x80, 0x80, 0x01}));
}

TEST(Payload, RefusesWhatItDoesNotKnow) {
  for (const auto* bad : {"8", "zz", "i256", "m65536", "L4294967296", "r", "'open", "mx"}) {
    EXPECT_THROW(parse_payload(bad), std::invalid_argument) << bad;
  }
}

}  // namespace
}  // namespace unhidra::mqtt_sequences
