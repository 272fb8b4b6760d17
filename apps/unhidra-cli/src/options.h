#pragma once
// The command line.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "unhidra/base/error.h"

namespace unhidra::cli {

enum class Command : std::uint8_t {
  sign_up,
  log_in,
  log_out,
  status,
  devices_list,
  devices_approve,
  devices_revoke,
  iot,
  invite,
  verify,
  send,
  listen,
  chat,
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
  deny
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
  bool yes = false;
  bool accept = false;
  bool mark_verified = false;
  std::uint64_t count = 0;  // 0: no end
  double timeout = 0;       // seconds; 0: the command's own
  std::uint64_t limit = 50;
  std::string output_file;
  std::string shell;
  std::string role;
  std::uint64_t hours = 0;  // 0: the server's own
  IotOptions iot;
};

struct Parsed {
  std::optional<Options> options;  // absent: nothing to run, only `text` to show
  std::string text;
  int exit_code = 0;
};

Parsed parse_command_line(int argc, const char* const* argv);

// The completion script of bash, zsh or fish.
std::string_view completion_script(std::string_view shell);

}  // namespace unhidra::cli
