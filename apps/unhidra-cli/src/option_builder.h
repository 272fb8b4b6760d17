#pragma once
// Builds the parser of the command line, theme by theme.

#include <CLI/CLI.hpp>

#include "options.h"

namespace unhidra::cli {

class OptionBuilder {
 public:
  // `options` takes what is parsed, and outlives this.
  explicit OptionBuilder(Options& options);

  CLI::App& build();

 private:
  // ---- options.cpp ----
  CLI::App* add(CLI::App& parent, const char* name, const char* help, Command command);
  void add_globals();
  void add_account();
  void add_credentials(CLI::App& command);
  void add_people();
  void add_devices();

  // ---- options_devices.cpp ----
  CLI::App* add_iot_action(CLI::App& device, const char* name, const char* help, IotAction action);
  void add_iot();
  CLI::App* add_device_group(CLI::App& parent, const char* name, const char* help,
                             IotAction action);
  void add_device_groups(CLI::App& device);
  void add_hub();

  // ---- options_chat.cpp ----
  void add_user(CLI::App& command);
  void add_place(CLI::App& command);
  void add_messages();
  CLI::App* add_action(const char* name, const char* help, MessageAction action);
  CLI::App* add_message_action(const char* name, const char* help, MessageAction action);
  void add_message_actions();
  void add_emoji();
  void add_versions();
  void add_auto_follow();
  CLI::App* add_file_action(const char* name, const char* help, FileAction action);
  void add_scanner(CLI::App& command);
  void add_patience(CLI::App& command);
  void add_files();

  // ---- options_places.cpp ----
  CLI::App* add_group_command(CLI::App& groups, const char* name, const char* help,
                              Command command);
  void add_groups();
  CLI::App* add_place_action(CLI::App& parent, const char* name, const char* help,
                             PlaceAction action, bool names_one = true);
  void add_channels();
  void add_role(CLI::App& command);
  void add_spaces();
  void add_import();

  Options& options_;
  CLI::App app_;
};

}  // namespace unhidra::cli
