#include "notice_text.h"

#include <boost/json/array.hpp>

#include "unhidra/base/text.h"
#include "unhidra/base/time.h"

namespace unhidra::cli {

namespace json = boost::json;
using client::NoticeKind;

namespace {

// "bob", "bob and carla", "bob, carla and 12 others".
std::string people(const client::Notice& notice, const Names& names, UserId own) {
  std::vector<std::string> parts;
  for (const auto& user : notice.users) {
    parts.push_back(user == own ? "you" : printable(names.of(user)));
  }
  if (notice.others > 0) {
    parts.push_back(std::to_string(notice.others) + (notice.others == 1 ? " other" : " others"));
  }
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    out += i == 0 ? "" : i + 1 == parts.size() ? " and " : ", ";
    out += parts[i];
  }
  return out;
}

}  // namespace

json::object notice_json(const client::Message& message, const client::Notice& notice,
                         const Names& names) {
  json::object out;
  out["type"] = "notice";
  out["kind"] = client::to_string(notice.kind);
  out["group"] = names.of(message.conversation);
  out["conversation_id"] = message.conversation.to_string();
  const bool known = !message.sender_user.is_nil();
  out["by"] = known ? json::value(names.of(message.sender_user)) : json::value(nullptr);
  out["by_id"] = known ? json::value(message.sender_user.to_string()) : json::value(nullptr);
  auto& users = out["users"].emplace_array();
  auto& ids = out["user_ids"].emplace_array();
  for (const auto& user : notice.users) {
    users.emplace_back(names.of(user));
    ids.emplace_back(user.to_string());
  }
  out["others"] = notice.others;
  if (notice.kind == NoticeKind::renamed) {
    out["name"] = notice.name;
  }
  out["at"] = to_rfc3339(message.received_at);
  out["seq"] = message.seq;
  out["index"] = message.index;
  return out;
}

std::string notice_text(const client::Message& message, const client::Notice& notice,
                        const Names& names, UserId own) {
  const bool mine = message.sender_user == own;
  const auto by = mine ? std::string("you") : printable(names.of(message.sender_user));
  const auto users = people(notice, names, own);
  const bool plural = notice.users.size() + notice.others > 1;
  switch (notice.kind) {
    case NoticeKind::added:
      return by + " added " + users;
    case NoticeKind::joined:
      return users + " joined";
    case NoticeKind::removed:
      return by + " removed " + users;
    case NoticeKind::left:
      return users + " left";
    case NoticeKind::gone:
      return users + (plural || notice.users == std::vector{own} ? " are" : " is") +
             " no longer in the group: the server took out all devices";
    case NoticeKind::renamed:
      return (message.sender_user.is_nil() ? "the group is now called "
                                           : by + " renamed the group to ") +
             printable(notice.name);
    case NoticeKind::history_shared:
      return by + (mine ? " let" : " lets") + " whoever comes in read what is written from now on";
    case NoticeKind::history_unshared:
      break;
  }
  return by + " no longer " + (mine ? "let" : "lets") +
         " who comes in read what was written before";
}

}  // namespace unhidra::cli
