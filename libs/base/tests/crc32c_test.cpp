#include "unhidra/base/crc32c.h"

#include <gtest/gtest.h>

namespace unhidra {
namespace {

// RFC 3720, appendix B.4.
TEST(Crc32c, MatchesTheVectorsOfRfc3720) {
  Bytes rising(32);
  for (std::size_t i = 0; i < rising.size(); ++i) {
    rising[i] = static_cast<Byte>(i);
  }
  const Bytes falling(rising.rbegin(), rising.rend());
  const Bytes zeros(32);
  const Bytes ones(32, 0xFF);
  EXPECT_EQ(crc32c(zeros), 0x8A9136AAU);
  EXPECT_EQ(crc32c(ones), 0x62A8AB43U);
  EXPECT_EQ(crc32c(rising), 0x46DD794EU);
  EXPECT_EQ(crc32c(falling), 0x113FDB5CU);
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xE3069283U);
}

TEST(Crc32c, TheInstructionAndTheTablesAgree) {
  for (std::size_t size = 0; size < 300; ++size) {
    Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i) {
      bytes[i] = static_cast<Byte>(i * i + 7 * size);
    }
    const auto whole = crc32c(bytes);
    EXPECT_EQ(whole, crc32c_portable(bytes));
    const ByteView view(bytes);
    const auto cut = size * 2 / 3;
    EXPECT_EQ(whole, crc32c(view.subspan(cut), crc32c(view.first(cut))));
  }
}

}  // namespace
}  // namespace unhidra
