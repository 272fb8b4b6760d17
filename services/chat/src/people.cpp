#include "people.h"

#include <algorithm>
#include <array>

#include "unhidra/access/nfc.h"
#include "unhidra/base/fold_case.h"
#include "unhidra/base/text.h"
#include "unhidra/chat/errc.h"

#include "conversations.h"
#include "message_rules.h"
#include "places.h"

namespace unhidra::chat {
namespace {

using storage::Row;
using storage::Transaction;

constexpr std::size_t kMaxUsername = 64;

wire::UserInfo read_user(const Row& row) {
  return {row.get<UserId>(0), row.get<std::string>(1), row.get<std::string>(2)};
}

// Whether somebody knows of more people than those he talks with.
Result<bool> knows_everybody(Transaction& tx, const Asker& asker) {
  if (asker.level < kMember || asker.level >= kOrgAdmin) {
    return asker.level >= kOrgAdmin;
  }
  UNHIDRA_TRY(const auto policy, chat_policy(tx, asker.org_id));
  return !policy.hides_people;
}

// `%`, `_` and the escape itself stand for themselves. An empty word: whatever there is.
std::string begins_a_word(std::string_view word) {
  std::string out = word.empty() ? "%" : "% ";
  for (const char c : word) {
    if (c == '%' || c == '_' || c == '!') {
      out += '!';
    }
    out += c;
  }
  return word.empty() ? out : out + "%";
}

Result<std::array<std::string, kMaxSearchWords>> patterns_of(std::string_view search) {
  // As names are stored.
  const auto words = split_words(fold_case(access::to_nfc(search.substr(0, kMaxPeopleSearch))));
  if (search.size() > kMaxPeopleSearch || words.size() > kMaxSearchWords ||
      !is_valid_utf8(search)) {
    return fail(Errc::malformed,
                "people are searched by at most " + std::to_string(kMaxSearchWords) + " words");
  }
  std::array<std::string, kMaxSearchWords> out;
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = begins_a_word(i < words.size() ? std::string_view(words[i]) : std::string_view());
  }
  return out;
}

#define UNHIDRA_SHARES_A_CONVERSATION                                                 \
  "EXISTS (SELECT 1 FROM conversation_members mine JOIN conversation_members theirs " \
  "ON theirs.conversation_id = mine.conversation_id WHERE mine.user_id = $2 "         \
  "AND mine.left_at IS NULL AND theirs.user_id = u.user_id AND theirs.left_at IS NULL)"

}  // namespace

Result<wire::UserInfo> look_up_user(Transaction& tx, const Asker& asker,
                                    const wire::LookUpUser& request) {
  // Where people are hidden, who knows a whole user name or an id has it from somebody.
  const bool all = asker.level >= kMember;
  storage::Rows rows;
  if (const auto* name = std::get_if<std::string>(&request.by)) {
    std::string folded = *name;
    std::ranges::transform(folded, folded.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    UNHIDRA_TRY(rows, tx.query("SELECT u.user_id, u.username, u.display_name FROM users u WHERE "
                               "u.org_id = $1 AND u.username = $3 AND ($4 = 1 OR u.user_id = $2 "
                               "OR " UNHIDRA_SHARES_A_CONVERSATION ")",
                               asker.org_id, asker.user_id, folded, all));
  } else if (const auto* user_id = std::get_if<UserId>(&request.by)) {
    UNHIDRA_TRY(rows, tx.query("SELECT u.user_id, u.username, u.display_name FROM users u WHERE "
                               "u.org_id = $1 AND u.user_id = $3 AND ($4 = 1 OR u.user_id = $2 "
                               "OR " UNHIDRA_SHARES_A_CONVERSATION ")",
                               asker.org_id, asker.user_id, *user_id, all));
  } else {
    return fail(Errc::malformed, "a user is looked up by name or by id");
  }
  if (rows.empty()) {
    return fail(Errc::not_found, "no such user");
  }
  return read_user(rows.front());
}

Result<wire::People> list_people(Transaction& tx, const Asker& asker,
                                 const wire::ListPeople& request) {
  if (request.cursor.size() > kMaxUsername) {
    return fail(Errc::malformed, "this cursor is not one that the server gave");
  }
  UNHIDRA_TRY(const auto patterns, patterns_of(request.search));
  UNHIDRA_TRY(const bool all, knows_everybody(tx, asker));
  const auto limit = request.limit == 0 ? kDefaultPage : std::min(request.limit, kMaxPage);
  const auto after = as_text(request.cursor);
  storage::Rows rows;
  if (request.changed_since == Timestamp()) {
    UNHIDRA_TRY(rows,
                tx.query("SELECT u.user_id, u.username, u.display_name FROM users u WHERE "
                         "u.org_id = $1 AND u.username > $3 AND u.disabled = 0 AND "
                         "u.search_text LIKE $4 ESCAPE '!' AND u.search_text LIKE $5 ESCAPE '!' "
                         "AND u.search_text LIKE $6 ESCAPE '!' AND u.search_text LIKE $7 ESCAPE "
                         "'!' AND u.search_text LIKE $8 ESCAPE '!' AND u.search_text LIKE $9 "
                         "ESCAPE '!' AND ($10 = 1 OR u.user_id = $2 "
                         "OR " UNHIDRA_SHARES_A_CONVERSATION ") ORDER BY u.username LIMIT $11",
                         asker.org_id, asker.user_id, after, patterns[0], patterns[1], patterns[2],
                         patterns[3], patterns[4], patterns[5], all, limit + 1));
  } else {
    UNHIDRA_TRY(
        rows, tx.query("SELECT u.user_id, u.username, u.display_name FROM users u WHERE "
                       "u.org_id = $1 AND u.username > $3 AND "
                       "u.display_name_changed_at >= $4 AND ($5 = 1 OR u.user_id = $2 "
                       "OR " UNHIDRA_SHARES_A_CONVERSATION ") ORDER BY u.username LIMIT $6",
                       asker.org_id, asker.user_id, after, request.changed_since, all, limit + 1));
  }
  wire::People out;
  for (const Row row : rows) {
    if (out.people.size() == limit) {
      out.next_cursor = to_bytes(out.people.back().username);
      break;
    }
    out.people.push_back(read_user(row));
  }
  return out;
}

}  // namespace unhidra::chat
