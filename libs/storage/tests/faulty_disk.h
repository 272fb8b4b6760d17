#pragma once
// A disk under the log that fails on command and forgets, when its power goes, a random part of
// what was not synced: pages of 4 KiB one by one, and renames.

#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "unhidra/testkit/seeded_random.h"

#include "append_log/file_system.h"

namespace unhidra::storage {

class FaultyDisk final : public LogFileSystem {
 public:
  explicit FaultyDisk(std::uint64_t seed) : random_(seed) {}

  // The next sync of a file fails; as in Linux, the one after it succeeds without having written
  // anything.
  void fail_next_sync() { set(sync_fault_, true); }
  void fail_writes(std::optional<Errc> code) { set(write_fault_, code); }
  // After so many calls that change something, the power goes: every call fails.
  void lose_power_after(int calls) { set(calls_left_, calls); }
  // The files become what a disk might hold. Call when the log is closed.
  void forget();

  Result<std::unique_ptr<LogFile>> open(const std::filesystem::path& path, Mode mode) override;
  Result<std::vector<std::string>> list(const std::filesystem::path& folder) override;
  Status make_folder(const std::filesystem::path& folder) override;
  Status rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
  Status remove(const std::filesystem::path& path) override;
  Status sync_folder(const std::filesystem::path& folder) override;

 private:
  friend class FaultyFile;
  struct Page {
    Bytes before;  // as the disk has it
  };
  struct Contents {
    std::map<std::uint64_t, Page> dirty;  // by page number
    std::map<std::uint64_t, Page> lost;   // look clean after a failed sync
  };
  struct Rename {
    std::filesystem::path from;
    std::filesystem::path to;
  };
  template <class T>
  void set(T& field, T value) {
    const std::lock_guard lock(mutex_);
    field = value;
  }
  Status spend();  // a call that changes something
  static std::unexpected<Error> gone() { return fail(Errc::unavailable, "the power is gone"); }

  std::mutex mutex_;
  testkit::SeededRandom random_;
  bool sync_fault_ = false;
  std::optional<Errc> write_fault_;
  int calls_left_ = -1;  // negative: without end
  bool powerless_ = false;
  std::map<std::filesystem::path, std::shared_ptr<Contents>> contents_;
  std::vector<Rename> renames_;
};

}  // namespace unhidra::storage
