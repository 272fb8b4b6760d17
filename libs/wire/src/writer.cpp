#include "writer.h"

#include <cassert>

namespace unhidra::wire {
namespace {

// The buffer is as large as the counting pass found: only a bug could make a write fail.
void must([[maybe_unused]] bool done) {
  assert(done);
}

}  // namespace

void Writer::number(std::uint32_t field, std::uint64_t value) {
  must(pb_encode_tag(&stream_, PB_WT_VARINT, field));
  must(pb_encode_varint(&stream_, value));
}

void Writer::bytes(std::uint32_t field, ByteView value) {
  begin(field, value.size());
  must(pb_write(&stream_, value.data(), value.size()));
}

void Writer::begin(std::uint32_t field, std::size_t size) {
  must(pb_encode_tag(&stream_, PB_WT_STRING, field));
  must(pb_encode_varint(&stream_, size));
}

}  // namespace unhidra::wire
