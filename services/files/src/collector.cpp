// What nobody needs any more goes: first the row is marked, then the object, then the row. A round
// that breaks off leaves nothing behind that the next one does not find.

#include "unhidra/access/operator_event.h"
#include "unhidra/audit/chain.h"
#include "unhidra/runtime/log.h"

#include "core.h"

namespace unhidra::files {
namespace {

constexpr std::uint32_t kAtOnce = 100;
constexpr std::uint32_t kLookedAt = 1000;

Status note(storage::Transaction& tx, const FilesCore& core, const StoredFile& file,
            std::string_view why) {
  auto event = access::operator_event(file.org_id, file.file_id.to_string(), core.deps.clock,
                                      core.deps.random);
  event.event_type = "file.collected";
  event.resource_type = "file";
  event.action = "delete";
  event.metadata = {{"by", "the server"}, {"reason", std::string(why)}};
  UNHIDRA_TRY_VOID(audit::append(tx, event));
  return {};
}

Result<FileId> condemn(storage::Transaction& tx, const FilesCore& core, FileId cursor) {
  const auto now = core.deps.clock.now();
  const Lifetimes lifetimes{.upload = core.settings.upload_lifetime,
                            .unsent = core.settings.unsent_lifetime};
  UNHIDRA_TRY(const auto old, store::condemn_old(tx, lifetimes, now, kAtOnce));
  for (const auto& file : old) {
    UNHIDRA_TRY_VOID(note(tx, core, file, file.completed_at ? "never sent" : "never finished"));
  }
  UNHIDRA_TRY(const auto orphans, store::condemn_orphans(tx, cursor, now, kLookedAt));
  for (const auto& file : orphans) {
    UNHIDRA_TRY_VOID(note(tx, core, file, "its message or conversation is gone"));
  }
  return cursor;
}

}  // namespace

Task<Status> collect(FilesCore& core, Collector& collector) {
  auto& database = core.deps.database;
  UNHIDRA_CO_TRY(collector.cursor, co_await database.write([&](storage::Transaction& tx) {
    return condemn(tx, core, collector.cursor);
  }));
  UNHIDRA_CO_TRY(const auto marked, co_await database.read([](storage::Transaction& tx) {
    return store::condemned(tx, kAtOnce);
  }));
  Status status;
  for (const auto& file : marked) {
    if (auto discarded = co_await core.discard(file); discarded) {
      core.metrics.collected.add();
    } else {
      status = std::move(discarded);
    }
  }
  UNHIDRA_CO_TRY(const auto stored, co_await database.read([](storage::Transaction& tx) {
    return store::stored_bytes(tx);
  }));
  core.metrics.stored.set(static_cast<std::int64_t>(stored));
  co_return status;
}

}  // namespace unhidra::files
