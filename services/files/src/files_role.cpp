#include "unhidra/files/files_role.h"

#include "unhidra/runtime/log.h"
#include "unhidra/runtime/task_scope.h"

#include "core.h"

namespace unhidra::files {
namespace {

constexpr std::size_t kThreads = 4;
constexpr std::size_t kQueue = 256;

}  // namespace

Error store_error(const Error& error, std::string_view what) {
  if (error == storage::Errc::disk_full) {
    return {Errc::store_full, std::string(what) + ": the object store has no room"};
  }
  if (error == runtime::Errc::overloaded || error == runtime::Errc::stopped) {
    return error;
  }
  log::error("files.store_failed",
             {{"what", what}, {"error", error}, {"message", error.message()}});
  return {Errc::store_unavailable, std::string(what) + ": the object store does not answer"};
}

std::unexpected<Error> no_such_file() {
  return fail(Errc::not_found, "there is no such file");
}

FilesMetrics::FilesMetrics(runtime::Metrics& all)
    : received(all.counter("files_received_bytes_total", "Bytes of files that were taken.")),
      sent(all.counter("files_sent_bytes_total", "Bytes of files that were sent out.")),
      uploaded(all.counter("files_uploaded_total", "Files whose upload was completed.")),
      collected(all.counter("files_collected_total",
                            "Files that were removed because nobody needs them any more.")),
      store_failures(
          all.counter("files_store_failures_total", "Calls that the object store failed.")),
      stored(all.gauge("files_stored_bytes", "Bytes of all files, unfinished uploads included.")) {}

FilesCore::FilesCore(FilesDependencies dependencies, FilesSettings role_settings)
    : deps(dependencies),
      settings(std::move(role_settings)),
      metrics(deps.metrics),
      pool({.name = "files", .threads = kThreads, .max_queue = kQueue}) {}

Task<Status> FilesCore::discard(StoredFile file) {
  const auto remove = [&]() -> Status {
    if (file.upload && !file.completed_at) {
      UNHIDRA_TRY_VOID(deps.store.abandon(file.file_id.uuid(), *file.upload));
    }
    return deps.store.remove(file.file_id.uuid());
  };
  UNHIDRA_CO_TRY_VOID(co_await with_store("removing a file", remove));
  UNHIDRA_CO_TRY_VOID(co_await deps.database.write(
      [&](storage::Transaction& tx) { return store::forget(tx, file); },
      storage::LaneKey(file.org_id)));
  co_return Status();
}

PartsUnderWay::Claim::~Claim() {
  if (all_ != nullptr) {
    const std::lock_guard lock(all_->mutex_);
    all_->ids_.erase(id_);
  }
}

std::optional<PartsUnderWay::Claim> PartsUnderWay::claim(FileId id) {
  const std::lock_guard lock(mutex_);
  if (!ids_.insert(id).second) {
    return std::nullopt;
  }
  return std::optional<Claim>(std::in_place, *this, id);
}

struct FilesRole::Impl {
  Impl(FilesDependencies dependencies, FilesSettings settings)
      : core(dependencies, std::move(settings)), scope(dependencies.io.at(0), "files") {}

  Task<Status> watch() {
    for (;;) {
      co_await runtime::sleep_for(core.settings.collect_interval);
      if (const auto status = co_await files::collect(core, collector); !status) {
        log::warn("files.collecting_failed", {{"error", status.error()}});
      }
    }
  }

  FilesCore core;
  PartsUnderWay under_way;
  Collector collector;
  runtime::TaskScope scope;
};

FilesRole::FilesRole(FilesDependencies dependencies, FilesSettings settings)
    : impl_(std::make_unique<Impl>(dependencies, std::move(settings))) {}

FilesRole::~FilesRole() = default;

void FilesRole::bind(access::Handlers& handlers) {
  bind_uploads(handlers, impl_->core, impl_->under_way);
  bind_downloads(handlers, impl_->core);
}

void FilesRole::start() {
  impl_->scope.spawn("collector", impl_->watch());
}

Task<Status> FilesRole::collect() {
  co_return co_await files::collect(impl_->core, impl_->collector);
}

Task<void> FilesRole::stop(std::chrono::milliseconds deadline) {
  impl_->scope.request_stop();
  if (const auto status = co_await impl_->scope.join(deadline); !status) {
    log::warn("files.stop_incomplete", {{"error", status.error()}});
  }
  impl_->core.pool.stop();
}

}  // namespace unhidra::files
