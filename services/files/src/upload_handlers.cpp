#include <charconv>

#include "core.h"

namespace unhidra::files {
namespace {

using access::AuditDraft;
using storage::kObjectPart;
using storage::Transaction;
using Context = access::OperationContext;

namespace body {

struct NewFile {
  ConversationId conversation_id;
  std::uint64_t size = 0;
  std::optional<FileId> file_id;
};
BOOST_DESCRIBE_STRUCT(NewFile, (), (conversation_id, size, file_id))

struct File {
  FileId file_id;
  ConversationId conversation_id;
  std::uint64_t size = 0;
  std::uint64_t received = 0;
  bool complete = false;
  std::uint64_t part_size = kObjectPart;
  Timestamp created_at;
};
BOOST_DESCRIBE_STRUCT(File, (),
                      (file_id, conversation_id, size, received, complete, part_size, created_at))

struct Completion {
  crypto::FileDigest digest{};
};
BOOST_DESCRIBE_STRUCT(Completion, (), (digest))

struct Usage {
  std::uint64_t used = 0;
  std::uint64_t quota = 0;
  std::uint64_t organization_used = 0;
  std::uint64_t organization_quota = 0;
  std::uint64_t max_size = 0;
};
BOOST_DESCRIBE_STRUCT(Usage, (), (used, quota, organization_used, organization_quota, max_size))

}  // namespace body

body::File told(const StoredFile& file) {
  return {.file_id = file.file_id,
          .conversation_id = file.conversation_id,
          .size = file.size,
          .received = file.received,
          .complete = file.completed_at.has_value(),
          .created_at = file.created_at};
}

// The asker's own file, in a conversation that he is in still.
Result<StoredFile> own_file(Transaction& tx, const access::Principal& who, FileId id) {
  UNHIDRA_TRY(auto file, store::find(tx, who.org_id, id));
  if (!file || file->user_id != who.user_id) {
    return no_such_file();
  }
  UNHIDRA_TRY(const auto member,
              store::is_member(tx, who.org_id, who.user_id, file->conversation_id));
  return member ? Result<StoredFile>(*std::move(file)) : no_such_file();
}

// ---- beginning ----

Status check_quota(std::uint64_t used, std::uint64_t more, std::uint64_t quota,
                   std::string_view whose) {
  if (quota == 0 || (used <= quota && more <= quota - used)) {
    return {};
  }
  return fail(Errc::quota_exceeded, std::string(whose) + " files may have " +
                                        std::to_string(quota) + " bytes together, and have " +
                                        std::to_string(used) + "; this one has " +
                                        std::to_string(more));
}

Result<StoredFile> begin_in(Transaction& tx, const FilesSettings& settings,
                            const StoredFile& wanted) {
  UNHIDRA_TRY(const auto member,
              store::is_member(tx, wanted.org_id, wanted.user_id, wanted.conversation_id));
  if (!member) {
    return fail(Errc::not_found, "there is no such conversation");
  }
  UNHIDRA_TRY(auto before, store::find(tx, wanted.org_id, wanted.file_id));
  if (before && before->user_id == wanted.user_id && before->size == wanted.size &&
      before->conversation_id == wanted.conversation_id) {
    return *std::move(before);
  }
  UNHIDRA_TRY(const auto taken, store::is_taken(tx, wanted.file_id));
  if (taken) {
    return fail(Errc::exists, "this id belongs to another file");
  }
  UNHIDRA_TRY(const auto used, store::usage(tx, wanted.org_id, wanted.user_id));
  UNHIDRA_TRY_VOID(check_quota(used.user, wanted.size, settings.user_quota, "your"));
  UNHIDRA_TRY_VOID(check_quota(used.organization, wanted.size, settings.organization_quota,
                               "your organisation's"));
  UNHIDRA_TRY_VOID(store::insert(tx, wanted));
  return wanted;
}

Task<Result<body::File>> begin(FilesCore& core, Context& context, body::NewFile in) {
  if (in.size == 0 || (in.file_id && in.file_id->is_nil())) {
    co_return fail(Errc::bad_request, "a file has an id, and at least one byte of ciphertext");
  }
  if (in.size > core.settings.max_size) {
    co_return fail(Errc::too_large, "a file may have " + std::to_string(core.settings.max_size) +
                                        " bytes of ciphertext, not " + std::to_string(in.size));
  }
  const StoredFile wanted{
      .file_id = in.file_id.value_or(FileId::make(context.clock(), context.random())),
      .org_id = context.principal().org_id,
      .conversation_id = in.conversation_id,
      .user_id = context.principal().user_id,
      .size = in.size,
      .chain = crypto::BlockDigest(core.deps.crypto).chain(),
      .created_at = context.clock().now()};
  UNHIDRA_CO_TRY(const auto file,
                 co_await context.transact([&](Transaction& tx, AuditDraft& draft) {
                   draft.resource_id = wanted.file_id.to_string();
                   draft.note("size", std::to_string(wanted.size));
                   return begin_in(tx, core.settings, wanted);
                 }));
  co_return told(file);
}

Task<Result<body::File>> get(FilesCore& /*core*/, Context& context) {
  const auto& who = context.principal();
  const auto id = context.path_id<FileId>("file_id");
  UNHIDRA_CO_TRY(const auto file, co_await context.read([&](Transaction& tx) -> Result<StoredFile> {
    UNHIDRA_TRY(auto found, store::find(tx, who.org_id, id));
    if (!found || (!found->completed_at && found->user_id != who.user_id)) {
      return no_such_file();
    }
    UNHIDRA_TRY(const auto member,
                store::is_member(tx, who.org_id, who.user_id, found->conversation_id));
    return member ? Result<StoredFile>(*std::move(found)) : no_such_file();
  }));
  co_return told(file);
}

// ---- parts ----

Result<std::uint64_t> offset_of(const Context& context) {
  const auto text = context.query("offset").value_or("");
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    return fail(Errc::bad_request, "offset: expected a number of bytes");
  }
  return out;
}

Status check_part(const StoredFile& file, std::uint64_t offset, std::size_t size) {
  const bool inside = offset < file.size && size <= file.size - offset;
  if (!inside || size == 0 || offset % kObjectPart != 0 || size > kObjectPart ||
      (size < kObjectPart && offset + size != file.size)) {
    return fail(Errc::bad_request, "parts begin at multiples of " + std::to_string(kObjectPart) +
                                       " and have as many bytes, but for the last one");
  }
  return {};
}

TakenPart digested(const FilesCore& core, const StoredFile& file, std::uint64_t offset,
                   const crypto::FileDigest& before, ByteView part) {
  crypto::BlockDigest digest(core.deps.crypto, before, offset);
  digest.add(part);
  const auto end = offset + part.size();
  return {.offset = offset,
          .end = end,
          .before = before,
          .after = end == file.size ? digest.digest() : digest.chain()};
}

// The newest part again, after its answer was lost.
bool comes_again(const StoredFile& file, std::uint64_t offset, std::size_t size) {
  return file.received > 0 && offset == file.last_offset && offset + size == file.received;
}

// The store's name of the upload, which is begun with its first part.
Task<Result<std::string>> upload_of(FilesCore& core, StoredFile file) {
  if (file.upload) {
    co_return *file.upload;
  }
  UNHIDRA_CO_TRY(const auto made, co_await core.with_store("beginning an upload", [&] {
    return core.deps.store.begin(file.file_id.uuid());
  }));
  co_return co_await core.deps.database.write(
      [&](Transaction& tx) { return store::set_upload(tx, file.file_id, made); },
      storage::LaneKey(file.org_id));
}

Task<Result<body::File>> store_part(FilesCore& core, Context& context, StoredFile file,
                                    std::uint64_t offset) {
  const ByteView part = context.request().body;
  UNHIDRA_CO_TRY(const auto upload, co_await upload_of(core, file));
  UNHIDRA_CO_TRY(
      const auto taken, co_await core.with_store("storing a part", [&]() -> Result<TakenPart> {
        UNHIDRA_TRY_VOID(core.deps.store.put_part(file.file_id.uuid(), upload, offset, part));
        return digested(core, file, offset, file.chain, part);
      }));
  UNHIDRA_CO_TRY_VOID(co_await context.transact([&](Transaction& tx, AuditDraft& draft) -> Status {
    draft.note("offset", std::to_string(offset));
    UNHIDRA_TRY(const auto moved, store::take_part(tx, file.file_id, taken, context.clock().now()));
    return moved ? Status() : fail(Errc::wrong_offset, "the upload has moved on meanwhile");
  }));
  core.metrics.received.add(part.size());
  file.received = taken.end;
  co_return told(file);
}

Task<Result<body::File>> put_part(FilesCore& core, PartsUnderWay& under_way, Context& context) {
  UNHIDRA_CO_TRY(const auto offset, offset_of(context));
  const auto id = context.path_id<FileId>("file_id");
  const auto claim = under_way.claim(id);
  UNHIDRA_CO_TRY(auto file, co_await context.read([&](Transaction& tx) {
    return own_file(tx, context.principal(), id);
  }));
  const ByteView part = context.request().body;
  UNHIDRA_CO_TRY_VOID(check_part(file, offset, part.size()));
  if (!claim) {
    co_return fail(Errc::wrong_offset, "another part of this file is on its way");
  }
  if (comes_again(file, offset, part.size())) {
    UNHIDRA_CO_TRY(const auto again, co_await core.pool.run([&]() -> Result<TakenPart> {
      return digested(core, file, offset, file.last_chain, part);
    }));
    if (again.after != file.chain) {
      co_return fail(Errc::part_differs, "this part is here already, with other content");
    }
    co_return told(file);
  }
  if (offset != file.received || file.completed_at) {
    co_return fail(Errc::wrong_offset,
                   "the upload goes on at " + std::to_string(file.received) + " bytes");
  }
  co_return co_await store_part(core, context, std::move(file), offset);
}

// ---- the end ----

Task<Result<body::File>> complete(FilesCore& core, Context& context, body::Completion in) {
  const auto id = context.path_id<FileId>("file_id");
  UNHIDRA_CO_TRY(auto file, co_await context.read([&](Transaction& tx) {
    return own_file(tx, context.principal(), id);
  }));
  if (file.received < file.size) {
    co_return fail(Errc::incomplete, std::to_string(file.received) + " of " +
                                         std::to_string(file.size) + " bytes are here");
  }
  if (file.chain != in.digest) {
    co_return fail(Errc::bad_digest, "what is here has another digest; upload the file anew");
  }
  if (file.completed_at) {
    co_return told(file);
  }
  UNHIDRA_CO_TRY_VOID(co_await core.with_store("completing a file", [&] {
    return core.deps.store.complete(id.uuid(), *file.upload, file.size);
  }));
  const auto now = context.clock().now();
  UNHIDRA_CO_TRY_VOID(co_await context.transact([&](Transaction& tx) -> Status {
    UNHIDRA_TRY(const auto done, store::complete(tx, id, now));
    if (done) {
      return {};
    }
    // The same request, sent again after its answer was lost, may have been quicker.
    UNHIDRA_TRY(const auto there, own_file(tx, context.principal(), id));
    return there.completed_at ? Status() : no_such_file();
  }));
  core.metrics.uploaded.add();
  file.completed_at = now;
  co_return told(file);
}

Task<Result<void>> remove(FilesCore& core, Context& context) {
  const auto id = context.path_id<FileId>("file_id");
  UNHIDRA_CO_TRY(auto file, co_await context.transact([&](Transaction& tx) -> Result<StoredFile> {
    UNHIDRA_TRY(auto own, own_file(tx, context.principal(), id));
    UNHIDRA_TRY_VOID(store::mark_deleted(tx, own.org_id, id, context.clock().now()));
    return own;
  }));
  // Nobody reads it from here on; what the store does not remove now it removes later.
  (void)co_await core.discard(std::move(file));
  co_return Result<void>();
}

Task<Result<body::Usage>> usage(FilesCore& core, Context& context) {
  const auto& who = context.principal();
  UNHIDRA_CO_TRY(const auto used, co_await context.read([&](Transaction& tx) {
    return store::usage(tx, who.org_id, who.user_id);
  }));
  co_return body::Usage{.used = used.user,
                        .quota = core.settings.user_quota,
                        .organization_used = used.organization,
                        .organization_quota = core.settings.organization_quota,
                        .max_size = core.settings.max_size};
}

}  // namespace

void bind_uploads(access::Handlers& handlers, FilesCore& core, PartsUnderWay& under_way) {
  handlers.on_json<body::NewFile>("files.begin", [&core](Context& context, body::NewFile in) {
    return begin(core, context, in);
  });
  handlers.on_rest("files.get", [&core](Context& context) { return get(core, context); });
  handlers.on_rest("files.put_part", [&core, &under_way](Context& context) {
    return put_part(core, under_way, context);
  });
  handlers.on_json<body::Completion>(
      "files.complete",
      [&core](Context& context, body::Completion in) { return complete(core, context, in); });
  handlers.on_rest("files.delete", [&core](Context& context) { return remove(core, context); });
  handlers.on_rest("files.usage", [&core](Context& context) { return usage(core, context); });
}

}  // namespace unhidra::files
