// What the commands about messages and files take.

#include "option_builder.h"

namespace unhidra::cli {

void OptionBuilder::add_user(CLI::App& command) {
  command.add_option("user", options_.user, "Name of the other person")->required();
}

void OptionBuilder::add_place(CLI::App& command) {
  command.add_option("user", options_.user, "Name of the other person, or #name of a group")
      ->required();
}

void OptionBuilder::add_messages() {
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
  auto* chat =
      add(app_, "chat", "Talk with somebody, or in a group, in the terminal", Command::chat);
  add_place(*chat);
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

CLI::App* OptionBuilder::add_action(const char* name, const char* help, MessageAction action) {
  auto* out = app_.add_subcommand(name, help);
  out->callback([this, action] {
    options_.command = Command::message;
    options_.message.action = action;
  });
  return out;
}

CLI::App* OptionBuilder::add_message_action(const char* name, const char* help,
                                            MessageAction action) {
  auto* out = add_action(name, help, action);
  add_place(*out);
  out->add_option("message", options_.message.message,
                  "Its id or how that begins or ends, last, or mine for the newest own one")
      ->required();
  return out;
}

void OptionBuilder::add_message_actions() {
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
  add_message_action("delete", "Delete an own message, or any in a channel that you moderate",
                     MessageAction::remove);
  add_message_action("discard", "Take a message that was given up out of the history",
                     MessageAction::discard);
  add_message_action("edits", "What a message said before, as this device has seen it",
                     MessageAction::edits);
  add_versions();
  add_message_action("thread", "Show a message and its thread", MessageAction::thread);
  auto* threads = add_action("threads", "List threads", MessageAction::threads);
  threads->add_option("user", options_.user, "Of one person or #group alone");
  auto* follow =
      add_message_action("follow", "Follow the thread of a message", MessageAction::follow);
  follow->add_flag("--stop", wish.take_back, "Do not follow it any more");
  add_auto_follow();
  add_emoji();
  add_place(*add_action("read", "Mark everything there as read", MessageAction::read));
  add_message_action("readers", "Who has read a message; in large groups, how many",
                     MessageAction::readers);
  auto* search = add_action("search", "Search this device's store", MessageAction::search);
  search->add_option("words", wish.words, "Parts of words; all must be there");
  search->add_flag("--has-file", wish.has_file, "Only messages with a file");
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

void OptionBuilder::add_versions() {
  auto& wish = options_.message;
  auto* versions =
      add_action("versions", "Every state of a message as it was sent, encrypted (compliance)",
                 MessageAction::versions);
  versions->add_option("conversation", options_.group, "The conversation's id")->required();
  versions->add_option("message", wish.message, "The message's id")->required();
  versions->add_option("device", options_.device, "The id of the device that sent it")->required();
}

void OptionBuilder::add_emoji() {
  auto& wish = options_.message;
  auto* emoji =
      add_action("emoji", "The emoji with pictures of a conversation: list them, bring one",
                 MessageAction::emoji);
  add_place(*emoji);
  auto* bring = emoji->add_option("--add", wish.picture,
                                  "Bring a picture as a new one: PNG or JPEG, scaled to 128 "
                                  "pixels; GIF or WebP as it is, of at most 64 KiB and 256 pixels");
  bring->type_name("FILE");
  emoji->add_option("--name", wish.name, "How it is called (default: as its file)");
  emoji->add_option("--remove", wish.emoji, "Take an own one back, by its name")->excludes(bring);
}

void OptionBuilder::add_auto_follow() {
  auto& wish = options_.message;
  auto* rule = add_action("auto-follow", "Which threads are followed by themselves",
                          MessageAction::auto_follow);
  rule->add_option(
      "user", options_.user,
      "Of one person or #group alone (default: of all that have no rule of their own)");
  const auto add_switch = [&](const char* name, const char* help, std::optional<bool>& into) {
    return rule
        ->add_option_function<std::string>(
            name, [&into](const std::string& state) { into = state == "on"; }, help)
        ->check(CLI::IsMember({"on", "off"}));
  };
  auto* reply =
      add_switch("--reply", "Those that you write in, or under your messages", wish.on_reply);
  auto* mention = add_switch("--mention", "Those in which you are mentioned", wish.on_mention);
  rule->add_flag("--as-others", wish.inherit, "As the others: no rule of its own any more")
      ->excludes(reply)
      ->excludes(mention);
}

CLI::App* OptionBuilder::add_file_action(const char* name, const char* help, FileAction action) {
  auto* out = app_.add_subcommand(name, help);
  out->callback([this, action] {
    options_.command = Command::file;
    options_.file.action = action;
  });
  return out;
}

void OptionBuilder::add_scanner(CLI::App& command) {
  auto& wish = options_.file;
  command
      .add_option("--clamd", wish.clamd,
                  "ClamAV daemon that scans files first: a socket's path, or host:port (default: "
                  "this machine's)")
      ->envname("UNHIDRA_CLAMD");
  command.add_flag("--no-scan", wish.no_scan, "Do not scan them");
}

void OptionBuilder::add_patience(CLI::App& command) {
  command.add_option("--timeout", options_.timeout,
                     "Seconds to try again while the server takes no files (default: 120)");
}

void OptionBuilder::add_files() {
  auto& wish = options_.file;
  auto* send = add_file_action("send-file", "Encrypt files and send them", FileAction::send);
  add_place(*send);
  send->add_option("files", wish.paths, "Up to ten, in one message")->type_name("FILE")->required();
  send->add_option("--text", options_.text, "What to say with them");
  send->add_option("--media-type", wish.media_type, "As image/png (default: by the name)");
  add_scanner(*send);
  send->add_flag("--require-scan", wish.scan_required, "Send nothing that was not scanned");
  send->add_flag("--send-infected", wish.send_infected,
                 "Send them although something was found; receivers are told");
  add_patience(*send);
  add_patience(*add_file_action("resume-files", "Go on with what send-file could not finish",
                                FileAction::resume));
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
    save->add_flag("--preview", wish.preview, "Only the small copy of a picture");
    save->add_option("--output", options_.output_file,
                     "Where to (default: its name, in this folder)")
        ->type_name("FILE");
    add_patience(*save);
  }
}

}  // namespace unhidra::cli
