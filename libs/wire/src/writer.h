#pragma once
// One Protobuf message being written: nanopb's stream primitives. Given no buffer it only counts.

#include <pb_encode.h>

#include "unhidra/base/bytes.h"

namespace unhidra::wire {

class Writer {
 public:
  Writer() : stream_(PB_OSTREAM_SIZING) {}
  explicit Writer(MutableByteView out) : stream_(pb_ostream_from_buffer(out.data(), out.size())) {}

  // Writes a tag and a number; the caller leaves defaults out.
  void number(std::uint32_t field, std::uint64_t value);
  void bytes(std::uint32_t field, ByteView value);
  // Tag and length; the content follows.
  void begin(std::uint32_t field, std::size_t size);

  std::size_t written() const { return stream_.bytes_written; }
  bool counting() const { return stream_.callback == nullptr; }

 private:
  void varint(std::uint64_t value);

  pb_ostream_t stream_;
};

}  // namespace unhidra::wire
