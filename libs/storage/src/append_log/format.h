#pragma once
// The bytes of segments and snapshots. All integers in network byte order.
//
// File header, 64 bytes: magic, version, kind, position (of a segment: its first; of a snapshot:
// the last it stands for), log id, size (of a segment: of the whole file), zeros, CRC-32C.
// Frame: a header of 24 bytes, the payload, zeros up to a multiple of 8.
//   0 crc      CRC-32C of the log id, the header from byte 4 on and the payload. The id is secret
//              enough that a payload cannot pass for a frame.
//   4 length   of the payload
//   8 sequence rises by one from frame to frame
//  16 lag      sequence - lag was durable when the frame was written
//  20 kind, three zeros
// Zeros in the place of a frame: never written.

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "unhidra/base/bytes.h"
#include "unhidra/storage/append_log.h"

namespace unhidra::storage {

using LogId = ByteArray<16>;  // one for each log: its files cannot be taken for another's

inline constexpr std::size_t kFileHeaderSize = 64;
inline constexpr std::size_t kFrameHeaderSize = 24;
inline constexpr std::uint32_t kLogVersion = 1;

enum class FileKind : std::uint32_t { segment = 1, snapshot = 2 };
struct FileHeader {
  FileKind kind = FileKind::segment;
  std::uint64_t position = 0;
  LogId log{};
  std::uint64_t size = 0;
};
Bytes encode(const FileHeader& header);
// Errc::unknown_format or corrupt; the message does not name the file.
Result<FileHeader> decode_file_header(ByteView bytes, FileKind expected);

enum class FrameKind : std::uint8_t {
  record = 1,
  mark = 2,  // a log was closed: what stands before is durable
  end = 3,   // of a snapshot; the payload is the number of its records
};
struct FrameHeader {
  std::uint32_t crc = 0;
  std::uint32_t length = 0;
  std::uint64_t sequence = 0;
  std::uint32_t lag = 0;
  std::uint8_t kind = 0;
  bool reserved_is_zero = true;

  std::uint64_t durable() const { return sequence - lag; }
};
FrameHeader decode_frame_header(ByteView bytes);  // kFrameHeaderSize of them

constexpr std::size_t frame_size(std::size_t payload) {
  return (kFrameHeaderSize + payload + 7) / 8 * 8;
}
// With lag and CRC still zero.
void append_frame(Bytes& out, FrameKind kind, std::uint64_t sequence, ByteView payload);
// Completes frames that stand one behind the other; `durable` is durable before they are written.
void seal_frames(MutableByteView frames, std::uint64_t durable, const LogId& log);

// "segment-<16 hex digits>.log", "snapshot-<16 hex digits>.log"
std::string file_name(FileKind kind, std::uint64_t position);
std::optional<std::uint64_t> position_of(FileKind kind, std::string_view name);
inline constexpr std::string_view kTemporarySuffix = ".tmp";

}  // namespace unhidra::storage
