#include "content.h"
#include "links.h"

namespace unhidra::files {
namespace {

using storage::Transaction;
using Context = access::OperationContext;

namespace body {

struct FileLink {
  std::string path;
  Timestamp expires_at;
};
BOOST_DESCRIBE_STRUCT(FileLink, (), (path, expires_at))

}  // namespace body

// A complete file of a conversation that the user is in.
Result<StoredFile> readable(Transaction& tx, OrgId org, UserId user, FileId id) {
  UNHIDRA_TRY(auto file, store::find(tx, org, id));
  if (!file || !file->completed_at) {
    return no_such_file();
  }
  UNHIDRA_TRY(const auto member, store::is_member(tx, org, user, file->conversation_id));
  return member ? Result<StoredFile>(*std::move(file)) : no_such_file();
}

Task<Result<bool>> allowed(FilesCore& core, OrgId org, UserId user, SessionId session, FileId id) {
  const auto now = core.deps.clock.now();
  co_return co_await core.deps.database.read([=](Transaction& tx) -> Result<bool> {
    UNHIDRA_TRY(const auto lives, store::session_lives(tx, org, user, session, now));
    if (!lives) {
      return false;
    }
    const auto file = readable(tx, org, user, id);
    if (!file && !(file.error() == Errc::not_found)) {
      return fail(Error(file.error()));
    }
    return file.has_value();
  });
}

Task<Result<access::Reply>> download(FilesCore& core, Context& context) {
  const auto& who = context.principal();
  const auto org = who.org_id;
  const auto user = who.user_id;
  const auto session = who.session_id;
  const auto id = context.path_id<FileId>("file_id");
  UNHIDRA_CO_TRY(auto file, co_await context.read(
                                [&](Transaction& tx) { return readable(tx, org, user, id); }));
  StillAllowed still = [&core, org, user, session, id] {
    return allowed(core, org, user, session, id);
  };
  auto range = context.request().range;
  co_return co_await send_content(core, std::move(file), std::move(range), std::move(still));
}

Task<Result<body::FileLink>> make_link(FilesCore& core, Context& context) {
  const auto& who = context.principal();
  const Link link{.file_id = context.path_id<FileId>("file_id"),
                  .org_id = who.org_id,
                  .user_id = who.user_id,
                  .session_id = who.session_id,
                  .expires_at = context.clock().now() + core.settings.link_lifetime};
  UNHIDRA_CO_TRY_VOID(co_await context.transact(
      [&](Transaction& tx) { return readable(tx, link.org_id, link.user_id, link.file_id); }));
  UNHIDRA_CO_TRY(auto text, seal_link(core.deps.sealer, context.random(), link));
  co_return body::FileLink{.path = "/v1/file-links/" + text, .expires_at = link.expires_at};
}

Task<Result<access::Reply>> download_by_link(FilesCore& core, Context& context) {
  const auto link = open_link(core.deps.sealer, context.path_text("link"), context.clock().now());
  if (!link) {
    co_return no_such_file();
  }
  const auto mine = *link;
  StillAllowed still = [&core, mine] {
    return allowed(core, mine.org_id, mine.user_id, mine.session_id, mine.file_id);
  };
  UNHIDRA_CO_TRY(const auto may, co_await still());
  if (!may) {
    co_return no_such_file();
  }
  UNHIDRA_CO_TRY(auto file, co_await context.read([&](Transaction& tx) {
    return readable(tx, mine.org_id, mine.user_id, mine.file_id);
  }));
  auto range = context.request().range;
  co_return co_await send_content(core, std::move(file), std::move(range), std::move(still));
}

}  // namespace

void bind_downloads(access::Handlers& handlers, FilesCore& core) {
  handlers.on_rest("files.download", [&core](Context& context) { return download(core, context); });
  handlers.on_rest("files.link", [&core](Context& context) { return make_link(core, context); });
  handlers.on_rest("files.download_by_link",
                   [&core](Context& context) { return download_by_link(core, context); });
}

}  // namespace unhidra::files
