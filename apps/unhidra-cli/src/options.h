#pragma once
// The command line.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "unhidra/base/error.h"

#include "chat_options.h"

namespace unhidra::cli {

enum class Command : std::uint8_t {
  sign_up,
  log_in,
  log_out,
  status,
  devices_list,
  devices_approve,
  devices_revoke,
  recovery_show,
  recovery_use,
  begin_anew,
  history_receive,
  history_send,
  iot,
  hub,
  invite,
  verify,
  send,
  listen,
  chat,
  presence,
  history,
  export_all,
  completion,
  group_list,
  group_create,
  group_add,
  group_remove,
  group_leave,
  group_members,
  group_rename,
  group_history,  // Options::name: on or off
  message,        // Options::message
  place,          // Options::place
  group_reset,
  file,    // Options::file
  import,  // Options::import
  people,  // Options::users: words
  profile_show,
  profile_name,  // Options::name
};

// `unhidra-cli device ...`: the IoT devices of the organisation.
enum class IotAction : std::uint8_t {
  list,
  show,
  add,
  code,
  rename,
  label,
  revoke,
  remove,
  twin,
  pending,
  approve,
  deny,
  topics,
  owner,
  group_list,
  group_create,
  group_add,
  group_allow,
  group_remove,
  group_rotate,
  group_accept,
  command,
};
struct IotOptions {
  IotAction action = IotAction::list;
  std::string url;     // of the automation role; empty: the server's host, port 9300
  std::string device;  // id, its beginning, or name
  std::string name;
  std::string type;
  std::string owner;  // user id
  std::vector<std::string> groups;
  std::vector<std::string> labels;  // name=value
  std::vector<std::string> removed;
  bool encrypted = false;
  std::string desired;  // JSON; "-" is the standard input
  std::optional<std::int64_t> if_version;

  // what topics are protected by
  std::vector<std::string> encrypted_topics;
  std::vector<std::string> plaintext_topics;
  bool as_server = false;
  bool no_plaintext = false;

  // device groups
  std::string group;  // a device group's name; of `command` empty: whichever it is in
  std::vector<std::string> filters;  // topics of a new one
  std::string code;                  // a new member's keys
  std::string role = "device";
  std::vector<std::string> rules;  // what a device obeys: identity::parse_device_rule
  double older_than = 0;           // hours; of rotate
  std::optional<double> every;     // hours; of rotate: from now on by itself; 0: never
  std::vector<std::string> words;  // of a command
};

struct Options {
  Command command = Command::status;

  // global
  std::string profile;  // folder; empty: the default one
  std::string server;
  std::string gateway;
  std::string ca_file;
  std::string fingerprint;
  std::string passphrase_file;
  std::string passphrase_memory;  // what a new profile's Argon2id takes; empty: the default
  bool json = false;
  bool quiet = false;

  // of the commands
  std::string username;
  std::string organization;
  std::string invitation;
  std::string display_name;
  std::string password_file;
  std::string new_password_file;
  std::string device_name;
  std::string user;
  std::string group;               // name, or id or how it begins
  std::vector<std::string> users;  // names
  std::string name;
  std::optional<std::string> text;
  std::string device;
  std::string code;       // as the new device shows it
  std::string code_file;  // of a recovery code
  bool yes = false;
  bool hidden = false;  // nobody is told that this person is online
  bool accept = false;
  bool mark_verified = false;
  std::uint64_t count = 0;  // 0: no end
  bool once = false;        // listen to what waits already
  double timeout = 0;       // seconds; 0: the command's own
  std::uint64_t limit = 50;
  bool earlier = false;  // of history: from before this device came in
  std::string output_file;
  std::string hub_file;
  std::string hub_listen;  // empty: no commands by HTTP
  std::string hub_token_file;
  std::string shell;
  std::string role;
  std::uint64_t hours = 0;  // 0: the server's own
  IotOptions iot;
  MessageOptions message;
  PlaceOptions place;
  FileOptions file;
  ImportOptions import;
};

struct Parsed {
  std::optional<Options> options;  // absent: nothing to run, only `text` to show
  std::string text;
  int exit_code = 0;
};

Parsed parse_command_line(int argc, const char* const* argv);

}  // namespace unhidra::cli
