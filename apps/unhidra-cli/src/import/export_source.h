#pragma once
// The export of another system as it came: a zip file, or the folder it was unpacked to. Bounded:
// what is compressed may be anything.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "unhidra/base/error.h"

namespace unhidra::cli {

class ExportSource {
 public:
  struct Bounds {
    std::size_t files = 1'000'000;
    std::size_t text = std::size_t{256} << 20;    // bytes read at once, all files together
    std::uint64_t file = std::uint64_t{4} << 30;  // bytes of one file that is extracted
  };

  // Errc::not_found: nothing there; Errc::bad_export: no zip file, or one that is damaged.
  static Result<ExportSource> open(const std::string& path, Bounds bounds);
  static Result<ExportSource> open(const std::string& path) { return open(path, Bounds()); }

  // Paths of all files, with '/' between folders and none at the beginning; never with "..".
  const std::map<std::string, std::uint64_t>& files() const { return files_; }

  // What these files hold that begin with `prefix` and end with `suffix`, by path.
  Result<std::map<std::string, std::string>> texts(std::string_view prefix,
                                                   std::string_view suffix) const;
  // Into a new file that its owner alone reads. Errc::not_found.
  Status extract(std::string_view path, const std::string& target) const;

 private:
  ExportSource(std::string path, bool folder, Bounds bounds)
      : path_(std::move(path)), folder_(folder), bounds_(bounds) {}
  Status list_folder();
  Status list_zip();

  std::string path_;
  bool folder_;
  Bounds bounds_;
  std::map<std::string, std::uint64_t> files_;
};

}  // namespace unhidra::cli
