#include "options.h"

#include <sstream>

#include "completion.h"
#include "errc.h"
#include "option_builder.h"

namespace unhidra::cli {

namespace {

constexpr const char* kFooter =
    "Exit codes: 0 done, 1 other failure, 2 wrong usage, 3 not logged in or not allowed, 4 no "
    "connection or\nnot done in time, 5 server or identity not trusted, 6 not found.\n"
    "The store is sealed with a key of the desktop's keychain, or else with a passphrase: typed, "
    "from\nUNHIDRA_PASSPHRASE, or from --passphrase-file.";

}  // namespace

OptionBuilder::OptionBuilder(Options& options)
    : options_(options),
      app_("Unhidra: end-to-end encrypted chat from the terminal", "unhidra-cli") {}

CLI::App& OptionBuilder::build() {
  app_.require_subcommand(1);
  app_.fallthrough();
  app_.footer(kFooter);
  add_globals();
  add_account();
  add_people();
  add_devices();
  add_iot();
  add_hub();
  add_messages();
  add_groups();
  add_message_actions();
  add_files();
  add_channels();
  add_spaces();
  add_import();
  return app_;
}

CLI::App* OptionBuilder::add(CLI::App& parent, const char* name, const char* help,
                             Command command) {
  auto* out = parent.add_subcommand(name, help);
  out->callback([this, command] { options_.command = command; });
  return out;
}

void OptionBuilder::add_globals() {
  app_.set_version_flag("--version", "unhidra-cli " UNHIDRA_VERSION);
  app_.add_option("--profile", options_.profile,
                  "Folder of this device's keys and history (default: "
                  "$XDG_DATA_HOME/unhidra/default)")
      ->type_name("FOLDER");
  app_.add_option("--server", options_.server, "The server, as https://host:9200");
  app_.add_option("--gateway", options_.gateway,
                  "The gateway, as wss://host:9000/v1/ws (default: what the server tells)");
  app_.add_option("--ca", options_.ca_file, "Trust servers certified by this PEM file alone")
      ->type_name("FILE");
  app_.add_option("--trust-fingerprint", options_.fingerprint,
                  "Trust the server with this SHA-256 certificate fingerprint alone");
  app_.add_option("--passphrase-file", options_.passphrase_file,
                  "Its first line is the passphrase of the profile")
      ->type_name("FILE");
  app_.add_option("--passphrase-memory", options_.passphrase_memory,
                  "Memory that each try of a new profile's passphrase costs: 1MiB to 256MiB; 48MiB "
                  "unless said otherwise here or in UNHIDRA_PASSPHRASE_MEMORY")
      ->type_name("SIZE");
  app_.add_flag("--json", options_.json, "One JSON object a line on the standard output");
  app_.add_flag("-q,--quiet", options_.quiet, "No remarks, only results and errors");
}

void OptionBuilder::add_account() {
  auto* sign_up = add(app_, "register", "Sign up with a new account; this is its first device",
                      Command::sign_up);
  add_credentials(*sign_up);
  sign_up->add_option("--invite", options_.invitation, "Token of an invitation");
  sign_up->add_option("--display-name", options_.display_name, "Name that others see");
  auto* log_in =
      add(app_, "login",
          "Log in; this becomes a new device of the account, or comes back as the one it was",
          Command::log_in);
  add_credentials(*log_in);
  log_in
      ->add_option("--new-password-file", options_.new_password_file,
                   "The new password, where the server asks for one; - is standard input")
      ->type_name("FILE");
  auto* log_out = add(app_, "logout", "End the session and delete this device's keys and history",
                      Command::log_out);
  log_out->add_flag("-y,--yes", options_.yes, "Do not ask");
  add(app_, "status", "Who and what this device is", Command::status);
  auto* invite =
      add(app_, "invite", "Make an invitation for somebody new (administrators)", Command::invite);
  invite->add_option("--role", options_.role, "What the new account may do (default: member)");
  invite->add_option("--hours", options_.hours, "How long it is good (default: the server's)")
      ->check(CLI::Range(1, 8760));
  auto* completion =
      add(app_, "completion", "Print a completion script for a shell", Command::completion);
  completion->add_option("shell", options_.shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
}

void OptionBuilder::add_people() {
  auto* people = app_.add_subcommand("people", "The people of the organisation");
  people->require_subcommand(1);
  auto* search =
      add(*people, "search", "Those whose names have words that begin like these", Command::people);
  search->add_option("words", options_.users, "How words of the name begin (default: everybody)");
  search->add_option("--limit", options_.limit, "At most so many (default: 50)")
      ->check(CLI::Range(1, 10'000));
  auto* profile = app_.add_subcommand("profile", "What others see of this account");
  profile->require_subcommand(1);
  add(*profile, "show", "The name that others see", Command::profile_show);
  add(*profile, "name", "Call oneself otherwise; empty: the account's name", Command::profile_name)
      ->add_option("name", options_.name, "The new name")
      ->required();
}

void OptionBuilder::add_credentials(CLI::App& command) {
  command.add_option("-u,--username", options_.username, "Name of the account")->required();
  command
      .add_option("--password-file", options_.password_file,
                  "Its first line is the password; - is the standard input")
      ->type_name("FILE");
  command.add_option("--organization", options_.organization,
                     "Organisation on the server (default: its first)");
  command.add_option("--device-name", options_.device_name,
                     "How the account's other devices see this one (default: the host's name)");
}

void OptionBuilder::add_devices() {
  auto* devices = add(app_, "devices", "List, approve and revoke devices of this account",
                      Command::devices_list);
  devices->require_subcommand(0, 1);
  // The parent's callback runs after the child's and must not overrule it.
  auto* history = devices->add_subcommand("history", "Old messages for a new device");
  history->require_subcommand(1);
  auto* receive = history->add_subcommand("receive", "On the new device: ask for them");
  receive->add_option("--timeout", options_.timeout, "Seconds to wait for them (default: 600)");
  auto* give = history->add_subcommand("send", "On an old device: hand them over");
  give->add_option("--code", options_.code, "The code that the new device shows");
  for (auto* command : {receive, give}) {
    command->add_option("id", options_.device,
                        "The other device's id, or how it begins (default: the only one)");
  }
  devices->callback([this, devices, history, receive] {
    options_.command =
        devices->got_subcommand(history)
            ? (history->got_subcommand(receive) ? Command::history_receive : Command::history_send)
        : devices->got_subcommand("approve")       ? Command::devices_approve
        : devices->got_subcommand("revoke")        ? Command::devices_revoke
        : devices->got_subcommand("recovery-code") ? Command::recovery_show
        : devices->got_subcommand("recover")       ? Command::recovery_use
        : devices->got_subcommand("begin-anew")    ? Command::begin_anew
                                                   : Command::devices_list;
  });
  devices->add_subcommand("recovery-code", "Show what brings you back when all devices are lost");
  devices->add_subcommand("recover", "On a new device that no other can approve: use that code")
      ->add_option("--code-file", options_.code_file,
                   "Its first line is the code; - is the standard input (default: ask)")
      ->type_name("FILE");
  devices
      ->add_subcommand("begin-anew",
                       "On such a device without the code: end all others, and take new keys")
      ->add_flag("-y,--yes", options_.yes, "Do not ask");
  auto* approve = devices->add_subcommand("approve", "Sign a pending device of this account");
  auto* revoke = devices->add_subcommand("revoke", "End a device of this account");
  for (auto* command : {approve, revoke}) {
    command->add_option("id", options_.device, "The device's id, or how it begins")->required();
    command->add_flag("-y,--yes", options_.yes, "Do not ask");
  }
}

Parsed parse_command_line(int argc, const char* const* argv) {
  Options options;
  OptionBuilder builder(options);
  auto& app = builder.build();
  Parsed out;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream shown;
    const int code = app.exit(error, shown, shown);
    out.text = shown.str();
    out.exit_code = code == 0 ? 0 : static_cast<int>(ExitCode::usage);
    return out;
  }
  if (options.command == Command::completion) {
    out.text = completion_script(options.shell, app);
    return out;
  }
  out.options = std::move(options);
  return out;
}

}  // namespace unhidra::cli
