// The bytes of a segment behind its header. The first byte says what is done with the rest: read as
// it is, or made into frames with checksums that fit, then changed at a place, so that the reader
// gets beyond the checksum. Frames must lie inside the input, one behind the other; what is behind
// them is looked at to its end.
#include <algorithm>
#include <cstdlib>

#include "append_log/reader.h"

namespace {

using namespace unhidra;
using namespace unhidra::storage;

constexpr LogId kLog{1, 2, 3};

void check(bool holds) {
  if (!holds) {
    std::abort();
  }
}

void read_all(ByteView bytes) {
  MemorySource source(bytes);
  std::uint64_t offset = 0;
  std::uint64_t expected = 1;
  for (;;) {
    const auto read = read_frame(source, offset, kLog);
    check(read.has_value());
    if (read->state != FrameRead::State::frame || read->frame.header.sequence != expected) {
      break;
    }
    check(read->frame.end > offset && read->frame.end <= bytes.size());
    check(read->frame.payload.size() == read->frame.header.length);
    check(read->frame.payload.data() >= bytes.data() + offset);
    check(read->frame.payload.data() + read->frame.payload.size() <= bytes.data() + bytes.size());
    offset = read->frame.end;
    ++expected;
  }
  const auto rest = examine_remainder(source, offset, expected, kLog);
  check(rest.has_value());
  check(rest->used_end >= offset && rest->used_end <= bytes.size());
  check(std::all_of(bytes.begin() + static_cast<std::ptrdiff_t>(rest->used_end), bytes.end(),
                    [](Byte byte) { return byte == 0; }));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) {
    return 0;
  }
  const auto how = data[0];
  const ByteView input(data + 4, size - 4);
  (void)decode_file_header(input, FileKind::segment);
  (void)position_of(FileKind::segment, as_text(input));
  if (how % 2 == 0) {
    read_all(input);
    return 0;
  }
  Bytes frames;
  const std::size_t step = 1 + data[1];
  std::uint64_t sequence = 0;
  for (std::size_t at = 0; at < input.size(); at += step) {
    const auto start = frames.size();
    append_frame(frames, FrameKind::record, ++sequence,
                 input.subspan(at, std::min(step, input.size() - at)));
    seal_frames(MutableByteView(frames).subspan(start), sequence - 1, kLog);
  }
  if (how % 4 == 3 && !frames.empty()) {
    const auto place = (static_cast<std::size_t>(data[2]) << 8 | data[3]) % frames.size();
    frames[place] = static_cast<Byte>(frames[place] ^ how);
  }
  read_all(frames);
  return 0;
}
