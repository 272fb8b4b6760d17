#pragma once
// A Slack export as its documentation and existing exports have it: users.json, channels.json (and
// groups.json, mpims.json, dms.json), and for each conversation a folder of days with its messages.
// Nothing in it is trusted. Source: https://slack.com/help/articles/220556107.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "unhidra/base/time.h"
#include "unhidra/client/model.h"

#include "import/export_source.h"

namespace unhidra::cli::slack {

struct User {
  std::string id;
  std::string handle;  // lower case, unique there
  std::string name;    // as people see it
  std::string email;
  bool gone = false;  // deactivated
  bool bot = false;
};

struct Channel {
  std::string id;
  std::string name;
  std::string folder;
  std::string topic;
  std::string purpose;
  bool open = true;
  bool archived = false;
  std::vector<std::string> members;  // user ids
};

struct File {
  std::string name;
  std::string media_type;
  std::string path;  // in the export; empty: not in there
};

struct Message {
  std::string ts;         // its name in its channel: seconds.microseconds
  std::string thread_ts;  // of the thread's first message; empty: of the timeline
  client::Imported origin;
  std::string text;  // Markdown
  std::vector<File> files;
};

// Users by id, and how channels are called, for mentions.
struct Directory {
  std::map<std::string, User, std::less<>> users;
  std::vector<Channel> channels;  // by name

  // "Somebody" for whom the export does not tell.
  std::string name_of(std::string_view user) const;
};

// Errc::bad_export. Direct conversations are not part of it: they belong to the two who had them.
Result<Directory> read_directory(const ExportSource& source);

// All messages of a channel, oldest first; what Slack itself wrote (who joined, who renamed) is
// left out, as are messages that hold nothing.
Result<std::vector<Message>> read_messages(const ExportSource& source, const Directory& directory,
                                           const Channel& channel);

// Slack's mark-up as Markdown: references become names, its escapes are undone, emphasis is
// written as Markdown has it.
std::string to_markdown(std::string_view text, const Directory& directory);

// "thumbsup" as the emoji it stands for, else as ":thumbsup:"; a skin tone is kept.
std::string emoji_of(std::string_view name);

}  // namespace unhidra::cli::slack
