#pragma once
// What the role's handlers share.

#include <mutex>
#include <set>

#include "unhidra/files/errc.h"
#include "unhidra/files/files_role.h"
#include "unhidra/runtime/worker_pool.h"

#include "store_files.h"

namespace unhidra::files {

// How the object store's failure is told: it is never the asker's.
Error store_error(const Error& error, std::string_view what);

// What is another's, another conversation's or nobody's: all alike.
std::unexpected<Error> no_such_file();

struct FilesMetrics {
  explicit FilesMetrics(runtime::Metrics& metrics);
  runtime::Counter& received;
  runtime::Counter& sent;
  runtime::Counter& uploaded;
  runtime::Counter& collected;
  runtime::Counter& store_failures;
  runtime::Gauge& stored;
};

struct FilesCore {
  FilesCore(FilesDependencies dependencies, FilesSettings role_settings);

  // On the worker pool; failures as store_error tells them, and counted.
  template <class F>
  auto with_store(std::string_view what, F use) -> Task<std::invoke_result_t<F&>> {
    auto result = co_await pool.run(std::move(use));
    if (!result) {
      metrics.store_failures.add();
      co_return fail(store_error(result.error(), what));
    }
    co_return result;
  }
  // Removes the object of a file that is marked deleted, and then its row. What fails here is done
  // by a later round of collecting.
  Task<Status> discard(StoredFile file);

  FilesDependencies deps;
  FilesSettings settings;
  FilesMetrics metrics;
  runtime::WorkerPool pool;
};

// Files of which a part is on its way in this process: two parts never meet in the store.
class PartsUnderWay {
 public:
  class Claim {
   public:
    Claim(PartsUnderWay& all, FileId id) : all_(&all), id_(id) {}
    Claim(Claim&& other) noexcept : all_(std::exchange(other.all_, nullptr)), id_(other.id_) {}
    Claim& operator=(Claim&&) = delete;
    ~Claim();

   private:
    PartsUnderWay* all_;
    FileId id_;
  };
  // Nothing when another part has the claim.
  std::optional<Claim> claim(FileId id);

 private:
  std::mutex mutex_;
  std::set<FileId> ids_;
};

struct Collector {
  FileId cursor;  // of the look for orphans
};
Task<Status> collect(FilesCore& core, Collector& collector);

void bind_uploads(access::Handlers& handlers, FilesCore& core, PartsUnderWay& under_way);
void bind_downloads(access::Handlers& handlers, FilesCore& core);

}  // namespace unhidra::files
