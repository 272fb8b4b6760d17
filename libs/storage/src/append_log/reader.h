#pragma once
// Reads frames out of bytes that anything may have happened to.

#include <string_view>

#include "file_system.h"
#include "format.h"

namespace unhidra::storage {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual std::uint64_t size() const = 0;
  // Fewer bytes at the end. Valid until the next call.
  virtual Result<ByteView> view(std::uint64_t offset, std::size_t size) = 0;
};

class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(ByteView bytes) : bytes_(bytes) {}
  std::uint64_t size() const override { return bytes_.size(); }
  Result<ByteView> view(std::uint64_t offset, std::size_t size) override;

 private:
  ByteView bytes_;
};

// Holds a window of the file in memory, as large as the largest frame.
class FileSource final : public ByteSource {
 public:
  static Result<FileSource> over(LogFile& file);
  std::uint64_t size() const override { return size_; }
  Result<ByteView> view(std::uint64_t offset, std::size_t size) override;

 private:
  FileSource(LogFile& file, std::uint64_t size) : file_(&file), size_(size) {}
  LogFile* file_;
  std::uint64_t size_;
  std::uint64_t start_ = 0;
  Bytes window_;
};

struct Frame {
  FrameHeader header;
  FrameKind kind = FrameKind::record;
  ByteView payload;  // valid until the source is used again
  std::uint64_t end = 0;
};

struct FrameRead {
  enum class State : std::uint8_t {
    frame,
    end,        // of the source
    unwritten,  // zeros
    damaged,
  };
  State state = State::end;
  Frame frame;           // of State::frame
  std::string_view why;  // of State::damaged; in static storage
};

// Errors are those of the source.
Result<FrameRead> read_frame(ByteSource& source, std::uint64_t offset, const LogId& log);

// What follows the place where the frame `expected` should stand and does not.
struct Remainder {
  // A whole frame that was written when `expected` was durable: what is missing was lost later.
  bool proves_loss = false;
  std::uint64_t used_end =
      0;  // behind the last byte that is not zero; the offset when there is none
};
Result<Remainder> examine_remainder(ByteSource& source, std::uint64_t offset,
                                    std::uint64_t expected, const LogId& log);

}  // namespace unhidra::storage
