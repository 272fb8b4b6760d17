// What the commands about groups, channels, spaces and imports take.

#include "option_builder.h"

namespace unhidra::cli {

CLI::App* OptionBuilder::add_group_command(CLI::App& groups, const char* name, const char* help,
                                           Command command) {
  auto* out = groups.add_subcommand(name, help);
  out->callback([this, command] { options_.command = command; });
  if (command != Command::group_create && command != Command::group_list) {
    out->add_option("group", options_.group, "The group's name, or its id or how that begins")
        ->required();
  }
  return out;
}

void OptionBuilder::add_groups() {
  auto* groups = app_.add_subcommand("group", "Make and change groups");
  groups->require_subcommand(1);
  add_group_command(*groups, "list", "The groups of this device", Command::group_list);
  auto* create =
      add_group_command(*groups, "create", "Make a group with these people", Command::group_create);
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
  add_group_command(*groups, "history", "Whether who comes in may read what is written from now on",
                    Command::group_history)
      ->add_option("rule", options_.name, "on or off")
      ->required()
      ->check(CLI::IsMember({"on", "off"}));
}

CLI::App* OptionBuilder::add_place_action(CLI::App& parent, const char* name, const char* help,
                                          PlaceAction action, bool names_one) {
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

void OptionBuilder::add_channels() {
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

void OptionBuilder::add_role(CLI::App& command) {
  add_user(command);
  command.add_option("role", options_.place.rule, "none, guest, member or space_admin")->required();
}

void OptionBuilder::add_spaces() {
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
    const bool set = given.edit_window >= 0 || !given.receipts.empty() || !given.directory.empty();
    options_.command = Command::place;
    options_.place.action = set ? PlaceAction::set_policy : PlaceAction::show_policy;
  });
  policy->add_option("--edit-window", wish.edit_window, "Seconds in which a message may be edited")
      ->check(CLI::Range(0, 31'536'000));
  policy->add_option("--receipts", wish.receipts, "on or off")->check(CLI::IsMember({"on", "off"}));
  policy
      ->add_option("--directory", wish.directory,
                   "on, or off: people list those alone with whom they share a conversation")
      ->check(CLI::IsMember({"on", "off"}));
}

void OptionBuilder::add_import() {
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

}  // namespace unhidra::cli
