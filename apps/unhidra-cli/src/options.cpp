#include "options.h"

#include <sstream>

#include <CLI/CLI.hpp>

#include "completion.h"
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
    auto* hub =
        add(app_, "hub", "Run rules, and do what is typed in bridged conversations", Command::hub);
    hub->add_option("file", options_.hub_file, "Bridges and rules, as JSON")
        ->type_name("FILE")
        ->required();
    hub->add_option("--timeout", options_.timeout, "End after so many seconds");
    auto* listen = hub->add_option("--listen", options_.hub_listen,
                                   "Take commands by HTTP too, at this address of this machine");
    listen->needs(hub->add_option("--token-file", options_.hub_token_file,
                                  "What programs have to show for that: at least 32 characters")
                      ->type_name("FILE"));
    add_messages();
    add_groups();
    add_message_actions();
    add_files();
    add_channels();
    add_spaces();
    add_import();
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
    log_in
        ->add_option("--new-password-file", options_.new_password_file,
                     "The new password, where the server asks for one; - is standard input")
        ->type_name("FILE");
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
    command
        .add_option("--password-file", options_.password_file,
                    "Its first line is the password; - is the standard input")
        ->type_name("FILE");
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
      options_.command = devices->got_subcommand(history)
                             ? (history->got_subcommand(receive) ? Command::history_receive
                                                                 : Command::history_send)
                         : devices->got_subcommand("approve") ? Command::devices_approve
                         : devices->got_subcommand("revoke")  ? Command::devices_revoke
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
    add_device_groups(*device);
  }

  CLI::App* add_device_group(CLI::App& parent, const char* name, const char* help,
                             IotAction action) {
    auto* out = add_iot_action(parent, name, help, action);
    if (action != IotAction::group_list) {
      out->add_option("group", options_.iot.group, "Name of the device group")->required();
    }
    return out;
  }
  void add_device_groups(CLI::App& device) {
    auto& iot = options_.iot;
    add_iot_action(device, "owner", "The key that devices are told when they are commissioned",
                   IotAction::owner);
    auto* command = add_iot_action(device, "command",
                                   "Tell a device to do something, end-to-end encrypted, and wait "
                                   "for its answer",
                                   IotAction::command);
    command->add_option("device", iot.device, "The device's name, its id, or how the id begins")
        ->required();
    command->add_option("words", iot.words, "The command, such as: on; set 21.5")->required();
    command->add_option("--group", iot.group, "Device group (default: the one it is in)");
    command->add_option("--timeout", options_.timeout,
                        "Seconds until the command is void (default: 10)");
    auto* groups = device.add_subcommand("group", "Device groups, whose members share keys");
    groups->require_subcommand(1);
    add_device_group(*groups, "list", "The device groups of this client", IotAction::group_list);
    add_device_group(*groups, "create", "Make one, led by this client", IotAction::group_create)
        ->add_option("--filter", iot.filters, "Topics (default: devices/#); may be repeated");
    auto* adding = add_device_group(*groups, "add", "Let a device in", IotAction::group_add);
    auto* taking =
        add_device_group(*groups, "remove", "Take a device out: new keys", IotAction::group_remove);
    auto* allowing = add_device_group(*groups, "allow", "Say what a device obeys from now on",
                                      IotAction::group_allow);
    for (auto* one : {adding, taking, allowing}) {
      one->add_option("device", iot.device,
                      "The device's name, its id, or how the id begins; a client's whole id")
          ->required();
    }
    adding->add_option("--code", iot.code, "Its two public keys, as it shows them")->required();
    adding->add_option("--role", iot.role, "device, controller, hub or compliance");
    adding->add_option(
        "--allow", iot.rules,
        "ROLE:COMMAND that the device obeys, ROLE any for all; with ! behind it only "
        "as answer to a challenge (default: controller:*)");
    allowing->add_option("rules", iot.rules, "As of add; none: it obeys nobody");
    add_device_group(*groups, "rotate", "New keys for the same members", IotAction::group_rotate)
        ->add_option("--older-than", iot.older_than, "Only when they are so many hours old")
        ->check(CLI::Range(0.0, 8760.0));
    add_device_group(*groups, "accept", "Take the keys that wait for this client",
                     IotAction::group_accept);
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
    add_group_command(*groups, "reset",
                      "Begin it anew with the same people, when nobody can go on in it",
                      Command::group_reset)
        ->add_flag("-y,--yes", options_.yes, "Do not ask");
    auto* rename =
        add_group_command(*groups, "rename", "Call it something else", Command::group_rename);
    rename->add_option("name", options_.name, "The new name")->required();
    add_group_command(*groups, "history",
                      "Whether who comes in may read what is written from now on",
                      Command::group_history)
        ->add_option("rule", options_.name, "on or off")
        ->required()
        ->check(CLI::IsMember({"on", "off"}));
  }

  CLI::App* add_action(const char* name, const char* help, MessageAction action) {
    auto* out = app_.add_subcommand(name, help);
    out->callback([this, action] {
      options_.command = Command::message;
      options_.message.action = action;
    });
    return out;
  }
  CLI::App* add_message_action(const char* name, const char* help, MessageAction action) {
    auto* out = add_action(name, help, action);
    add_place(*out);
    out->add_option("message", options_.message.message,
                    "Its id or how that begins or ends, last, or mine for the newest own one")
        ->required();
    return out;
  }
  CLI::App* add_file_action(const char* name, const char* help, FileAction action) {
    auto* out = app_.add_subcommand(name, help);
    out->callback([this, action] {
      options_.command = Command::file;
      options_.file.action = action;
    });
    return out;
  }
  void add_scanner(CLI::App& command) {
    auto& wish = options_.file;
    command
        .add_option("--clamd", wish.clamd,
                    "ClamAV daemon that scans files first: a socket's path, or host:port (default: "
                    "this machine's)")
        ->envname("UNHIDRA_CLAMD");
    command.add_flag("--no-scan", wish.no_scan, "Do not scan them");
  }
  void add_files() {
    auto& wish = options_.file;
    auto* send = add_file_action("send-file", "Encrypt files and send them", FileAction::send);
    add_place(*send);
    send->add_option("files", wish.paths, "Up to ten, in one message")
        ->type_name("FILE")
        ->required();
    send->add_option("--text", options_.text, "What to say with them");
    send->add_option("--media-type", wish.media_type, "As image/png (default: by the name)");
    add_scanner(*send);
    send->add_flag("--require-scan", wish.scan_required, "Send nothing that was not scanned");
    send->add_flag("--send-infected", wish.send_infected,
                   "Send them although something was found; receivers are told");
    add_file_action("resume-files", "Go on with what send-file could not finish",
                    FileAction::resume);
    auto* list = add_file_action("files", "List the files of a conversation", FileAction::list);
    add_place(*list);
    list->add_option("--limit", options_.limit, "Of the newest so many messages (0: of all)");
    for (const char* name : {"save", "download"}) {
      auto* save = add_file_action(name, "Fetch, check and decrypt a file", FileAction::save);
      add_place(*save);
      save->add_option("message", wish.message, "Its id or how that begins or ends, or last")
          ->required();
      save->add_option("--number", wish.number, "Which of its files (default: the first)")
          ->check(CLI::PositiveNumber);
      save->add_option("--output", options_.output_file,
                       "Where to (default: its name, in this folder)")
          ->type_name("FILE");
    }
  }
  void add_message_actions() {
    auto& wish = options_.message;
    auto* react = add_message_action("react", "React to a message", MessageAction::react);
    react->add_option("emoji", wish.emoji, "An emoji, or the name of one as :name:")->required();
    react->add_flag("--remove", wish.take_back, "Take the reaction back");
    auto* edit = add_message_action("edit", "Change an own message", MessageAction::edit);
    auto* reply =
        add_message_action("reply", "Answer in the thread of a message", MessageAction::reply);
    reply->add_flag("--quote", wish.quote, "In the timeline, quoting the message");
    for (auto* command : {edit, reply}) {
      command->add_option("text", options_.text, "The text (default: the standard input)");
    }
    add_message_action("delete", "Delete an own message", MessageAction::remove);
    add_message_action("thread", "Show a message and its thread", MessageAction::thread);
    auto* threads = add_action("threads", "List threads", MessageAction::threads);
    threads->add_option("user", options_.user, "Of one person or #group alone");
    add_place(*add_action("read", "Mark everything there as read", MessageAction::read));
    auto* search = add_action("search", "Search this device's store", MessageAction::search);
    search
        ->add_option("words", wish.words,
                     "Parts of words; all must be there; has:file: with a file")
        ->required();
    search->add_option("--in", options_.user, "With this person, or in this #group");
    search->add_option("--from", wish.from, "Written by this person");
    search->add_option("--since", wish.since, "From this day on, as YYYY-MM-DD");
    search->add_option("--until", wish.until, "Up to and with this day");
    search->add_option("--limit", options_.limit, "At most so many, newest first (default: 50)");
    auto* receipts = add_action("receipts", "Whether others learn what is delivered and read",
                                MessageAction::receipts);
    receipts
        ->add_option_function<std::string>(
            "state", [&wish](const std::string& state) { wish.on = state == "on"; }, "on or off")
        ->required()
        ->check(CLI::IsMember({"on", "off"}));
  }

  CLI::App* add_place_action(CLI::App& parent, const char* name, const char* help,
                             PlaceAction action, bool names_one = true) {
    auto* out = parent.add_subcommand(name, help);
    out->callback([this, action] {
      options_.command = Command::place;
      options_.place.action = action;
    });
    if (names_one) {
      out->add_option("place", options_.place.place, "Its name, or its id or how that begins")
          ->required();
    }
    return out;
  }
  void add_channels() {
    auto& wish = options_.place;
    auto* channel = app_.add_subcommand("channel", "Channels: groups with rules and a directory");
    channel->require_subcommand(1);
    const auto add_one = [&](const char* name, const char* help, PlaceAction action) {
      return add_place_action(*channel, name, help, action);
    };
    auto* list =
        add_place_action(*channel, "list", "The directory", PlaceAction::list_channels, false);
    list->add_option("--search", wish.search, "Part of a name");
    list->add_option("--space", wish.space, "In this space alone");
    auto* create =
        add_place_action(*channel, "create", "Make a channel", PlaceAction::create_channel, false);
    create->add_option("name", options_.name, "What it is called")->required();
    create->add_option("users", options_.users, "Names of people to bring in");
    create->add_flag("--public", wish.open, "Whoever is in the organisation may join; for good");
    create->add_flag("--announcements", wish.announcements, "Only who manages it may post");
    create->add_flag("--default", wish.is_default, "Newcomers join by themselves");
    create->add_option("--space", wish.space, "In this space");
    auto* describe = add_one("describe", "Set topic and description, which the members alone see",
                             PlaceAction::describe);
    for (auto* command : {create, describe}) {
      command->add_option("--topic", wish.topic, "The topic");
      command->add_option("--description", wish.description, "The description");
    }
    add_one("show", "All about a channel", PlaceAction::show_channel);
    add_one("join", "Come into a public channel", PlaceAction::join_channel);
    add_one("leave", "Leave with all devices of this account", PlaceAction::leave);
    add_one("invite", "Bring people in", PlaceAction::invite)
        ->add_option("users", options_.users, "Their names")
        ->required();
    for (auto* command : {add_one("kick", "Take somebody out", PlaceAction::kick),
                          add_one("ban", "Take somebody out for good", PlaceAction::ban),
                          add_one("unban", "Let somebody in again", PlaceAction::unban)}) {
      add_user(*command);
    }
    add_one("rename", "Call it something else", PlaceAction::rename_channel)
        ->add_option("name", options_.name, "The new name")
        ->required();
    add_one("posting", "Who may post", PlaceAction::post_rule)
        ->add_option("rule", wish.rule, "everyone or announcements")
        ->required()
        ->check(CLI::IsMember({"everyone", "announcements"}));
    add_one("default", "Whether newcomers join by themselves", PlaceAction::default_rule)
        ->add_option("rule", wish.rule, "on or off")
        ->required()
        ->check(CLI::IsMember({"on", "off"}));
    add_one("archive", "Nothing more can be sent", PlaceAction::archive_channel);
    add_one("restore", "Open an archived channel again", PlaceAction::restore_channel);
    add_one("delete", "Everybody is out, for good", PlaceAction::delete_channel);
    add_role(*add_one("role", "Give somebody a role in it", PlaceAction::channel_role));
    auto* exception = add_one("override", "What a role may do here other than everywhere",
                              PlaceAction::override_rule);
    exception->add_option("role", wish.rule, "guest, member or space_admin")->required();
    exception->add_option("--allow", wish.allow, "Of post,react,invite,manage,moderate");
    exception->add_option("--deny", wish.deny, "Likewise");
  }
  void add_import() {
    auto& wish = options_.import;
    auto* import = app_.add_subcommand("import", "Bring in what was written in another system");
    import->require_subcommand(1);
    auto* slack = import->add_subcommand(
        "slack", "The channels of a Slack export; can be run again when it broke off");
    slack->callback([this] { options_.command = Command::import; });
    slack->add_option("export", wish.path, "The zip file, or the folder it was unpacked to")
        ->type_name("FILE")
        ->required();
    slack->add_option("--only", wish.only, "This channel; may be given several times");
    slack->add_option("--space", wish.space, "Make the channels in this space");
    slack->add_flag("--bring-in", wish.bring_in,
                    "Bring members into their channels who have an account of the same name here");
    slack->add_option("--invitations", wish.invitations,
                      "Write invitations for all others to this new CSV file");
    slack->add_flag("--dry-run", wish.dry_run, "Only say what would be imported");
    add_scanner(*slack);
  }
  void add_role(CLI::App& command) {
    add_user(command);
    command.add_option("role", options_.place.rule, "none, guest, member or space_admin")
        ->required();
  }
  void add_spaces() {
    auto& wish = options_.place;
    auto* space = app_.add_subcommand("space", "Spaces, in which channels stand");
    space->require_subcommand(1);
    add_place_action(*space, "list", "The spaces", PlaceAction::list_spaces, false);
    auto* create =
        add_place_action(*space, "create", "Make a space", PlaceAction::create_space, false);
    create->add_option("name", options_.name, "What it is called")->required();
    create->add_option("--parent", wish.space, "In this space");
    create->add_flag("--hidden", wish.hidden, "Listed only for who has a role in it");
    add_place_action(*space, "rename", "Call it something else", PlaceAction::rename_space)
        ->add_option("name", options_.name, "The new name")
        ->required();
    add_place_action(*space, "archive", "No new channels in it", PlaceAction::archive_space);
    add_place_action(*space, "restore", "Open it again", PlaceAction::restore_space);
    add_place_action(*space, "delete", "When nothing is in it", PlaceAction::delete_space);
    add_role(*add_place_action(*space, "role", "Give somebody a role in it and all below",
                               PlaceAction::space_role));
    auto* policy = app_.add_subcommand("policy", "What the organisation decides about chats");
    policy->callback([this] {
      const auto& given = options_.place;
      const bool set = given.edit_window >= 0 || !given.receipts.empty();
      options_.command = Command::place;
      options_.place.action = set ? PlaceAction::set_policy : PlaceAction::show_policy;
    });
    policy
        ->add_option("--edit-window", wish.edit_window, "Seconds in which a message may be edited")
        ->check(CLI::Range(0, 31'536'000));
    policy->add_option("--receipts", wish.receipts, "on or off")
        ->check(CLI::IsMember({"on", "off"}));
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
    listen->add_flag("--once", options_.once, "End when no more are waiting")->excludes("--count");
    auto* chat = add(app_, "chat", "Talk with somebody in the terminal", Command::chat);
    add_user(*chat);
    for (auto* command : {listen, chat}) {
      command->add_flag("--hidden", options_.hidden, "Look offline to the others")
          ->envname("UNHIDRA_HIDDEN");
    }
    add(app_, "presence", "Who is online", Command::presence)
        ->add_option("users", options_.users,
                     "Names (default: everybody in the conversations of this device)");
    auto* history =
        add(app_, "history", "Show a conversation from this device's store", Command::history);
    add_place(*history);
    history->add_option("--limit", options_.limit, "The newest so many (default: 50; 0: all)");
    history->add_flag("--earlier", options_.earlier,
                      "Of a group that shares it, fetch what was written before this device came");
    auto* all = add(app_, "export", "All conversations of this device's store as one JSON document",
                    Command::export_all);
    all->add_option("--output", options_.output_file, "Write to this file, for its owner alone")
        ->type_name("FILE");
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
  if (options.command == Command::completion) {
    out.text = completion_script(options.shell, app);
    return out;
  }
  out.options = std::move(options);
  return out;
}

}  // namespace unhidra::cli
