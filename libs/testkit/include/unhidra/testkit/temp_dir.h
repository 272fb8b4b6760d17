#pragma once
// A private directory (mode 0700) that is removed, with all it holds, when the object goes.

#include <filesystem>

namespace unhidra::testkit {

class TempDir {
 public:
  TempDir();  // under $TMPDIR or /tmp; ends the process when none can be made
  TempDir(TempDir&& other) noexcept;
  TempDir& operator=(TempDir&&) = delete;
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir();

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::filesystem::path& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace unhidra::testkit
