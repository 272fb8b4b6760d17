// Events as JSON and as what people are told of them.

#include "unhidra/base/text.h"

#include "json_text.h"
#include "output.h"

namespace unhidra::cli {

namespace json = boost::json;

namespace {

namespace event = client::event;

struct Show {
  Output& output;
  const Names& names;

  void operator()(const event::IdentityChanged& what) const {
    const auto name = names.of(what.user.id);
    auto object = typed("identity_changed");
    object["user"] = name;
    object["user_id"] = what.user.id.to_string();
    object["was_verified"] = what.user.was_verified;
    output.warning(object,
                   "The identity of " + name + " has changed" +
                       (what.user.was_verified ? ", and it was a verified one" : "") +
                       ". Nothing more is sent there. Compare the safety number (unhidra-cli "
                       "verify " +
                       name + ") and accept it with --accept.");
  }
  void operator()(const event::DeviceListRefused& what) const {
    auto object = typed("device_list_refused");
    object["user"] = names.of(what.user);
    object["reason"] = event::to_string(what.why);
    output.warning(object, "The server offered a device list of " + names.of(what.user) +
                               " that must not be believed (" +
                               std::string(event::to_string(what.why)) + "); the known one stays.");
  }
  void operator()(const event::GhostDevice& what) const {
    auto object = typed("ghost_device");
    object["user"] = names.of(what.user);
    object["device_id"] = what.device.to_string();
    output.warning(object, "The server wants messages for a device that " + names.of(what.user) +
                               " never signed (" + what.device.to_string() +
                               "). Nothing was encrypted for it.");
  }
  void operator()(const event::BundleRefused& what) const {
    auto object = typed("bundle_refused");
    object["user"] = names.of(what.user);
    object["device_id"] = what.device.to_string();
    object["reason"] = what.reason;
    output.warning(object, "The server offered wrong keys for a device of " + names.of(what.user) +
                               "; nothing is sent there.");
  }
  void operator()(const event::OwnKeysReplaced&) const {
    output.warning(typed("own_keys_replaced"),
                   "The server hands out other keys for this device than its own. They are "
                   "published again; if this repeats, do not trust the server.");
  }
  void operator()(const event::StateRolledBack&) const {
    output.warning(typed("state_rolled_back"),
                   "This profile is an old copy: later messages of this device exist. All "
                   "sessions start anew; messages since then may be missing here.");
  }
  void operator()(const event::MessagesMissing& what) const {
    auto object = typed("messages_missing");
    object["conversation_id"] = what.conversation.to_string();
    object["count"] = what.messages.size();
    output.warning(object, "The server has not delivered " + std::to_string(what.messages.size()) +
                               " message(s) of a conversation.");
  }
  void operator()(const event::HistoryTransferChanged& what) const {
    const auto& transfer = what.transfer;
    if (!transfer.receiving && transfer.state == client::HistoryState::comparing) {
      auto object = typed("history_requested");
      object["device_id"] = transfer.device.to_string();
      output.warning(object, "Another device of this account (" + transfer.device.to_string() +
                                 ") asks for the old messages. If that is you: unhidra-cli devices "
                                 "history send");
    }
  }
  void operator()(const event::GroupReset& what) const {
    auto object = typed("group_reset");
    object["group_id"] = what.conversation.to_string();
    object["user"] = names.of(what.by);
    output.warning(object, names.of(what.by) + " has begun the group " +
                               printable(names.of(what.conversation)) +
                               " anew, with the same people and other keys.");
  }
  void operator()(const event::SharedHistoryChanged& what) const {
    auto object = typed("shared_history_changed");
    object["group_id"] = what.conversation.to_string();
    object["by"] = names.of(what.by);
    object["shared"] = what.shared;
    output.warning(object, names.of(what.by) +
                               (what.shared ? " lets whoever comes into "
                                            : " no longer lets who comes into ") +
                               printable(names.of(what.conversation)) +
                               (what.shared ? " read what is written from now on."
                                            : " read what was written before."));
  }
  void operator()(const event::BadCommit& what) const {
    auto object = typed("bad_commit");
    object["group_id"] = what.conversation.to_string();
    object["user"] = names.of(what.user);
    object["device_id"] = what.device.to_string();
    object["evidence"] = client::to_string(what.evidence);
    object["reporter"] = names.of(what.reporter);
    const auto user = printable(names.of(what.user));
    const auto reporter = printable(names.of(what.reporter));
    const auto change = " made a change of " + printable(names.of(what.conversation)) +
                        " that shuts out a device of ";
    const auto accused = reporter + " says that a device of " + user + change + reporter + ". ";
    switch (what.evidence) {
      case client::CommitEvidence::seen:
        output.warning(object, "A device of " + user + change +
                                   "yours. It comes in again by itself; who does this again "
                                   "should be taken out of the group.");
        break;
      case client::CommitEvidence::proven:
        output.warning(object, accused +
                                   "That is proven: whose device breaks the rules should be "
                                   "taken out of the group.");
        break;
      case client::CommitEvidence::claimed:
        output.warning(object, accused + "It cannot be verified here.");
        break;
      case client::CommitEvidence::refuted:
        output.warning(object, accused + "That is not true.");
        break;
    }
  }
  void operator()(const event::GroupForked& what) const {
    auto object = typed("group_forked");
    object["group_id"] = what.conversation.to_string();
    object["user"] = names.of(what.with);
    output.warning(object, "The server shows " + names.of(what.with) + " another group as " +
                               printable(names.of(what.conversation)) +
                               ". Compare the group's code: unhidra-cli group members " +
                               what.conversation.to_string());
  }
  void operator()(const event::GroupChanged& what) const {
    auto object = typed("group_changed");
    object["group"] = names.of(what.conversation);
    object["group_id"] = what.conversation.to_string();
    object["by"] = what.by.is_nil() ? "" : names.of(what.by);
    const auto list = [&](const char* key, const std::vector<UserId>& users) {
      auto& array = object[key].emplace_array();
      for (const auto& user : users) {
        array.emplace_back(names.of(user));
      }
    };
    list("added", what.added);
    list("removed", what.removed);
    if (what.name) {
      object["name"] = *what.name;
    }
    output.object(object);  // for people there is a line in the timeline
  }
  void operator()(const event::GroupLeft& what) const {
    auto object = typed("group_left");
    object["group"] = names.of(what.conversation);
    object["group_id"] = what.conversation.to_string();
    object["state"] = client::to_string(what.state);
    output.object(object);
    output.remark("This device is no longer in " + printable(names.of(what.conversation)) + " (" +
                  std::string(client::to_string(what.state)) + ").");
  }
  void operator()(const event::PeerCouldNotRead& what) const {
    auto object = typed("peer_could_not_read");
    object["user"] = names.of(what.user);
    object["count"] = what.messages.size();
    output.warning(object, "A device of " + names.of(what.user) + " could not read " +
                               std::to_string(what.messages.size()) +
                               " message(s); send them again if they matter.");
  }
  void operator()(const event::DevicePending& what) const {
    auto object = typed("device_pending");
    object["device_id"] = what.device.id.to_string();
    object["name"] = what.device.name;
    object["fingerprint"] = what.device.fingerprint;
    output.object(object);
    output.remark("A device waits for approval: " + printable(what.device.name) + " (" +
                  what.device.id.to_string() + "), fingerprint " + what.device.fingerprint +
                  ". If it is yours: unhidra-cli devices approve " + what.device.id.to_string());
  }
  void operator()(const event::RequestFailed& what) const {
    output.remark("The server refused (" + what.what + "): " + printable(what.message) + " (" +
                  printable(what.code) + ")");
  }
  template <class Other>
  void operator()(const Other&) const {}
};

}  // namespace

void show_event(Output& output, const client::Event& event_in, const Names& names) {
  std::visit(Show{output, names}, event_in);
}

}  // namespace unhidra::cli
