#include "import/export_source.h"

#include <archive.h>
#include <archive_entry.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>

#include "unhidra/base/text.h"

#include "errc.h"
#include "file_transfer.h"
#include "terminal.h"

namespace unhidra::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPiece = std::size_t{1} << 16;

Error damaged(std::string_view what) {
  return {Errc::bad_export, "the export cannot be read: " + printable(what)};
}

Error too_large(std::string_view what) {
  return {Errc::bad_export, "the export is larger than can be imported: " + printable(what)};
}

// A path inside the export, or nothing where it leads out of it or to no file.
std::string clean_path(std::string_view path) {
  while (path.starts_with("./")) {
    path.remove_prefix(2);
  }
  if (path.empty() || path.starts_with('/') || path.ends_with('/') || !is_valid_utf8(path)) {
    return {};
  }
  for (auto rest = path; !rest.empty();) {
    const auto slash = std::min(rest.find('/'), rest.size());
    if (rest.substr(0, slash) == "..") {
      return {};
    }
    rest.remove_prefix(std::min(slash + 1, rest.size()));
  }
  return std::string(path);
}

using Sink = std::function<Status(std::string_view piece)>;

// One walk over a zip file, entry by entry.
class ZipWalk {
 public:
  static Result<ZipWalk> begin(const std::string& path) {
    ZipWalk out;
    archive_read_support_format_zip(out.archive_.get());
    if (archive_read_open_filename(out.archive_.get(), path.c_str(), kPiece) != ARCHIVE_OK) {
      return fail(damaged(out.message()));
    }
    return out;
  }
  // The next file's path, empty for what is none; false at the end.
  Result<bool> next(std::string& path) {
    const int got = archive_read_next_header(archive_.get(), &entry_);
    if (got == ARCHIVE_EOF) {
      return false;
    }
    if (got < ARCHIVE_WARN) {
      return fail(damaged(message()));
    }
    const char* name = archive_entry_pathname_utf8(entry_);
    path = name != nullptr && archive_entry_filetype(entry_) == AE_IFREG ? clean_path(name) : "";
    return true;
  }
  std::uint64_t size() const {
    return archive_entry_size_is_set(entry_) != 0
               ? static_cast<std::uint64_t>(std::max<la_int64_t>(archive_entry_size(entry_), 0))
               : 0;
  }
  Status read(const Sink& sink) {
    std::string piece(kPiece, '\0');
    for (;;) {
      const auto got = archive_read_data(archive_.get(), piece.data(), piece.size());
      if (got < 0) {
        return fail(damaged(message()));
      }
      if (got == 0) {
        return {};
      }
      UNHIDRA_TRY_VOID(sink(std::string_view(piece).substr(0, static_cast<std::size_t>(got))));
    }
  }

 private:
  struct Close {
    void operator()(archive* open) const { archive_read_free(open); }
  };
  ZipWalk() : archive_(archive_read_new()) {}
  std::string_view message() const {
    const char* text = archive_error_string(archive_.get());
    return text != nullptr ? text : "damaged";
  }
  std::unique_ptr<archive, Close> archive_;
  archive_entry* entry_ = nullptr;
};

Status read_file(const fs::path& path, const Sink& sink) {
  std::ifstream in(path, std::ios::binary);
  std::string piece(kPiece, '\0');
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0) {
    UNHIDRA_TRY_VOID(
        sink(std::string_view(piece).substr(0, static_cast<std::size_t>(in.gcount()))));
  }
  return in.eof() ? Status() : fail(damaged(path.string()));
}

}  // namespace

Result<ExportSource> ExportSource::open(const std::string& path, Bounds bounds) {
  std::error_code error;
  const auto kind = fs::status(path, error);
  if (error || !fs::exists(kind)) {
    return fail(Errc::not_found, "there is no " + printable(path));
  }
  ExportSource out(path, fs::is_directory(kind), bounds);
  UNHIDRA_TRY_VOID(out.folder_ ? out.list_folder() : out.list_zip());
  return out;
}

Status ExportSource::list_folder() {
  std::error_code error;
  auto walk = fs::recursive_directory_iterator(path_, error);
  for (; !error && walk != fs::recursive_directory_iterator(); walk.increment(error)) {
    std::error_code ignored;
    if (walk->symlink_status(ignored).type() != fs::file_type::regular) {
      continue;
    }
    const auto path = clean_path(walk->path().lexically_relative(path_).generic_string());
    if (!path.empty()) {
      files_[path] = walk->file_size(ignored);
    }
    if (files_.size() > bounds_.files) {
      return fail(too_large("too many files"));
    }
  }
  return error ? fail(damaged(error.message())) : Status();
}

Status ExportSource::list_zip() {
  UNHIDRA_TRY(auto walk, ZipWalk::begin(path_));
  std::string path;
  for (;;) {
    UNHIDRA_TRY(const bool more, walk.next(path));
    if (!more) {
      return {};
    }
    if (!path.empty()) {
      files_[path] = walk.size();
    }
    if (files_.size() > bounds_.files) {
      return fail(too_large("too many files"));
    }
  }
}

Result<std::map<std::string, std::string>> ExportSource::texts(std::string_view prefix,
                                                               std::string_view suffix) const {
  std::map<std::string, std::string> out;
  std::size_t total = 0;
  const auto wanted = [&](std::string_view path) {
    return path.starts_with(prefix) && path.ends_with(suffix);
  };
  const auto sink_of = [&](const std::string& path) {
    auto& text = out[path];
    text.clear();
    return [&, path](std::string_view piece) -> Status {
      total += piece.size();
      if (total > bounds_.text) {
        return fail(too_large(path));
      }
      text += piece;
      return {};
    };
  };
  if (folder_) {
    for (auto at = files_.lower_bound(std::string(prefix));
         at != files_.end() && at->first.starts_with(prefix); ++at) {
      if (wanted(at->first)) {
        UNHIDRA_TRY_VOID(read_file(fs::path(path_) / at->first, sink_of(at->first)));
      }
    }
    return out;
  }
  UNHIDRA_TRY(auto walk, ZipWalk::begin(path_));
  std::string path;
  for (;;) {
    UNHIDRA_TRY(const bool more, walk.next(path));
    if (!more) {
      return out;
    }
    if (!path.empty() && wanted(path)) {
      UNHIDRA_TRY_VOID(walk.read(sink_of(path)));
    }
  }
}

Status ExportSource::extract(std::string_view path, const std::string& target) const {
  if (!files_.contains(std::string(path))) {
    return fail(Errc::not_found, "the export holds no " + printable(path));
  }
  UNHIDRA_TRY(const auto file, LocalFile::create(target));
  std::uint64_t total = 0;
  const Sink sink = [&](std::string_view piece) -> Status {
    total += piece.size();
    return total > bounds_.file ? fail(too_large(path)) : file.append(as_bytes(piece));
  };
  if (folder_) {
    return read_file(fs::path(path_) / path, sink);
  }
  UNHIDRA_TRY(auto walk, ZipWalk::begin(path_));
  std::string at;
  for (;;) {
    UNHIDRA_TRY(const bool more, walk.next(at));
    if (!more) {
      return fail(Errc::not_found, "the export holds no " + printable(path));
    }
    if (at == path) {
      return walk.read(sink);
    }
  }
}

}  // namespace unhidra::cli
