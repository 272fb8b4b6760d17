#pragma once
// What the commands about messages and places take.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace unhidra::cli {

// On a message that is there already.
enum class MessageAction : std::uint8_t {
  react,
  edit,
  remove,
  reply,
  thread,
  threads,
  read,
  search,
  receipts,
  readers,
  follow,
  auto_follow,
  emoji,
  discard,
  edits,
  versions,
};
struct MessageOptions {
  MessageAction action = MessageAction::react;
  std::string message;  // its id or how that begins or ends, "last", "mine"
  std::string emoji;
  std::string picture;  // file of an emoji that is brought
  std::string name;     // of that one; empty: as its file is called
  bool take_back = false;
  bool quote = false;
  std::string words;
  bool has_file = false;
  std::string from;   // name of a person
  std::string since;  // YYYY-MM-DD
  std::string until;
  bool on = true;
  std::optional<bool> on_reply;  // which threads are followed; absent: as it is
  std::optional<bool> on_mention;
  bool inherit = false;  // the place has no rule of its own any more
};

enum class FileAction : std::uint8_t { send, resume, list, save };
struct FileOptions {
  FileAction action = FileAction::send;
  std::vector<std::string> paths;
  std::string message;  // as in MessageOptions
  std::uint32_t number = 1;
  bool preview = false;    // the small copy of a picture
  std::string media_type;  // empty: by the name
  std::string clamd;       // socket or host:port; empty: where it usually is
  bool no_scan = false;
  bool scan_required = false;
  bool send_infected = false;
};

struct ImportOptions {
  std::string path;               // a zip file or a folder
  std::vector<std::string> only;  // names of channels; empty: all
  std::string space;              // in which space
  bool bring_in = false;          // members who have an account here
  std::string invitations;        // a new file, for those who have none; empty: none
  bool dry_run = false;
};

enum class PlaceAction : std::uint8_t {
  list_channels,
  show_channel,
  create_channel,
  join_channel,
  invite,
  leave,
  kick,
  ban,
  unban,
  rename_channel,
  describe,
  post_rule,
  default_rule,
  archive_channel,
  restore_channel,
  delete_channel,
  channel_role,
  override_rule,
  list_spaces,
  create_space,
  rename_space,
  archive_space,
  restore_space,
  delete_space,
  space_role,
  show_policy,
  set_policy,
};
struct PlaceOptions {
  PlaceAction action = PlaceAction::list_channels;
  std::string place;  // name or id of a channel or space
  std::string space;  // in which space
  std::string search;
  std::string topic;
  std::string description;
  std::string rule;   // a role, a posting rule, "on", "off"
  std::string allow;  // permissions, separated by commas
  std::string deny;
  bool open = false;
  bool hidden = false;
  bool announcements = false;
  bool is_default = false;
  std::int64_t edit_window = -1;  // seconds; -1: as it is
  std::string receipts;           // "on", "off"; empty: as it is
  std::string directory;          // likewise
};

}  // namespace unhidra::cli
