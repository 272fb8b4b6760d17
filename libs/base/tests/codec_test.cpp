#include "unhidra/base/codec.h"

#include <gtest/gtest.h>

namespace unhidra {
namespace {

TEST(Codec, ReadsBackWhatWasWritten) {
  ByteWriter writer;
  writer.u8(1).u16(0x0203).u32(0x04050607).u64(0x08090a0b0c0d0e0f).varint(300).text("hello");
  ByteReader reader(writer.view());
  EXPECT_EQ(reader.u8(), 1);
  EXPECT_EQ(reader.u16(), 0x0203);
  EXPECT_EQ(reader.u32(), 0x04050607U);
  EXPECT_EQ(reader.u64(), 0x08090a0b0c0d0e0fU);
  EXPECT_EQ(reader.varint(), 300U);
  EXPECT_EQ(reader.text(16), "hello");
  EXPECT_TRUE(reader.finish("it"));
}

TEST(Codec, VarintHoldsEveryLength) {
  for (unsigned shift = 0; shift < 64; ++shift) {
    const std::uint64_t value = (std::uint64_t{1} << shift) | 1;
    ByteWriter writer;
    writer.varint(value);
    ByteReader reader(writer.view());
    EXPECT_EQ(reader.varint(), value);
    EXPECT_TRUE(reader.finish("varint"));
  }
}

TEST(Codec, VarintRefusesNonMinimalAndOverlongForms) {
  const Bytes padded{0x81, 0x00};
  const Bytes too_long{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02};
  const Bytes endless(11, 0x80);
  for (const auto& bytes : {padded, too_long, endless}) {
    ByteReader reader(bytes);
    reader.varint();
    EXPECT_TRUE(reader.failed());
  }
}

TEST(Codec, EveryTruncationIsNoticed) {
  ByteWriter writer;
  writer.u32(7).text("some text").varint(1U << 20).u64(1);
  for (std::size_t size = 0; size < writer.view().size(); ++size) {
    ByteReader reader(ByteView(writer.view()).first(size));
    reader.u32();
    reader.text(100);
    reader.varint();
    reader.u64();
    EXPECT_FALSE(reader.finish("it")) << size;
  }
}

TEST(Codec, TrailingBytesAreAnError) {
  const Bytes bytes{1, 2};
  ByteReader reader(bytes);
  reader.u8();
  EXPECT_FALSE(reader.finish("it"));
}

TEST(Codec, LengthOverTheLimitIsRefused) {
  ByteWriter writer;
  writer.text("12345678");
  ByteReader reader(writer.view());
  reader.bytes(7);
  EXPECT_TRUE(reader.failed());
}

}  // namespace
}  // namespace unhidra
