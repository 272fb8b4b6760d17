#include "writer.h"

#include <bit>
#include <cassert>

namespace unhidra::wire {
namespace {

// The buffer is as large as the counting pass found: only a bug could make a write fail.
void must([[maybe_unused]] bool done) {
  assert(done);
}

}  // namespace

void Writer::varint(std::uint64_t value) {
  if (counting()) {
    const auto bits = static_cast<std::size_t>(std::bit_width(value | 1U));
    stream_.bytes_written += (bits + 6) / 7;
    return;
  }
  must(pb_encode_varint(&stream_, value));
}

void Writer::number(std::uint32_t field, std::uint64_t value) {
  varint((std::uint64_t{field} << 3U) | PB_WT_VARINT);
  varint(value);
}

void Writer::bytes(std::uint32_t field, ByteView value) {
  begin(field, value.size());
  must(pb_write(&stream_, value.data(), value.size()));
}

void Writer::begin(std::uint32_t field, std::size_t size) {
  varint((std::uint64_t{field} << 3U) | PB_WT_STRING);
  varint(size);
}

}  // namespace unhidra::wire
