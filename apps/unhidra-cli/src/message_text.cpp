// Messages as JSON and as lines for people.

#include <ctime>
#include <map>

#include "unhidra/base/text.h"

#include "json_text.h"
#include "notice_text.h"
#include "output.h"

namespace unhidra::cli {

namespace json = boost::json;
using client::MessageState;

namespace {

std::tm local_time(Timestamp time) {
  const auto seconds = static_cast<std::time_t>(to_unix_micros(time) / 1'000'000);
  std::tm out{};
  ::localtime_r(&seconds, &out);
  return out;
}

std::string formatted(Timestamp time, const char* format) {
  const auto parts = local_time(time);
  std::array<char, 64> text{};
  const auto size = std::strftime(text.data(), text.size(), format, &parts);
  return {text.data(), size};
}

std::string name_or_id(std::string_view name, const std::string& id) {
  return name.empty() ? id : printable(name);
}

json::value time_or_null(Timestamp time) {
  return time == Timestamp() ? json::value(nullptr) : json::value(to_rfc3339(time));
}

std::string_view direction(const client::Message& message, bool own) {
  return message.state == MessageState::received || message.state == MessageState::unreadable
             ? (own ? "out" : "in")
             : "out";
}

json::object to_json(const client::Attachment& file) {
  json::object out{{"file_id", uuid_to_string(file.file_id)},
                   {"name", file.name},
                   {"media_type", file.media_type},
                   {"size", file.size},
                   {"scan", client::to_string(file.scan)}};
  if (file.dimensions) {
    out["width"] = file.dimensions->width;
    out["height"] = file.dimensions->height;
  }
  if (file.thumbnail) {
    out["preview"] = {{"width", file.thumbnail->width}, {"height", file.thumbnail->height}};
  }
  if (file.scan != client::ScanState::none) {
    out["scanner"] = file.scanner;
    out["scanned_at"] = to_rfc3339(file.scanned_at);
  }
  return out;
}

// What was done to the message since; nothing when nothing was.
void add_chat_fields(json::object& out, const client::Message& message, const Names& names) {
  if (message.edits != 0) {
    out["edits"] = message.edits;
    out["edited_at"] = to_rfc3339(message.edited_at);
  }
  if (message.deleted) {
    out["deleted"] = true;
    if (!message.deleted_by.is_nil()) {
      out["deleted_by"] = names.of(message.deleted_by);
    }
  }
  if (message.from_history) {
    out["from_history"] = true;
  }
  if (message.thread_root) {
    out["thread_root"] = message.thread_root->id.to_string();
  }
  if (message.reply_to) {
    out["reply_to"] = message.reply_to->id.to_string();
  }
  if (!message.attachments.empty()) {
    auto& files = out["files"].emplace_array();
    for (const auto& file : message.attachments) {
      files.push_back(to_json(file));
    }
  }
  if (message.imported) {
    auto& imported = out["imported"].emplace_object();
    imported["system"] = message.imported->system;
    imported["author"] = message.imported->author;
    imported["written_at"] = to_rfc3339(message.imported->written_at);
    auto& reactions = imported["reactions"].emplace_object();
    for (const auto& one : message.imported->reactions) {
      reactions[one.emoji] = json::array(one.names.begin(), one.names.end());
    }
  }
  if (message.brings_emoji) {
    out["brings_emoji"] = *message.brings_emoji;
  }
  if (!message.reactions.empty()) {
    auto& reactions = out["reactions"].emplace_object();
    for (const auto& one : message.reactions) {
      auto& known = reactions[one.emoji];  // two pictures of one name look alike here
      auto& users = known.is_array() ? known.get_array() : known.emplace_array();
      for (const auto& user : one.users) {
        users.emplace_back(names.of(user));
      }
    }
  }
  if (message.thread) {
    out["thread"] = json::object{{"replies", message.thread->replies},
                                 {"unread", message.thread->unread},
                                 {"following", message.thread->following},
                                 {"last_reply_at", to_rfc3339(message.thread->last_reply_at)}};
  }
  if (message.delivered_to != 0 || message.read_by != 0) {
    out["delivered_to"] = message.delivered_to;
    out["read_by"] = message.read_by;
  }
  if (message.receipts_of != 0) {
    out["receipts_of"] = message.receipts_of;
  }
}

std::string between_colons(const std::string& name) {
  return ":" + printable(name) + ":";
}

std::string chat_marks(const client::Message& message) {
  std::string out;
  if (message.brings_emoji) {
    out += "[brings the emoji " + between_colons(*message.brings_emoji) + "]";
  }
  for (const auto& file : message.attachments) {
    if (message.brings_emoji) {
      break;
    }
    out += (out.empty() && message.text.empty() ? "[" : "  [") + file_line(file) + "]";
  }
  if (message.edits != 0) {
    out += "  (edited)";
  }
  if (message.from_history) {
    out += "  (from the shared history)";
  }
  // Here and where the message comes from.
  std::map<std::string, std::size_t> reactions;
  for (const auto& one : message.reactions) {
    reactions[one.emoji] += one.users.size();
  }
  if (message.imported) {
    for (const auto& one : message.imported->reactions) {
      reactions[one.emoji] += one.names.size();
    }
  }
  for (const auto& [emoji, count] : reactions) {
    out += "  " + printable(emoji) + " " + std::to_string(count);
  }
  if (message.thread) {
    out += "  [" + std::to_string(message.thread->replies) +
           (message.thread->replies == 1 ? " reply]" : " replies]");
  }
  if (message.read_by != 0) {
    out += "  [read by " + std::to_string(message.read_by) + "]";
  } else if (message.delivered_to != 0) {
    out += "  [delivered to " + std::to_string(message.delivered_to) + "]";
  }
  return out;
}

}  // namespace

std::string size_text(std::uint64_t bytes) {
  constexpr std::array kUnits{"B", "kB", "MB", "GB"};
  auto shown = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; shown >= 1000 && unit + 1 < kUnits.size(); ++unit) {
    shown /= 1000;
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", shown, kUnits[unit]);
  return text.data();
}

std::string file_line(const client::Attachment& file) {
  auto out = printable(file.name) + ", " + size_text(file.size);
  switch (file.scan) {
    case client::ScanState::none:
      break;
    case client::ScanState::clean:
      out += ", its sender's scanner found nothing";
      break;
    case client::ScanState::infected:
      out += ", ITS SENDER'S SCANNER FOUND A VIRUS";
      break;
    case client::ScanState::forged:
      out += ", WITH A FORGED SCAN RESULT";
      break;
  }
  return out;
}

std::string Names::of(UserId user) const {
  const auto found = engine_->user(user);
  return found && *found ? name_or_id((*found)->username, user.to_string()) : user.to_string();
}

std::string Names::of(ConversationId group) const {
  const auto found = engine_->group(group);
  return found ? name_or_id(found->name, group.to_string()) : group.to_string();
}

UserId Names::own() const {
  const auto account = engine_->account();
  return account ? account->user : UserId();
}

json::object to_json(const client::Message& message, UserId peer, const Names& names,
                     DeviceId this_device) {
  if (message.notice) {
    return notice_json(message, *message.notice, names);
  }
  const bool in_group = peer.is_nil();
  const bool own = in_group ? message.sender_user == names.own() : message.sender_user != peer;
  auto out = typed("message");
  out["direction"] = direction(message, own);
  if (in_group) {
    out["group"] = names.of(message.conversation);
  } else {
    out["peer"] = names.of(peer);
    out["peer_id"] = peer.to_string();
  }
  out["from"] = names.of(message.sender_user);
  out["text"] = message.text;
  out["state"] = client::to_string(message.state);
  out["sent_at"] = to_rfc3339(message.sent_at);
  out["received_at"] = time_or_null(message.received_at);
  out["seq"] = message.seq;
  out["index"] = message.index;
  out["message_id"] = message.id.to_string();
  out["conversation_id"] = message.conversation.to_string();
  out["from_id"] = message.sender_user.to_string();
  out["from_device_id"] = message.sender_device.to_string();
  out["this_device"] = message.sender_device == this_device;
  if (message.state == MessageState::unreadable) {
    out["reason"] = client::to_string(message.reason);
    out["explanation"] = client::explain(message.reason);
  }
  if (!message.failure.empty()) {
    out["failure"] = message.failure;
  }
  if (message.unread_by != 0) {
    out["unread_by"] = message.unread_by;
  }
  add_chat_fields(out, message, names);
  return out;
}

json::object to_json(const client::User& user) {
  auto out = typed("user");
  out["user"] = user.username;
  out["user_id"] = user.id.to_string();
  out["display_name"] = user.display_name;
  out["trust"] = client::to_string(user.trust);
  return out;
}

std::string members_text(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " member" : " members");
}

std::string day_of(Timestamp time) {
  return formatted(time, "%A %e %B %Y");
}

std::string to_line(const client::Message& message, const Names& names, UserId own,
                    DeviceId this_device) {
  auto out = formatted(message.sent_at, "%H:%M") + "  ";
  if (message.notice) {
    return out + "-- " + notice_text(message, *message.notice, names, own) + " --";
  }
  out += message.sender_user == own
             ? (message.sender_device == this_device ? "me" : "me (other device)")
             : names.of(message.sender_user);
  if (message.imported) {
    out += " for " + printable(message.imported->author) + " (" +
           printable(message.imported->system) + ", " +
           formatted(message.imported->written_at, "%Y-%m-%d %H:%M") + ")";
  }
  out += ": ";
  if (message.state == MessageState::unreadable) {
    return out + "[not readable] " + std::string(client::explain(message.reason));
  }
  out += !message.deleted              ? printable(message.text)
         : message.deleted_by.is_nil() ? "[deleted]"
                                       : "[deleted by " + names.of(message.deleted_by) + "]";
  out += chat_marks(message);
  switch (message.state) {
    case MessageState::queued:
      out += "  [waiting]";
      break;
    case MessageState::blocked:
      out += "  [held back: the identity changed]";
      break;
    case MessageState::failed:
      out += "  [not sent: " + printable(message.failure) + "]";
      break;
    default:
      break;
  }
  if (message.unread_by != 0) {
    out += "  [not readable on " + std::to_string(message.unread_by) +
           (message.unread_by == 1 ? " device]" : " devices]");
  }
  return out;
}

}  // namespace unhidra::cli
