#include "reader.h"

#include <algorithm>

#include "unhidra/base/crc32c.h"

namespace unhidra::storage {
namespace {

constexpr std::size_t kWindow = 256U << 10;
constexpr std::size_t kLook = 4096;

bool all_zero(ByteView bytes) {
  return std::ranges::all_of(bytes, [](Byte byte) { return byte == 0; });
}

// What can be told without the payload.
std::string_view fault_of(const FrameHeader& header, std::uint64_t room) {
  if (!header.reserved_is_zero || header.kind < static_cast<std::uint8_t>(FrameKind::record) ||
      header.kind > static_cast<std::uint8_t>(FrameKind::end)) {
    return "no frame of a kind that is known";
  }
  if (header.length > kMaxLogRecord || frame_size(header.length) > room) {
    return "a frame that reaches beyond the end of the file";
  }
  if (header.lag > header.sequence) {
    return "a frame with an impossible sequence";
  }
  return {};
}

// Where the next byte that is not zero stands.
Result<std::uint64_t> skip_zeros(ByteSource& source, std::uint64_t offset) {
  while (offset < source.size()) {
    UNHIDRA_TRY(const auto bytes, source.view(offset, kLook));
    if (bytes.empty()) {
      break;
    }
    const auto found = std::ranges::find_if(bytes, [](Byte byte) { return byte != 0; });
    offset += static_cast<std::uint64_t>(found - bytes.begin());
    if (found != bytes.end()) {
      return offset;
    }
  }
  return source.size();
}

}  // namespace

Result<ByteView> MemorySource::view(std::uint64_t offset, std::size_t size) {
  if (offset >= bytes_.size()) {
    return ByteView();
  }
  const auto rest = bytes_.subspan(static_cast<std::size_t>(offset));
  return rest.first(std::min(size, rest.size()));
}

Result<FileSource> FileSource::over(LogFile& file) {
  UNHIDRA_TRY(const auto size, file.size());
  return FileSource(file, size);
}

Result<ByteView> FileSource::view(std::uint64_t offset, std::size_t size) {
  if (offset >= size_) {
    return ByteView();
  }
  size = static_cast<std::size_t>(std::min<std::uint64_t>(size, size_ - offset));
  if (offset < start_ || offset + size > start_ + window_.size()) {
    window_.resize(
        static_cast<std::size_t>(std::min<std::uint64_t>(std::max(size, kWindow), size_ - offset)));
    start_ = offset;
    auto count = file_->read(window_, offset);
    window_.resize(count.value_or(0));
    if (!count) {
      return fail(std::move(count).error());
    }
    size = std::min(size, window_.size());
  }
  return ByteView(window_).subspan(static_cast<std::size_t>(offset - start_), size);
}

Result<FrameRead> read_frame(ByteSource& source, std::uint64_t offset, const LogId& log) {
  using State = FrameRead::State;
  UNHIDRA_TRY(auto bytes, source.view(offset, kFrameHeaderSize));
  if (bytes.empty()) {
    return FrameRead{.state = State::end};
  }
  if (all_zero(bytes)) {
    return FrameRead{.state = State::unwritten};
  }
  if (bytes.size() < kFrameHeaderSize) {
    return FrameRead{.state = State::damaged, .why = "a frame that is cut short"};
  }
  const auto header = decode_frame_header(bytes);
  if (const auto fault = fault_of(header, source.size() - offset); !fault.empty()) {
    return FrameRead{.state = State::damaged, .why = fault};
  }
  const auto whole = frame_size(header.length);
  UNHIDRA_TRY(bytes, source.view(offset, whole));
  if (bytes.size() < whole) {
    return FrameRead{.state = State::damaged, .why = "a frame that is cut short"};
  }
  const auto checked = bytes.subspan(4, kFrameHeaderSize - 4 + header.length);
  if (crc32c(checked, crc32c(log)) != header.crc || !all_zero(bytes.subspan(checked.size() + 4))) {
    return FrameRead{.state = State::damaged, .why = "a frame whose checksum does not match"};
  }
  return FrameRead{.state = State::frame,
                   .frame = {.header = header,
                             .kind = static_cast<FrameKind>(header.kind),
                             .payload = bytes.subspan(kFrameHeaderSize, header.length),
                             .end = offset + whole},
                   .why = {}};
}

Result<Remainder> examine_remainder(ByteSource& source, std::uint64_t offset,
                                    std::uint64_t expected, const LogId& log) {
  Remainder remainder{.used_end = offset};
  const auto most = expected + (source.size() - offset) / kFrameHeaderSize;
  for (auto at = offset;; at += 8) {
    UNHIDRA_TRY(const auto used, skip_zeros(source, at));
    if (used >= source.size()) {
      return remainder;
    }
    at = used / 8 * 8;  // frames begin at multiples of 8
    remainder.used_end = std::min(at + 8, source.size());
    // Its first eight bytes may happen to be zeros.
    for (const auto start : {at, std::max(offset, at - 8)}) {
      UNHIDRA_TRY(const auto bytes, source.view(start, kFrameHeaderSize));
      if (bytes.size() < kFrameHeaderSize) {
        continue;
      }
      const auto header = decode_frame_header(bytes);
      if (header.sequence <= expected || header.sequence > most || header.durable() < expected) {
        continue;
      }
      UNHIDRA_TRY(const auto read, read_frame(source, start, log));
      remainder.proves_loss |= read.state == FrameRead::State::frame;
    }
  }
}

}  // namespace unhidra::storage
