#include "unhidra/testkit/temp_dir.h"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

namespace unhidra::testkit {

TempDir::TempDir() {
  std::string name = (std::filesystem::temp_directory_path() / "unhidra-test-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) {
    std::perror("mkdtemp");
    std::abort();
  }
  path_ = name;
}

TempDir::TempDir(TempDir&& other) noexcept : path_(std::exchange(other.path_, {})) {}

TempDir::~TempDir() {
  if (!path_.empty()) {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
}

}  // namespace unhidra::testkit
