#include "format.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "unhidra/base/codec.h"
#include "unhidra/base/crc32c.h"

namespace unhidra::storage {
namespace {

constexpr ByteArray<8> kMagic{'U', 'N', 'H', 'L', 'O', 'G', '\r', '\n'};

template <class T>
void store(Byte* at, T value) {
  for (std::size_t i = sizeof(T); i-- > 0; value = static_cast<T>(value >> 8)) {
    at[i] = static_cast<Byte>(value);
  }
}
template <class T>
T load(const Byte* at) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value = static_cast<T>(static_cast<T>(value << 8) | at[i]);
  }
  return value;
}

std::string_view prefix_of(FileKind kind) {
  return kind == FileKind::segment ? "segment-" : "snapshot-";
}
constexpr std::string_view kSuffix = ".log";
constexpr std::size_t kDigits = 16;

}  // namespace

Bytes encode(const FileHeader& header) {
  constexpr ByteArray<12> kReserved{};
  ByteWriter out(kFileHeaderSize);
  out.raw(kMagic)
      .u32(kLogVersion)
      .u32(static_cast<std::uint32_t>(header.kind))
      .u64(header.position)
      .raw(header.log)
      .u64(header.size)
      .raw(kReserved);
  const auto crc = crc32c(out.view());
  return std::move(out.u32(crc)).take();
}

Result<FileHeader> decode_file_header(ByteView bytes, FileKind expected) {
  if (bytes.size() < kMagic.size() || !std::ranges::equal(bytes.first(kMagic.size()), kMagic)) {
    return fail(Errc::unknown_format, "offset 0: not a file of an append log");
  }
  if (bytes.size() < kFileHeaderSize) {
    return fail(Errc::corrupt, "offset 0: the file's header is cut short");
  }
  ByteReader in(bytes.first(kFileHeaderSize));
  in.raw(kMagic.size());
  const auto version = in.u32();
  FileHeader header;
  header.kind = static_cast<FileKind>(in.u32());
  header.position = in.u64();
  header.log = in.array<16>();
  header.size = in.u64();
  in.raw(12);
  // First: a later release may arrange the rest in another way.
  if (version != kLogVersion) {
    return fail(Errc::unknown_format, "offset 8: version " + std::to_string(version) +
                                          " of the format; this release reads " +
                                          std::to_string(kLogVersion));
  }
  if (in.u32() != crc32c(bytes.first(kFileHeaderSize - 4))) {
    return fail(Errc::corrupt, "offset 0: the file's header is damaged");
  }
  if (header.kind != expected) {
    return fail(Errc::unknown_format, "offset 12: not the kind of file that its name says");
  }
  return header;
}

FrameHeader decode_frame_header(ByteView bytes) {
  const auto* at = bytes.data();
  FrameHeader header;
  header.crc = load<std::uint32_t>(at);
  header.length = load<std::uint32_t>(at + 4);
  header.sequence = load<std::uint64_t>(at + 8);
  header.lag = load<std::uint32_t>(at + 16);
  header.kind = at[20];
  header.reserved_is_zero = at[21] == 0 && at[22] == 0 && at[23] == 0;
  return header;
}

void append_frame(Bytes& out, FrameKind kind, std::uint64_t sequence, ByteView payload) {
  ByteArray<kFrameHeaderSize> header{};
  store(header.data() + 4, static_cast<std::uint32_t>(payload.size()));
  store(header.data() + 8, sequence);
  header[20] = static_cast<Byte>(kind);
  append(out, header);
  append(out, payload);
  out.resize(out.size() + frame_size(payload.size()) - kFrameHeaderSize - payload.size());
}

void seal_frames(MutableByteView frames, std::uint64_t durable, const LogId& log) {
  const auto id = crc32c(log);
  while (!frames.empty()) {
    auto* at = frames.data();
    const auto length = load<std::uint32_t>(at + 4);
    store(at + 16, static_cast<std::uint32_t>(load<std::uint64_t>(at + 8) - durable));
    store(at, crc32c(frames.subspan(4, kFrameHeaderSize - 4 + length), id));
    frames = frames.subspan(frame_size(length));
  }
}

std::string file_name(FileKind kind, std::uint64_t position) {
  std::array<char, kDigits + 1> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(position));
  return std::string(prefix_of(kind)) + digits.data() + std::string(kSuffix);
}

std::optional<std::uint64_t> position_of(FileKind kind, std::string_view name) {
  const auto prefix = prefix_of(kind);
  if (name.size() != prefix.size() + kDigits + kSuffix.size() || !name.starts_with(prefix) ||
      !name.ends_with(kSuffix)) {
    return std::nullopt;
  }
  const auto digits = name.substr(prefix.size(), kDigits);
  std::uint64_t position = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + kDigits, position, 16);
  if (parsed.ec != std::errc() || parsed.ptr != digits.data() + kDigits ||
      file_name(kind, position) != name) {
    return std::nullopt;
  }
  return position;
}

}  // namespace unhidra::storage
