#include "recovery.h"

#include <algorithm>

#include "unhidra/base/codec.h"

namespace unhidra::storage {
namespace {

using State = FrameRead::State;

std::unexpected<Error> corrupt_at(const std::filesystem::path& path, std::uint64_t offset,
                                  std::string_view what) {
  return fail(Errc::corrupt,
              path.string() + ": offset " + std::to_string(offset) + ": " + std::string(what));
}

struct Listing {
  std::vector<std::uint64_t> segments;   // ascending
  std::vector<std::uint64_t> snapshots;  // ascending
  std::vector<std::string> temporary;
};

// A name that is none of ours means the wrong folder, or a log that somebody has moved aside.
Result<Listing> list_folder(LogFileSystem& files, const std::filesystem::path& folder) {
  UNHIDRA_TRY(const auto names, files.list(folder));
  Listing listing;
  for (const auto& name : names) {
    if (const auto first = position_of(FileKind::segment, name)) {
      listing.segments.push_back(*first);
    } else if (const auto position = position_of(FileKind::snapshot, name)) {
      listing.snapshots.push_back(*position);
    } else if (name.ends_with(kTemporarySuffix)) {
      listing.temporary.push_back(name);
    } else if (name != kLockName && name != "lost+found" && !name.starts_with('.')) {
      return fail(Errc::unknown_format, (folder / name).string() + ": not a file of an append log");
    }
  }
  std::ranges::sort(listing.segments);
  std::ranges::sort(listing.snapshots);
  return listing;
}

class Recovery {
 public:
  Recovery(LogFileSystem& files, const std::filesystem::path& folder,
           const AppendLog::Replay& replay)
      : files_(files), folder_(folder), replay_(replay) {}

  Result<Recovered> run() {
    UNHIDRA_TRY(auto listing, list_folder(files_, folder_));
    out_.obsolete = std::move(listing.temporary);
    if (listing.segments.empty() && listing.snapshots.empty()) {
      out_.fresh = true;
      return std::move(out_);
    }
    if (!listing.snapshots.empty()) {
      UNHIDRA_TRY_VOID(read_snapshot(listing.snapshots.back()));
      listing.snapshots.pop_back();
    }
    for (const auto older : listing.snapshots) {
      out_.obsolete.push_back(file_name(FileKind::snapshot, older));
    }
    UNHIDRA_TRY_VOID(choose_segments(listing.segments));
    for (std::size_t i = 0; i < out_.segments.size(); ++i) {
      UNHIDRA_TRY_VOID(read_segment(i));
    }
    if (out_.next <= snapshot_position()) {
      return corrupt_at(path_of(FileKind::segment, out_.segments.back()), out_.end,
                        "the log ends before the snapshot");
    }
    return std::move(out_);
  }

 private:
  struct Opened {
    std::filesystem::path path;
    std::unique_ptr<LogFile> file;
    FileHeader header;
  };

  std::uint64_t snapshot_position() const { return out_.report.snapshot_position; }
  std::filesystem::path path_of(FileKind kind, std::uint64_t position) const {
    return folder_ / file_name(kind, position);
  }

  Result<Opened> open(FileKind kind, std::uint64_t position) {
    Opened opened{.path = path_of(kind, position), .file = nullptr, .header = {}};
    UNHIDRA_TRY(opened.file, files_.open(opened.path, LogFileSystem::Mode::read));
    Bytes bytes(kFileHeaderSize);
    UNHIDRA_TRY(const auto count, opened.file->read(bytes, 0));
    auto header = decode_file_header(ByteView(bytes).first(count), kind);
    if (!header) {
      return fail(std::move(header).error().in(opened.path.string()));
    }
    opened.header = *header;
    if (opened.header.position != position) {
      return corrupt_at(opened.path, 16, "the file belongs under another name");
    }
    if (!log_known_) {
      out_.log = opened.header.log;
      log_known_ = true;
    } else if (out_.log != opened.header.log) {
      return fail(Errc::unknown_format,
                  opened.path.string() + ": offset 24: a file of another log");
    }
    return opened;
  }

  Status read_snapshot(std::uint64_t position) {
    UNHIDRA_TRY(const auto opened, open(FileKind::snapshot, position));
    UNHIDRA_TRY(auto source, FileSource::over(*opened.file));
    std::uint64_t count = 0;
    for (std::uint64_t offset = kFileHeaderSize;;) {
      UNHIDRA_TRY(const auto read, read_frame(source, offset, out_.log));
      const auto& frame = read.frame;
      if (read.state != State::frame || frame.header.sequence != count + 1) {
        return corrupt_at(opened.path, offset,
                          read.state == State::damaged ? read.why : "the snapshot is incomplete");
      }
      offset = frame.end;
      if (frame.kind == FrameKind::end) {
        ByteReader payload(frame.payload);
        if (payload.u64() != count || !payload.finish("").has_value() ||
            frame.end != source.size()) {
          return corrupt_at(opened.path, offset, "the snapshot's end does not fit it");
        }
        break;
      }
      ++count;
      UNHIDRA_TRY_VOID(replay_(position, frame.payload));
    }
    out_.report.snapshot_position = position;
    out_.report.snapshot_records = count;
    return {};
  }

  Status choose_segments(const std::vector<std::uint64_t>& all) {
    const auto needed = snapshot_position() + 1;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (i + 1 < all.size() && all[i + 1] <= needed) {
        out_.obsolete.push_back(file_name(FileKind::segment, all[i]));
      } else {
        out_.segments.push_back(all[i]);
      }
    }
    if (out_.segments.empty() || out_.segments.front() > needed) {
      return fail(Errc::corrupt, path_of(FileKind::segment, needed).string() +
                                     ": offset 0: the segment with position " +
                                     std::to_string(needed) + " is missing");
    }
    // Before any is read: a file that does not belong here is named, not the one it stands behind.
    for (const auto first : out_.segments) {
      UNHIDRA_TRY_VOID(open(FileKind::segment, first));
    }
    out_.next = out_.segments.front();
    return {};
  }

  // Of the frames that are not known to be on disk: sequence and offset.
  struct Unproven {
    std::uint64_t sequence;
    std::uint64_t offset;
  };

  Status take_frame(const std::filesystem::path& path, std::uint64_t offset, const Frame& frame) {
    if (frame.kind == FrameKind::end) {
      return corrupt_at(path, offset, "the end of a snapshot in a segment");
    }
    out_.ends_with_mark = frame.kind == FrameKind::mark;
    const auto sequence = frame.header.sequence;
    out_.next = sequence + 1;
    unproven_.push_back({sequence, offset});
    while (!unproven_.empty() && unproven_.front().sequence <= frame.header.durable()) {
      unproven_.pop_front();
    }
    if (frame.kind == FrameKind::record && sequence > snapshot_position()) {
      out_.report.records += 1;
      return replay_(sequence, frame.payload);
    }
    return {};
  }

  Status read_segment(std::size_t index) {
    UNHIDRA_TRY(const auto opened, open(FileKind::segment, out_.segments[index]));
    if (opened.header.position != out_.next) {
      return corrupt_at(opened.path, 16,
                        "it should begin with position " + std::to_string(out_.next));
    }
    UNHIDRA_TRY(auto source, FileSource::over(*opened.file));
    unproven_.clear();
    std::uint64_t offset = kFileHeaderSize;
    FrameRead read;
    for (;; offset = read.frame.end) {
      UNHIDRA_TRY(read, read_frame(source, offset, out_.log));
      if (read.state != State::frame || read.frame.header.sequence != out_.next) {
        break;
      }
      UNHIDRA_TRY_VOID(take_frame(opened.path, offset, read.frame));
    }
    return read_end(index, opened, source, offset, read);
  }

  Status read_end(std::size_t index, const Opened& opened, ByteSource& source, std::uint64_t offset,
                  const FrameRead& read) {
    const std::string_view what = read.state == State::damaged ? read.why
                                  : read.state == State::frame ? "a frame out of sequence"
                                                               : "records are missing";
    UNHIDRA_TRY(const auto rest, examine_remainder(source, offset, out_.next, out_.log));
    const bool last = index + 1 == out_.segments.size();
    const bool whole =
        last ? !rest.proves_loss : rest.used_end == offset && out_.next == out_.segments[index + 1];
    if (!whole) {
      return corrupt_at(opened.path, offset, what);
    }
    if (last) {
      out_.end = offset;
      out_.used_end = std::max(offset, rest.used_end);
      out_.report.discarded_bytes = out_.used_end - offset;
      out_.file_size = source.size();
      out_.segment_size = opened.header.size;
      out_.unproven_offset = unproven_.empty() ? offset : unproven_.front().offset;
    }
    return {};
  }

  LogFileSystem& files_;
  const std::filesystem::path& folder_;
  const AppendLog::Replay& replay_;
  bool log_known_ = false;
  std::deque<Unproven> unproven_;
  Recovered out_;
};

}  // namespace

Result<Recovered> recover(LogFileSystem& files, const std::filesystem::path& folder,
                          const AppendLog::Replay& replay) {
  return Recovery(files, folder, replay).run();
}

}  // namespace unhidra::storage
