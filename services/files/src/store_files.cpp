#include "store_files.h"

#include <algorithm>
#include <iterator>

namespace unhidra::files::store {
namespace {

using storage::Row;
using storage::Transaction;

constexpr std::string_view kSelect =
    "SELECT file_id, org_id, conversation_id, user_id, size, received, chain, last_offset, "
    "last_chain, upload, created_at, completed_at FROM files ";

StoredFile read(const Row& row) {
  return {.file_id = row.get<FileId>(0),
          .org_id = row.get<OrgId>(1),
          .conversation_id = row.get<ConversationId>(2),
          .user_id = row.get<UserId>(3),
          .size = row.get<std::uint64_t>(4),
          .received = row.get<std::uint64_t>(5),
          .chain = row.get<crypto::FileDigest>(6),
          .last_offset = row.get<std::uint64_t>(7),
          .last_chain = row.get<crypto::FileDigest>(8),
          .upload = row.get<std::optional<std::string>>(9),
          .created_at = row.get<Timestamp>(10),
          .completed_at = row.get<std::optional<Timestamp>>(11)};
}

std::vector<StoredFile> read_all(const storage::Rows& rows) {
  std::vector<StoredFile> out;
  for (const Row row : rows) {
    out.push_back(read(row));
  }
  return out;
}

std::string select(std::string_view rest) {
  return std::string(kSelect).append(rest);
}

Result<std::vector<StoredFile>> mark_all(Transaction& tx, std::vector<StoredFile> files,
                                         Timestamp now) {
  std::vector<StoredFile> out;
  for (auto& file : files) {
    UNHIDRA_TRY(const auto marked, mark_deleted(tx, file.org_id, file.file_id, now));
    if (marked) {
      out.push_back(std::move(file));
    }
  }
  return out;
}

Status add_usage(Transaction& tx, OrgId org, ByteView owner, std::int64_t bytes) {
  UNHIDRA_TRY(
      const auto rows,
      tx.query("SELECT bytes FROM file_usage WHERE org_id = $1 AND owner_id = $2", org, owner));
  const auto now = (rows.empty() ? 0 : rows.front().get<std::int64_t>(0)) + bytes;
  UNHIDRA_TRY_VOID(tx.execute(
      "INSERT INTO file_usage (org_id, owner_id, bytes) VALUES ($1, $2, $3) ON CONFLICT (org_id, "
      "owner_id) DO UPDATE SET bytes = excluded.bytes",
      org, owner, now > 0 ? now : 0));
  return {};
}

Result<std::uint64_t> used_by(Transaction& tx, OrgId org, ByteView owner) {
  UNHIDRA_TRY(
      const auto rows,
      tx.query("SELECT bytes FROM file_usage WHERE org_id = $1 AND owner_id = $2", org, owner));
  return rows.empty() ? 0 : rows.front().get<std::uint64_t>(0);
}

}  // namespace

Result<bool> is_member(Transaction& tx, OrgId org, UserId user, ConversationId id) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT 1 FROM conversation_members m WHERE m.conversation_id = $1 AND "
                       "m.user_id = $2 AND m.org_id = $3 AND m.left_at IS NULL AND NOT EXISTS "
                       "(SELECT 1 FROM channels c WHERE c.channel_id = m.conversation_id AND "
                       "c.deleted_at IS NOT NULL)",
                       id, user, org));
  return !rows.empty();
}

Result<std::optional<StoredFile>> find(Transaction& tx, OrgId org, FileId id) {
  static const auto kSql = select("WHERE file_id = $1 AND org_id = $2 AND deleted_at IS NULL");
  UNHIDRA_TRY(const auto rows, tx.query(kSql, id, org));
  if (rows.empty()) {
    return std::nullopt;
  }
  return read(rows.front());
}

Result<bool> is_taken(Transaction& tx, FileId id) {
  UNHIDRA_TRY(const auto rows, tx.query("SELECT 1 FROM files WHERE file_id = $1", id));
  return !rows.empty();
}

Status insert(Transaction& tx, const StoredFile& file) {
  UNHIDRA_TRY_VOID(tx.execute(
      "INSERT INTO files (file_id, org_id, conversation_id, user_id, size, received, chain, "
      "last_offset, last_chain, created_at, touched_at) VALUES ($1, $2, $3, $4, $5, 0, $6, 0, $6, "
      "$7, $7)",
      file.file_id, file.org_id, file.conversation_id, file.user_id, file.size, file.chain,
      file.created_at));
  const auto bytes = static_cast<std::int64_t>(file.size);
  UNHIDRA_TRY_VOID(add_usage(tx, file.org_id, file.user_id.bytes(), bytes));
  return add_usage(tx, file.org_id, file.org_id.bytes(), bytes);
}

Result<std::string> set_upload(Transaction& tx, FileId id, const std::string& upload) {
  UNHIDRA_TRY_VOID(
      tx.execute("UPDATE files SET upload = $2 WHERE file_id = $1 AND upload IS NULL", id, upload));
  UNHIDRA_TRY(const auto rows, tx.query("SELECT upload FROM files WHERE file_id = $1", id));
  return rows.empty() ? upload : rows.front().get<std::optional<std::string>>(0).value_or(upload);
}

Result<bool> take_part(Transaction& tx, FileId id, const TakenPart& part, Timestamp now) {
  UNHIDRA_TRY(const auto changed,
              tx.execute("UPDATE files SET received = $3, chain = $4, last_offset = $2, last_chain "
                         "= $5, touched_at = $6 WHERE file_id = $1 AND received = $2 AND "
                         "completed_at IS NULL AND deleted_at IS NULL",
                         id, part.offset, part.end, part.after, part.before, now));
  return changed > 0;
}

Result<bool> complete(Transaction& tx, FileId id, Timestamp now) {
  UNHIDRA_TRY(const auto changed,
              tx.execute("UPDATE files SET completed_at = $2 WHERE file_id = $1 AND received = "
                         "size AND deleted_at IS NULL AND completed_at IS NULL",
                         id, now));
  return changed > 0;
}

Result<bool> mark_deleted(Transaction& tx, OrgId org, FileId id, Timestamp now) {
  UNHIDRA_TRY(const auto changed,
              tx.execute("UPDATE files SET deleted_at = $3 WHERE file_id = $1 AND org_id = $2 AND "
                         "deleted_at IS NULL",
                         id, org, now));
  return changed > 0;
}

Result<Usage> usage(Transaction& tx, OrgId org, UserId user) {
  UNHIDRA_TRY(const auto own, used_by(tx, org, user.bytes()));
  UNHIDRA_TRY(const auto all, used_by(tx, org, org.bytes()));
  return Usage{.user = own, .organization = all};
}

Result<bool> session_lives(Transaction& tx, OrgId org, UserId user, SessionId session,
                           Timestamp now) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT 1 FROM sessions s JOIN users u ON u.user_id = s.user_id WHERE "
                       "s.session_id = $1 AND s.user_id = $2 AND s.org_id = $3 AND s.revoked_at IS "
                       "NULL AND s.expires_at > $4 AND u.disabled = 0",
                       session, user, org, now));
  return !rows.empty();
}

Result<std::vector<StoredFile>> condemn_old(Transaction& tx, const Lifetimes& lifetimes,
                                            Timestamp now, std::uint32_t limit) {
  static const auto kUnfinished = select(
      "WHERE completed_at IS NULL AND deleted_at IS NULL AND touched_at < $1 ORDER BY touched_at "
      "LIMIT $2");
  static const auto kUnsent = select(
      "WHERE message_seq IS NULL AND completed_at IS NOT NULL AND deleted_at IS NULL AND "
      "completed_at < $1 ORDER BY completed_at LIMIT $2");
  UNHIDRA_TRY(const auto unfinished, tx.query(kUnfinished, now - lifetimes.upload, limit));
  UNHIDRA_TRY(const auto unsent, tx.query(kUnsent, now - lifetimes.unsent, limit));
  UNHIDRA_TRY(auto out, mark_all(tx, read_all(unfinished), now));
  UNHIDRA_TRY(auto more, mark_all(tx, read_all(unsent), now));
  std::ranges::move(more, std::back_inserter(out));
  return out;
}

Result<std::vector<StoredFile>> condemn_orphans(Transaction& tx, FileId& cursor, Timestamp now,
                                                std::uint32_t limit) {
  static const auto kOrphaned = select(
      "WHERE file_id > $1 AND file_id <= $2 AND deleted_at IS NULL AND (NOT EXISTS (SELECT 1 FROM "
      "conversations c WHERE c.conversation_id = files.conversation_id) OR EXISTS (SELECT 1 FROM "
      "channels h WHERE h.channel_id = files.conversation_id AND h.deleted_at IS NOT NULL) OR "
      "(message_seq IS NOT NULL AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.conversation_id = "
      "files.conversation_id AND m.seq = files.message_seq)))");
  UNHIDRA_TRY(const auto page,
              tx.query("SELECT file_id FROM files WHERE file_id > $1 ORDER BY file_id LIMIT $2",
                       cursor, limit));
  if (page.empty()) {
    cursor = FileId();
    return std::vector<StoredFile>();
  }
  const auto last = page[page.size() - 1].get<FileId>(0);
  UNHIDRA_TRY(const auto rows, tx.query(kOrphaned, cursor, last));
  cursor = last;
  return mark_all(tx, read_all(rows), now);
}

Result<std::vector<StoredFile>> condemned(Transaction& tx, std::uint32_t limit) {
  static const auto kSql = select("WHERE deleted_at IS NOT NULL ORDER BY deleted_at LIMIT $1");
  UNHIDRA_TRY(const auto rows, tx.query(kSql, limit));
  return read_all(rows);
}

Result<bool> forget(Transaction& tx, const StoredFile& file) {
  UNHIDRA_TRY(
      const auto gone,
      tx.execute("DELETE FROM files WHERE file_id = $1 AND deleted_at IS NOT NULL", file.file_id));
  if (gone == 0) {
    return false;
  }
  const auto bytes = -static_cast<std::int64_t>(file.size);
  UNHIDRA_TRY_VOID(add_usage(tx, file.org_id, file.user_id.bytes(), bytes));
  UNHIDRA_TRY_VOID(add_usage(tx, file.org_id, file.org_id.bytes(), bytes));
  return true;
}

Result<std::uint64_t> stored_bytes(Transaction& tx) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM file_usage WHERE "
                       "owner_id = org_id"));
  return rows.front().get<std::uint64_t>(0);
}

}  // namespace unhidra::files::store
