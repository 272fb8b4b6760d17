#include "import/slack.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <boost/json.hpp>

#include "unhidra/base/text.h"

#include "errc.h"
#include "json_fields.h"

namespace unhidra::cli::slack {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kMaxName = 200;  // bytes
constexpr std::size_t kMaxReactions = 50;
constexpr std::size_t kMaxEmoji = 64;                          // bytes, as of any reaction
constexpr std::size_t kMaxNames = 500;                         // of all reactions to a message
constexpr std::size_t kMaxNameBytes = std::size_t{12} * 1024;  // likewise
constexpr std::size_t kMaxFiles = 10;
constexpr std::string_view kNobody = "Somebody";

// What Slack writes into a channel by itself.
constexpr std::array<std::string_view, 7> kNotices{"bot_add",       "bot_remove",   "pinned_item",
                                                   "unpinned_item", "reminder_add", "tombstone",
                                                   "huddle_thread"};

Result<json::array> parse_list(const std::string& path, const std::string& text) {
  json::parse_options options;
  options.max_depth = kMaxDepth;
  boost::system::error_code error;
  auto parsed = json::parse(text, error, {}, options);
  if (error || !parsed.is_array()) {
    return fail(Errc::bad_export, printable(path) + " in the export is no list in JSON" +
                                      (error ? ": " + error.message() : ""));
  }
  return std::move(parsed.get_array());
}

const json::object* object_in(const json::object& object, std::string_view name) {
  const auto* found = object.if_contains(name);
  return found != nullptr ? found->if_object() : nullptr;
}

const json::array& list_in(const json::object& object, std::string_view name) {
  static const json::array kNone;
  const auto* found = object.if_contains(name);
  return found != nullptr && found->is_array() ? found->get_array() : kNone;
}

bool flag_in(const json::object& object, std::string_view name) {
  const auto* found = object.if_contains(name);
  return found != nullptr && found->is_bool() && found->get_bool();
}

// The first that is not empty.
std::string first_of(std::initializer_list<std::string> texts) {
  for (const auto& text : texts) {
    if (!text.empty()) {
      return text;
    }
  }
  return {};
}

std::string shortened(std::string text, std::size_t limit) {
  if (text.size() > limit) {
    auto end = limit;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) {
      --end;
    }
    text.resize(end);
  }
  return text;
}

std::string text_under(const json::object& object, std::string_view outer, std::string_view name) {
  const auto* found = object_in(object, outer);
  return found != nullptr ? text_of(*found, name) : std::string();
}

Status read_users(const ExportSource& source, Directory& out) {
  UNHIDRA_TRY(const auto texts, source.texts("users.json", "users.json"));
  for (const auto& [path, text] : texts) {
    UNHIDRA_TRY(const auto list, parse_list(path, text));
    for (const auto& one : list) {
      const auto* object = one.if_object();
      if (object == nullptr || text_of(*object, "id").empty()) {
        continue;
      }
      User user;
      user.id = text_of(*object, "id");
      user.handle = text_of(*object, "name");
      user.name = shortened(first_of({text_under(*object, "profile", "display_name"),
                                      text_under(*object, "profile", "real_name"),
                                      text_of(*object, "real_name"), user.handle}),
                            kMaxName);
      user.email = text_under(*object, "profile", "email");
      user.gone = flag_in(*object, "deleted");
      user.bot = flag_in(*object, "is_bot");
      out.users[user.id] = std::move(user);
    }
  }
  return {};
}

Status read_channels(const ExportSource& source, const std::string& path, bool open,
                     Directory& out) {
  UNHIDRA_TRY(const auto texts, source.texts(path, path));
  for (const auto& [at, text] : texts) {
    UNHIDRA_TRY(const auto list, parse_list(at, text));
    for (const auto& one : list) {
      const auto* object = one.if_object();
      if (object == nullptr || text_of(*object, "id").empty() || text_of(*object, "name").empty()) {
        continue;
      }
      Channel channel;
      channel.id = text_of(*object, "id");
      channel.name = shortened(text_of(*object, "name"), kMaxName);
      channel.folder = text_of(*object, "name");
      channel.topic = to_markdown(text_under(*object, "topic", "value"), out);
      channel.purpose = to_markdown(text_under(*object, "purpose", "value"), out);
      channel.open = open;
      channel.archived = flag_in(*object, "is_archived");
      for (const auto& member : list_in(*object, "members")) {
        if (member.is_string()) {
          channel.members.emplace_back(member.get_string());
        }
      }
      out.channels.push_back(std::move(channel));
    }
  }
  return {};
}

std::optional<std::int64_t> natural(std::string_view digits) {
  std::int64_t out = 0;
  const auto* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, out);
  return error == std::errc() && stop == end && out >= 0 && digits.front() != '-'
             ? std::optional(out)
             : std::nullopt;
}

// "1355517523.000005"; nothing where it is none.
std::optional<Timestamp> time_of(std::string_view ts) {
  const auto dot = ts.find('.');
  const auto seconds = natural(ts.substr(0, dot));
  auto fraction = dot == std::string_view::npos ? std::string() : std::string(ts.substr(dot + 1));
  fraction.resize(6, '0');
  const auto micros = natural(fraction);
  constexpr std::int64_t kLast = 253'402'300'799;  // the year 9999
  if (!seconds || !micros || *seconds > kLast || ts.size() > 20) {
    return std::nullopt;
  }
  return from_unix_micros(*seconds * 1'000'000 + *micros);
}

bool is_notice(std::string_view subtype) {
  return subtype.starts_with("channel_") || subtype.starts_with("group_") ||
         std::ranges::find(kNotices, subtype) != kNotices.end();
}

std::string author_of(const json::object& object, const Directory& directory) {
  const auto known = directory.users.find(text_of(object, "user"));
  auto name =
      known != directory.users.end()
          ? known->second.name
          : first_of({text_under(object, "user_profile", "display_name"),
                      text_under(object, "user_profile", "real_name"), text_of(object, "username"),
                      text_under(object, "bot_profile", "name"), std::string(kNobody)});
  return shortened(std::move(name), kMaxName);
}

// A bot says much in attachments and little in the text.
std::string body_of(const json::object& object, const Directory& directory) {
  auto out = text_of(object, "text");
  for (const auto& one : list_in(object, "attachments")) {
    const auto* attachment = one.if_object();
    if (attachment == nullptr) {
      continue;
    }
    const auto said = first_of({text_of(*attachment, "text"), text_of(*attachment, "fallback")});
    if (!said.empty() && !out.contains(said)) {
      out += (out.empty() ? "" : "\n") + said;
    }
  }
  return to_markdown(out, directory);
}

std::vector<client::Imported::Reaction> reactions_of(const json::object& object,
                                                     const Directory& directory) {
  std::vector<client::Imported::Reaction> out;
  std::size_t names = 0;
  std::size_t bytes = 0;
  for (const auto& one : list_in(object, "reactions")) {
    const auto* reaction = one.if_object();
    if (reaction == nullptr || text_of(*reaction, "name").empty() || out.size() >= kMaxReactions) {
      continue;
    }
    client::Imported::Reaction read{.emoji = emoji_of(text_of(*reaction, "name")), .names = {}};
    for (const auto& user : list_in(*reaction, "users")) {
      if (user.is_string() && names < kMaxNames && bytes < kMaxNameBytes) {
        read.names.push_back(directory.name_of(user.get_string()));
        bytes += read.names.back().size();
        ++names;
      }
    }
    if (!read.names.empty() && read.emoji.size() <= kMaxEmoji &&
        read.emoji.find_first_of(" \t\r\n") == std::string::npos) {
      out.push_back(std::move(read));
    }
  }
  return out;
}

// Where exporters that fetch the files put them.
std::string path_of(const ExportSource& source, const Channel& channel, const std::string& id) {
  for (const auto& prefix : {"__uploads/" + id + "/", channel.folder + "/attachments/" + id + "-",
                             "attachments/" + id + "-", "files/" + id + "/"}) {
    const auto found = source.files().lower_bound(prefix);
    if (found != source.files().end() && found->first.starts_with(prefix)) {
      return found->first;
    }
  }
  return {};
}

std::vector<File> files_of(const ExportSource& source, const Channel& channel,
                           const json::object& object) {
  std::vector<File> out;
  for (const auto& one : list_in(object, "files")) {
    const auto* file = one.if_object();
    if (file == nullptr || text_of(*file, "id").empty() || out.size() >= kMaxFiles) {
      continue;
    }
    out.push_back({.name = first_of({text_of(*file, "name"), text_of(*file, "title"), "file"}),
                   .media_type = text_of(*file, "mimetype"),
                   .path = path_of(source, channel, text_of(*file, "id"))});
  }
  return out;
}

std::optional<Message> read_message(const ExportSource& source, const Directory& directory,
                                    const Channel& channel, const json::object& object) {
  const auto type = text_of(object, "type");
  Message out;
  out.ts = text_of(object, "ts");
  const auto written = time_of(out.ts);
  if ((!type.empty() && type != "message") || is_notice(text_of(object, "subtype")) || !written) {
    return std::nullopt;
  }
  const auto thread = text_of(object, "thread_ts");
  out.thread_ts = thread == out.ts ? "" : thread;
  out.origin = {.system = "Slack",
                .author = author_of(object, directory),
                .written_at = *written,
                .reactions = reactions_of(object, directory)};
  out.text = body_of(object, directory);
  out.files = files_of(source, channel, object);
  return out.text.empty() && out.files.empty() ? std::nullopt : std::optional(std::move(out));
}

}  // namespace

std::string Directory::name_of(std::string_view user) const {
  const auto found = users.find(user);
  return found == users.end() || found->second.name.empty() ? std::string(kNobody)
                                                            : found->second.name;
}

Result<Directory> read_directory(const ExportSource& source) {
  Directory out;
  if (!source.files().contains("channels.json") && !source.files().contains("groups.json")) {
    return fail(Errc::bad_export,
                "this is no Slack export: it holds neither channels.json nor groups.json");
  }
  UNHIDRA_TRY_VOID(read_users(source, out));
  UNHIDRA_TRY_VOID(read_channels(source, "channels.json", true, out));
  UNHIDRA_TRY_VOID(read_channels(source, "groups.json", false, out));
  std::ranges::sort(out.channels, {}, &Channel::name);
  return out;
}

Result<std::vector<Message>> read_messages(const ExportSource& source, const Directory& directory,
                                           const Channel& channel) {
  UNHIDRA_TRY(const auto days, source.texts(channel.folder + "/", ".json"));
  std::vector<Message> out;
  for (const auto& [path, text] : days) {
    if (std::ranges::count(std::string_view(path).substr(channel.folder.size() + 1), '/') != 0) {
      continue;  // an attached file
    }
    UNHIDRA_TRY(const auto list, parse_list(path, text));
    for (const auto& one : list) {
      if (const auto* object = one.if_object()) {
        if (auto message = read_message(source, directory, channel, *object)) {
          out.push_back(std::move(*message));
        }
      }
    }
  }
  std::ranges::stable_sort(out, {}, [](const Message& one) { return one.origin.written_at; });
  const auto twice = std::ranges::unique(out, {}, &Message::ts);
  out.erase(twice.begin(), twice.end());
  return out;
}

}  // namespace unhidra::cli::slack
