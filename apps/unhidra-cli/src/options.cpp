#include "options.h"

#include <sstream>

#include <CLI/CLI.hpp>

#include "errc.h"

namespace unhidra::cli {

namespace {

constexpr const char* kFooter =
    "Exit codes: 0 done, 1 other failure, 2 wrong usage, 3 not logged in or not allowed, 4 no "
    "connection or\nnot done in time, 5 server or identity not trusted, 6 not found.\n"
    "The store is sealed with a key of the desktop's keychain, or else with a passphrase: typed, "
    "from\nUNHIDRA_PASSPHRASE, or from --passphrase-file.";

class Builder {
 public:
  explicit Builder(Options& options)
      : options_(options),
        app_("Unhidra: end-to-end encrypted chat from the terminal", "unhidra-cli") {}

  CLI::App& build() {
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.footer(kFooter);
    add_globals();
    add_account();
    add_devices();
    add_iot();
    add_messages();
    add_groups();
    return app_;
  }

 private:
  CLI::App* add(CLI::App& parent, const char* name, const char* help, Command command) {
    auto* out = parent.add_subcommand(name, help);
    out->callback([this, command] { options_.command = command; });
    return out;
  }

  void add_globals() {
    app_.set_version_flag("--version", "unhidra-cli " UNHIDRA_VERSION);
    app_.add_option("--profile", options_.profile,
                    "Folder of this device's keys and history (default: "
                    "$XDG_DATA_HOME/unhidra/default)");
    app_.add_option("--server", options_.server, "The server, as https://host:9200");
    app_.add_option("--gateway", options_.gateway,
                    "The gateway, as wss://host:9000/v1/ws (default: what the server tells)");
    app_.add_option("--ca", options_.ca_file, "Trust servers certified by this PEM file alone");
    app_.add_option("--trust-fingerprint", options_.fingerprint,
                    "Trust the server with this SHA-256 certificate fingerprint alone");
    app_.add_option("--passphrase-file", options_.passphrase_file,
                    "Its first line is the passphrase of the profile");
    app_.add_flag("--json", options_.json, "One JSON object a line on the standard output");
    app_.add_flag("-q,--quiet", options_.quiet, "No remarks, only results and errors");
  }

  void add_account() {
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
    log_in->add_option("--new-password-file", options_.new_password_file,
                       "The new password, where the server asks for one; - is standard input");
    auto* log_out = add(app_, "logout", "End the session and delete this device's keys and history",
                        Command::log_out);
    log_out->add_flag("-y,--yes", options_.yes, "Do not ask");
    add(app_, "status", "Who and what this device is", Command::status);
    auto* invite = add(app_, "invite", "Make an invitation for somebody new (administrators)",
                       Command::invite);
    invite->add_option("--role", options_.role, "What the new account may do (default: member)");
    invite->add_option("--hours", options_.hours, "How long it is good (default: the server's)")
        ->check(CLI::Range(1, 8760));
    auto* completion =
        add(app_, "completion", "Print a completion script for a shell", Command::completion);
    completion->add_option("shell", options_.shell, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  }

  void add_credentials(CLI::App& command) {
    command.add_option("-u,--username", options_.username, "Name of the account")->required();
    command.add_option("--password-file", options_.password_file,
                       "Its first line is the password; - is the standard input");
    command.add_option("--organization", options_.organization,
                       "Organisation on the server (default: its first)");
    command.add_option("--device-name", options_.device_name,
                       "How the account's other devices see this one (default: the host's name)");
  }

  void add_devices() {
    auto* devices = add(app_, "devices", "List, approve and revoke devices of this account",
                        Command::devices_list);
    devices->require_subcommand(0, 1);
    // The parent's callback runs after the child's and must not overrule it.
    devices->callback([this, devices] {
      options_.command = devices->got_subcommand("approve")  ? Command::devices_approve
                         : devices->got_subcommand("revoke") ? Command::devices_revoke
                                                             : Command::devices_list;
    });
    auto* approve = devices->add_subcommand("approve", "Sign a pending device of this account");
    auto* revoke = devices->add_subcommand("revoke", "End a device of this account");
    for (auto* command : {approve, revoke}) {
      command->add_option("id", options_.device, "The device's id, or how it begins")->required();
      command->add_flag("-y,--yes", options_.yes, "Do not ask");
    }
  }

  CLI::App* add_iot_action(CLI::App& device, const char* name, const char* help, IotAction action) {
    auto* out = device.add_subcommand(name, help);
    out->callback([this, action] { options_.iot.action = action; });
    return out;
  }

  void add_iot() {
    auto& iot = options_.iot;
    auto* device = add(app_, "device", "IoT devices of the organisation", Command::iot);
    device->require_subcommand(1);
    device->add_option("--devices", iot.url,
                       "The automation role, as https://host:9300 (default: the server's host)");
    const auto tags = [&iot](CLI::App& command) {
      command.add_option("--type", iot.type, "Type: a word, such as thermostat");
      command.add_option("--group", iot.groups, "Group; may be given several times");
      command.add_option("--label", iot.labels, "Label as name=value; may be given several times");
    };
    const auto named = [&iot](CLI::App& command) {
      command.add_option("device", iot.device, "The device's name, its id, or how the id begins")
          ->required();
    };
    const auto confirmed = [this, named](CLI::App& command) {
      named(command);
      command.add_flag("-y,--yes", options_.yes, "Do not ask");
    };
    tags(*add_iot_action(*device, "list", "List devices, all or by type, group, label",
                         IotAction::list));
    named(*add_iot_action(*device, "show", "All about a device and its certificates",
                          IotAction::show));
    auto* added = add_iot_action(*device, "add", "Register a device and make its enrolment code",
                                 IotAction::add);
    added->add_option("name", iot.name, "What to call it")->required();
    tags(*added);
    added->add_option("--owner", iot.owner, "Id of the user who owns it (default: nobody)");
    added->add_flag("--encrypted", iot.encrypted, "Its twin is end-to-end encrypted");
    named(*add_iot_action(*device, "code", "Make a new enrolment code; earlier ones are void",
                          IotAction::code));
    auto* rename =
        add_iot_action(*device, "rename", "Give a device another name", IotAction::rename);
    named(*rename);
    rename->add_option("name", iot.name, "The new name")->required();
    auto* label = add_iot_action(*device, "label", "Set and remove labels", IotAction::label);
    named(*label);
    label->add_option("labels", iot.labels, "Labels to set, as name=value");
    label->add_option("--remove", iot.removed, "Label to remove; may be given several times");
    confirmed(
        *add_iot_action(*device, "revoke", "End a device and its certificates", IotAction::revoke));
    confirmed(*add_iot_action(*device, "delete", "End a device and forget all about it",
                              IotAction::remove));
    add_iot_action(*device, "pending", "List enrolments that wait for approval",
                   IotAction::pending);
    confirmed(*add_iot_action(*device, "approve", "Give a waiting device its certificate",
                              IotAction::approve));
    confirmed(
        *add_iot_action(*device, "deny", "Deny a waiting device its certificate", IotAction::deny));
    auto* twin = add_iot_action(*device, "twin",
                                "Show what is wanted of a device and what it "
                                "reported, or say what is wanted",
                                IotAction::twin);
    named(*twin);
    twin->add_option("--set", iot.desired,
                     "What is wanted, as a JSON object; - is the standard input");
    twin->add_option("--if-version", iot.if_version,
                     "Only when the wanted side still has this version");
  }

  void add_user(CLI::App& command) {
    command.add_option("user", options_.user, "Name of the other person")->required();
  }
  void add_place(CLI::App& command) {
    command.add_option("user", options_.user, "Name of the other person, or #name of a group")
        ->required();
  }

  CLI::App* add_group_command(CLI::App& groups, const char* name, const char* help,
                              Command command) {
    auto* out = groups.add_subcommand(name, help);
    out->callback([this, command] { options_.command = command; });
    if (command != Command::group_create && command != Command::group_list) {
      out->add_option("group", options_.group, "The group's name, or its id or how that begins")
          ->required();
    }
    return out;
  }
  void add_groups() {
    auto* groups = app_.add_subcommand("group", "Make and change groups");
    groups->require_subcommand(1);
    add_group_command(*groups, "list", "The groups of this device", Command::group_list);
    auto* create = add_group_command(*groups, "create", "Make a group with these people",
                                     Command::group_create);
    create->add_option("name", options_.name, "What it is called")->required();
    create->add_option("users", options_.users, "Names of the others");
    auto* adding = add_group_command(*groups, "add", "Add people", Command::group_add);
    auto* taking = add_group_command(*groups, "remove", "Take people out", Command::group_remove);
    for (auto* command : {adding, taking}) {
      command->add_option("users", options_.users, "Their names")->required();
    }
    add_group_command(*groups, "leave", "Leave with all devices of this account",
                      Command::group_leave);
    add_group_command(*groups, "members", "Who is in it, and its code to compare",
                      Command::group_members);
    auto* rename =
        add_group_command(*groups, "rename", "Call it something else", Command::group_rename);
    rename->add_option("name", options_.name, "The new name")->required();
  }

  void add_messages() {
    auto* verify = add(app_, "verify", "Show the safety number of a conversation", Command::verify);
    add_user(*verify);
    verify->add_flag("--accept", options_.accept, "Accept the person's changed identity");
    verify->add_flag("--mark-verified", options_.mark_verified,
                     "Remember that the number was compared and is the same");
    auto* send = add(app_, "send", "Send a message", Command::send);
    add_place(*send);
    send->add_option("text", options_.text, "The message (default: the standard input)");
    send->add_option("--timeout", options_.timeout, "Seconds to wait for the server (default: 30)");
    auto* listen =
        add(app_, "listen", "Show messages as they arrive, unread ones first", Command::listen);
    listen->add_option("--count", options_.count, "End after so many, once no more are waiting");
    listen->add_option("--timeout", options_.timeout, "End after so many seconds");
    auto* chat = add(app_, "chat", "Talk with somebody in the terminal", Command::chat);
    add_user(*chat);
    auto* history =
        add(app_, "history", "Show a conversation from this device's store", Command::history);
    add_place(*history);
    history->add_option("--limit", options_.limit, "The newest so many (default: 50; 0: all)");
    auto* all = add(app_, "export", "All conversations of this device's store as one JSON document",
                    Command::export_all);
    all->add_option("--output", options_.output_file, "Write to this file, for its owner alone");
  }

  Options& options_;
  CLI::App app_;
};

}  // namespace

Parsed parse_command_line(int argc, const char* const* argv) {
  Options options;
  Builder builder(options);
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
  out.options = std::move(options);
  return out;
}

}  // namespace unhidra::cli
