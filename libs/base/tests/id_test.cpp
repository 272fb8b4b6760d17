#include "unhidra/base/id.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

namespace unhidra {
namespace {

class CountingRandom final : public RandomSource {
 public:
  void fill(MutableByteView out) override {
    for (Byte& byte : out) {
      byte = next_++;
    }
  }

 private:
  Byte next_ = 0;
};

TEST(Uuid, CarriesVersionVariantAndTime) {
  CountingRandom random;
  const auto uuid = make_uuid_v7(from_unix_micros(0x017f22e279b0LL * 1000 + 999), random);
  EXPECT_EQ(uuid_to_string(uuid).substr(0, 15), "017f22e2-79b0-7");
  EXPECT_EQ(uuid[8] & 0xc0, 0x80);
}

TEST(Uuid, SortsByTime) {
  CountingRandom random;
  const auto earlier = UserId(make_uuid_v7(from_unix_micros(1'000'000), random));
  const auto later = UserId(make_uuid_v7(from_unix_micros(2'000'000), random));
  EXPECT_LT(earlier, later);
}

TEST(Uuid, IdsSortAsTheirBytesDo) {
  std::mt19937 random(7);
  for (int i = 0; i < 2000; ++i) {
    Uuid a{};
    std::ranges::generate(a, [&] { return static_cast<Byte>(random()); });
    Uuid b = a;
    b[random() % b.size()] = static_cast<Byte>(random());
    EXPECT_EQ(UserId(a) <=> UserId(b), a <=> b);
    EXPECT_EQ(UserId(a) == UserId(b), a == b);
  }
  static_assert(UserId(Uuid{0, 255}) < UserId(Uuid{1, 0}));
  static_assert(UserId(Uuid{}) == UserId());
}

TEST(Uuid, ParsesWhatItPrints) {
  CountingRandom random;
  const auto id = DeviceId(make_uuid_v7(from_unix_micros(5), random));
  EXPECT_EQ(*DeviceId::parse(id.to_string()), id);
}

TEST(Uuid, RefusesOtherShapes) {
  for (const auto* text :
       {"", "017f22e279b07cc398c4dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398g", "017f22e27-9b0-7cc3-98c4-dc0c0c07398f",
        "{17f22e2-79b0-7cc3-98c4-dc0c0c07398f"}) {
    EXPECT_FALSE(UserId::parse(text)) << text;
  }
}

TEST(Random, BelowStaysInRange) {
  CountingRandom random;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_LT(random.below(7), 7U);
  }
}

}  // namespace
}  // namespace unhidra
