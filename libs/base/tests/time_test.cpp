#include "unhidra/base/time.h"

#include <gtest/gtest.h>

namespace unhidra {
namespace {

TEST(Time, PrintsAndParsesRfc3339) {
  const auto time = from_unix_micros(1'795'382'120'123'456);
  EXPECT_EQ(to_rfc3339(time), "2026-11-22T21:15:20.123456Z");
  EXPECT_EQ(*parse_rfc3339("2026-11-22T21:15:20.123456Z"), time);
  EXPECT_EQ(*parse_rfc3339("2026-11-22T22:15:20.123456+01:00"), time);
  EXPECT_EQ(to_rfc3339(*parse_rfc3339("1969-12-31T23:59:59.5Z")), "1969-12-31T23:59:59.500000Z");
}

TEST(Time, RefusesWhatIsNoTime) {
  for (const auto* text :
       {"", "2026-11-22", "2026-02-30T00:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T21:15:20",
        "2026-11-22T21:15:20Zx", "2026-11-22T21:15:20.Z"}) {
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
}

}  // namespace
}  // namespace unhidra
