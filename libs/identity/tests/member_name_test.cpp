#include "unhidra/identity/member_name.h"

#include <gtest/gtest.h>

#include "unhidra/testkit/fake_clock.h"
#include "unhidra/testkit/seeded_random.h"

namespace unhidra::identity {
namespace {

TEST(MemberName, HasOneEncoding) {
  testkit::SeededRandom random(1);
  testkit::FakeClock clock;
  const MemberName name{UserId::make(clock, random), DeviceId::make(clock, random)};
  const Bytes encoded = encode(name);
  EXPECT_EQ(encoded.size(), 33U);
  EXPECT_EQ(decode_member_name(encoded).value(), name);
}

TEST(MemberName, OtherBytesAreRefused) {
  testkit::SeededRandom random(1);
  testkit::FakeClock clock;
  const Bytes good = encode({UserId::make(clock, random), DeviceId::make(clock, random)});
  Bytes longer = good;
  longer.push_back(0);
  Bytes other = good;
  other[0] = 2;
  Bytes nobody = good;
  std::fill(nobody.begin() + 1, nobody.begin() + 17, Byte{0});
  for (const Bytes& bad : {longer, other, nobody, Bytes(good.begin(), good.end() - 1), Bytes{}}) {
    EXPECT_EQ(decode_member_name(bad).error(), Errc::malformed);
  }
}

}  // namespace
}  // namespace unhidra::identity
