#include "describe.h"

#include "describe_places.h"

namespace unhidra::core {

namespace {

Json& member(Json& out, std::string_view name, std::string_view text) {
  return out.name(name).text(text);
}
template <class Tag>
Json& member(Json& out, std::string_view name, const Id<Tag>& id) {
  return out.name(name).text(id.to_string());
}
Json& number(Json& out, std::string_view name, std::uint64_t value) {
  return out.name(name).number(value);
}
Json& flag(Json& out, std::string_view name, bool value) {
  return out.name(name).boolean(value);
}
Json& time(Json& out, std::string_view name, Timestamp value) {
  out.name(name);
  return value == Timestamp() ? out.null() : out.time(to_unix_micros(value));
}
template <class T>
void part(Json& out, std::string_view name, const T& value) {
  out.name(name);
  describe(out, value);
}
template <class Tag>
void ids(Json& out, std::string_view name, const std::vector<Id<Tag>>& list) {
  out.name(name).begin_list();
  for (const auto& id : list) {
    out.text(id.to_string());
  }
  out.end_list();
}

void ref(Json& out, std::string_view name, const std::optional<client::MessageRef>& value) {
  if (value) {
    member(out, name, value->id.to_string() + "/" + value->sender_device.to_string());
  }
}

void describe_presence(Json& out, const client::UserPresence& presence) {
  member(out, "user", presence.user);
  member(out, "state", client::to_string(presence.state));
  time(out, "since", presence.since);
}

void describe_thread(Json& out, const client::ThreadSummary& thread) {
  out.name("thread").begin_object();
  number(out, "replies", thread.replies);
  number(out, "unread", thread.unread);
  number(out, "mentions", thread.mentions);
  time(out, "lastReplyAt", thread.last_reply_at);
  ids(out, "participants", thread.participants);
  flag(out, "following", thread.following);
  out.end_object();
}

void describe_size(Json& out, std::string_view name, const std::optional<client::ImageSize>& size) {
  if (size) {
    out.name(name).begin_object();
    number(out, "width", size->width);
    number(out, "height", size->height);
    out.end_object();
  }
}

// Never the description: it holds the key.
void describe_attachment(Json& out, const client::Attachment& file) {
  out.begin_object();
  member(out, "fileId", uuid_to_string(file.file_id));
  member(out, "name", file.name);
  member(out, "mediaType", file.media_type);
  number(out, "size", file.size);
  describe_size(out, "dimensions", file.dimensions);
  describe_size(out, "thumbnail", file.thumbnail);
  member(out, "scan", client::to_string(file.scan));
  if (file.scan != client::ScanState::none) {
    member(out, "scanner", file.scanner);
    time(out, "scannedAt", file.scanned_at);
  }
  out.end_object();
}

void describe_imported(Json& out, const client::Imported& imported) {
  out.name("imported").begin_object();
  member(out, "system", imported.system);
  member(out, "author", imported.author);
  time(out, "writtenAt", imported.written_at);
  out.name("reactions").begin_list();
  for (const auto& one : imported.reactions) {
    out.begin_object();
    member(out, "emoji", one.emoji);
    out.name("names").begin_list();
    for (const auto& name : one.names) {
      out.text(name);
    }
    out.end_list();
    out.end_object();
  }
  out.end_list();
  out.end_object();
}

void describe_notice(Json& out, const client::Notice& notice) {
  out.name("notice").begin_object();
  member(out, "kind", client::to_string(notice.kind));
  ids(out, "users", notice.users);
  number(out, "others", notice.others);
  member(out, "name", notice.name);
  out.end_object();
}

void describe_emoji(Json& out, const client::Message& message) {
  if (message.brings_emoji) {
    member(out, "bringsEmoji", *message.brings_emoji);
  }
  if (!message.emoji.empty()) {
    out.name("emoji").begin_list();
    for (const auto& one : message.emoji) {
      out.begin_object();
      member(out, "name", one.name);
      out.name("picture");
      describe_attachment(out, one.picture);
      out.end_object();
    }
    out.end_list();
  }
}

// What belongs to a message and what was done to it since.
void describe_chat(Json& out, const client::Message& message) {
  ref(out, "ref", message.ref());
  ref(out, "threadRoot", message.thread_root);
  ref(out, "replyTo", message.reply_to);
  ids(out, "mentions", message.mentions);
  flag(out, "mentionsEveryone", message.mentions_everyone);
  if (!message.attachments.empty()) {
    out.name("attachments").begin_list();
    for (const auto& one : message.attachments) {
      describe_attachment(out, one);
    }
    out.end_list();
  }
  if (message.imported) {
    describe_imported(out, *message.imported);
  }
  if (message.notice) {
    describe_notice(out, *message.notice);
  }
  number(out, "edits", message.edits);
  time(out, "editedAt", message.edited_at);
  flag(out, "deleted", message.deleted);
  if (!message.deleted_by.is_nil()) {
    member(out, "deletedBy", message.deleted_by);
  }
  flag(out, "fromHistory", message.from_history);
  out.name("reactions").begin_list();
  for (const auto& one : message.reactions) {
    out.begin_object();
    member(out, "emoji", one.emoji);
    ids(out, "users", one.users);
    if (one.picture) {
      out.name("picture");
      describe_attachment(out, *one.picture);
    }
    out.end_object();
  }
  out.end_list();
  describe_emoji(out, message);
  if (message.thread) {
    describe_thread(out, *message.thread);
  }
  number(out, "deliveredTo", message.delivered_to);
  number(out, "readBy", message.read_by);
  number(out, "receiptsOf", message.receipts_of);
}

}  // namespace

void describe(Json& out, const client::Account& account) {
  out.begin_object();
  member(out, "user", account.user);
  member(out, "device", account.device);
  member(out, "username", account.username);
  member(out, "membership", client::to_string(account.membership));
  flag(out, "hasAccountKey", account.has_account_key);
  member(out, "fingerprint", account.fingerprint);
  number(out, "listVersion", account.list_version);
  number(out, "inboxCursor", account.inbox_cursor);
  number(out, "outboxSize", account.outbox_size);
  out.end_object();
}

void describe(Json& out, const client::Device& device) {
  out.begin_object();
  member(out, "id", device.id);
  member(out, "name", device.name);
  member(out, "fingerprint", device.fingerprint);
  flag(out, "thisDevice", device.this_device);
  flag(out, "pending", device.pending);
  out.end_object();
}

void describe(Json& out, const client::Conversation& conversation) {
  out.begin_object();
  member(out, "id", conversation.id);
  member(out, "peer", conversation.peer);
  number(out, "messageCount", conversation.message_count);
  number(out, "headSeq", conversation.head_seq);
  time(out, "lastActivity", conversation.last_activity);
  const bool group = conversation.kind == client::ConversationKind::group;
  member(out, "kind", group ? "group" : "pair");
  if (group) {
    member(out, "name", conversation.name);
    member(out, "state", client::to_string(conversation.state));
    member(out, "topic", conversation.topic);
    member(out, "description", conversation.description);
  }
  number(out, "unread", conversation.unread);
  number(out, "mentions", conversation.mentions);
  number(out, "unreadThreads", conversation.unread_threads);
  number(out, "readSeq", conversation.read_seq);
  out.end_object();
}

void describe(Json& out, const client::ConversationChanges& changes) {
  out.begin_object();
  number(out, "revision", changes.revision);
  part(out, "conversations", changes.conversations);
  out.end_object();
}

void describe(Json& out, const client::User& user) {
  out.begin_object();
  member(out, "id", user.id);
  member(out, "username", user.username);
  member(out, "displayName", user.display_name);
  member(out, "trust", client::to_string(user.trust));
  flag(out, "wasVerified", user.was_verified);
  out.end_object();
}

void describe(Json& out, const client::Message& message) {
  out.begin_object();
  member(out, "conversation", message.conversation);
  number(out, "index", message.index);
  member(out, "id", message.id);
  member(out, "senderUser", message.sender_user);
  member(out, "senderDevice", message.sender_device);
  time(out, "sentAt", message.sent_at);
  time(out, "receivedAt", message.received_at);
  number(out, "seq", message.seq);
  member(out, "state", client::to_string(message.state));
  member(out, "text", message.text);
  number(out, "unreadBy", message.unread_by);
  if (message.state == client::MessageState::unreadable) {
    member(out, "reason", client::to_string(message.reason));
    member(out, "explanation", client::explain(message.reason));
  }
  if (!message.failure.empty()) {
    member(out, "failure", message.failure);
  }
  describe_chat(out, message);
  out.end_object();
}

void describe(Json& out, const client::MessageText& one) {
  out.begin_object();
  member(out, "text", one.text);
  time(out, "since", one.since);
  out.end_object();
}

void describe(Json& out, const client::SafetyNumber& number) {
  out.begin_object();
  member(out, "digits", number.digits);
  member(out, "qrText", number.qr_text);
  member(out, "trust", client::to_string(number.trust));
  out.end_object();
}

void describe(Json& out, const client::GroupMember& one) {
  out.begin_object();
  member(out, "user", one.user);
  ids(out, "devices", one.devices);
  flag(out, "unsignedDevice", one.unsigned_device);
  out.end_object();
}

void describe(Json& out, const client::Group& group) {
  out.begin_object();
  member(out, "id", group.id);
  member(out, "name", group.name);
  member(out, "topic", group.topic);
  member(out, "description", group.description);
  flag(out, "open", group.open);
  flag(out, "sharesHistory", group.shares_history);
  member(out, "historyChangedBy", group.history_changed_by);
  time(out, "historyChangedAt", group.history_changed_at);
  flag(out, "hasEarlier", group.has_earlier);
  member(out, "state", client::to_string(group.state));
  number(out, "epoch", group.epoch);
  member(out, "epochCode", group.epoch_code);
  part(out, "members", group.members);
  out.end_object();
}

void describe(Json& out, const client::Thread& thread) {
  out.begin_object();
  member(out, "conversation", thread.conversation);
  part(out, "root", thread.root);
  out.end_object();
}

void describe(Json& out, const client::ConversationEmoji& emoji) {
  out.begin_object();
  member(out, "name", emoji.emoji.name);
  out.name("picture");
  describe_attachment(out, emoji.emoji.picture);
  member(out, "broughtBy", emoji.brought_by);
  ref(out, "broughtIn", emoji.brought_in);
  out.end_object();
}

void describe(Json& out, const client::AutoFollow& rule) {
  out.begin_object();
  flag(out, "onReply", rule.on_reply);
  flag(out, "onMention", rule.on_mention);
  out.end_object();
}

void describe(Json& out, const client::ReceiptState& receipt) {
  out.begin_object();
  member(out, "user", receipt.user);
  number(out, "deliveredSeq", receipt.delivered_seq);
  number(out, "readSeq", receipt.read_seq);
  out.end_object();
}

void describe(Json& out, const client::ReceiptCount& count) {
  out.begin_object();
  number(out, "seq", count.seq);
  number(out, "delivered", count.delivered);
  number(out, "read", count.read);
  number(out, "people", count.people);
  out.end_object();
}

void describe(Json& out, const client::UserPresence& presence) {
  out.begin_object();
  describe_presence(out, presence);
  out.end_object();
}

void describe(Json& out, UserId user) {
  out.text(user.to_string());
}

void describe(Json& out, const client::HistoryTransfer& transfer) {
  out.begin_object();
  member(out, "device", transfer.device);
  flag(out, "receiving", transfer.receiving);
  member(out, "state", client::to_string(transfer.state));
  member(out, "code", transfer.code);
  number(out, "messages", transfer.messages);
  out.end_object();
}

void describe(Json& out, const Error& error) {
  out.begin_object();
  member(out, "code", error.code().name);
  member(out, "kind", to_string(error.kind()));
  member(out, "message", error.message());
  out.end_object();
}

namespace {

namespace event = client::event;

// The members of one event; every kind of event has its own, so that a new one does not go
// unnoticed.
struct Describe {
  Json& out;

  void type(std::string_view name) const { member(out, "type", name); }
  void with_device(std::string_view name, DeviceId device) const {
    type(name);
    member(out, "device", device);
  }
  void with_message(std::string_view name, const client::Message& message) const {
    type(name);
    part(out, "message", message);
  }
  void with_user(std::string_view name, const client::User& user) const {
    type(name);
    part(out, "user", user);
  }

  void operator()(const event::Connected&) const { type("connected"); }
  void operator()(const event::Disconnected&) const { type("disconnected"); }
  void operator()(const event::CaughtUp&) const { type("caughtUp"); }
  void operator()(const event::ServerClosing& what) const {
    type("serverClosing");
    member(out, "code", what.code);
    number(out, "reconnectAfterMs", what.reconnect_after_ms);
  }
  void operator()(const event::TokenExpires& what) const {
    type("tokenExpires");
    time(out, "at", what.at);
  }
  void operator()(const event::RequestFailed& what) const {
    type("requestFailed");
    member(out, "what", what.what);
    member(out, "code", what.code);
    member(out, "message", what.message);
  }
  void operator()(const event::AccountCreated&) const { type("accountCreated"); }
  void operator()(const event::MembershipChanged& what) const {
    type("membershipChanged");
    member(out, "membership", client::to_string(what.membership));
  }
  void operator()(const event::DevicePending& what) const {
    type("devicePending");
    part(out, "device", what.device);
  }
  void operator()(const event::DeviceApproved& what) const {
    with_device("deviceApproved", what.device);
  }
  void operator()(const event::DeviceRemoved& what) const {
    with_device("deviceRemoved", what.device);
  }
  void operator()(const event::AccountKeyReceived&) const { type("accountKeyReceived"); }
  void operator()(const event::UserFound& what) const { with_user("userFound", what.user); }
  void operator()(const event::MessageDiscarded& what) const {
    type("messageDiscarded");
    member(out, "conversation", what.conversation);
    ref(out, "message", what.message);
  }
  void operator()(const event::UserChanged& what) const { with_user("userChanged", what.user); }
  void operator()(const event::UserNotFound& what) const {
    type("userNotFound");
    member(out, "username", what.username);
  }
  void operator()(const event::ConversationOpened& what) const {
    type("conversationOpened");
    part(out, "conversation", what.conversation);
  }
  void operator()(const event::MessageReceived& what) const {
    with_message("messageReceived", what.message);
  }
  void operator()(const event::MessageStateChanged& what) const {
    with_message("messageStateChanged", what.message);
  }
  void operator()(const event::MessageUnreadable& what) const {
    with_message("messageUnreadable", what.message);
  }
  void operator()(const event::PeerCouldNotRead& what) const {
    with_device("peerCouldNotRead", what.device);
    member(out, "user", what.user);
    ids(out, "messages", what.messages);
  }
  void operator()(const event::IdentityChanged& what) const {
    with_user("identityChanged", what.user);
  }
  void operator()(const event::DeviceListRefused& what) const {
    type("deviceListRefused");
    member(out, "user", what.user);
    member(out, "why", event::to_string(what.why));
  }
  void operator()(const event::GhostDevice& what) const {
    with_device("ghostDevice", what.device);
    member(out, "user", what.user);
  }
  void operator()(const event::BundleRefused& what) const {
    with_device("bundleRefused", what.device);
    member(out, "user", what.user);
    member(out, "reason", what.reason);
  }
  void operator()(const event::OwnKeysReplaced&) const { type("ownKeysReplaced"); }
  void operator()(const event::StateRolledBack&) const { type("stateRolledBack"); }
  void operator()(const event::MessagesMissing& what) const {
    type("messagesMissing");
    member(out, "conversation", what.conversation);
    ids(out, "messages", what.messages);
  }
  void with_group(std::string_view name, ConversationId group) const {
    type(name);
    member(out, "conversation", group);
  }
  void operator()(const event::GroupJoined& what) const {
    with_group("groupJoined", what.conversation);
    member(out, "name", what.name);
  }
  void operator()(const event::GroupChanged& what) const {
    with_group("groupChanged", what.conversation);
    member(out, "by", what.by);
    ids(out, "added", what.added);
    ids(out, "removed", what.removed);
    if (what.name) {
      member(out, "name", *what.name);
    }
  }
  void operator()(const event::GroupLeft& what) const {
    with_group("groupLeft", what.conversation);
    member(out, "state", client::to_string(what.state));
  }
  void operator()(const event::GroupChangeDone& what) const {
    with_group("groupChangeDone", what.conversation);
    number(out, "change", what.change);
    member(out, "failure", what.failure);
    ids(out, "leftOut", what.left_out);
  }
  void operator()(const event::GroupRepaired& what) const {
    with_group("groupRepaired", what.conversation);
  }
  void operator()(const event::HistoryTransferChanged& what) const {
    type("historyTransferChanged");
    part(out, "transfer", what.transfer);
    member(out, "failure", what.failure);
  }
  void operator()(const event::HistoryReceived& what) const {
    type("historyReceived");
    member(out, "conversation", what.conversation);
    number(out, "messages", what.messages);
  }
  void operator()(const event::Noticed& what) const { with_message("noticed", what.message); }
  void operator()(const event::SharedHistoryChanged& what) const {
    with_group("sharedHistoryChanged", what.conversation);
    member(out, "by", what.by);
    flag(out, "shared", what.shared);
  }
  void operator()(const event::EarlierMessages& what) const {
    with_group("earlierMessages", what.conversation);
    number(out, "messages", what.messages);
    flag(out, "more", what.more);
  }
  void operator()(const event::GroupReset& what) const {
    with_group("groupReset", what.conversation);
    member(out, "by", what.by);
  }
  void operator()(const event::BadCommit& what) const {
    with_group("badCommit", what.conversation);
    member(out, "user", what.user);
    member(out, "device", what.device);
    member(out, "evidence", client::to_string(what.evidence));
    member(out, "reporter", what.reporter);
  }
  void operator()(const event::GroupForked& what) const {
    with_group("groupForked", what.conversation);
    member(out, "user", what.with);
  }
  void operator()(const event::MessageChanged& what) const {
    with_message("messageChanged", what.message);
  }
  void operator()(const event::ActionDone& what) const {
    with_group("actionDone", what.conversation);
    member(out, "action", what.action);
    member(out, "target", what.target);
    member(out, "failure", what.failure);
  }
  void operator()(const event::UnreadChanged& what) const {
    with_group("unreadChanged", what.conversation);
    number(out, "unread", what.unread);
    number(out, "mentions", what.mentions);
    number(out, "unreadThreads", what.unread_threads);
  }
  void operator()(const event::ReceiptsChanged& what) const {
    with_group("receiptsChanged", what.conversation);
    part(out, "receipt", what.receipt);
  }
  void operator()(const event::ReceiptCountsChanged& what) const {
    with_group("receiptCountsChanged", what.conversation);
    part(out, "counts", what.counts);
  }
  void operator()(const event::PolicyChanged& what) const {
    type("policyChanged");
    describe_policy(out, what.policy);
  }
  void operator()(const event::EmojiChanged& what) const {
    with_group("emojiChanged", what.conversation);
  }
  void operator()(const event::OwnReceiptsChanged& what) const {
    type("ownReceiptsChanged");
    out.name("sent").boolean(what.sent);
  }
  void operator()(const event::AutoFollowChanged& what) const {
    type("autoFollowChanged");
    member(out, "conversation",
           what.conversation.is_nil() ? std::string() : what.conversation.to_string());
  }
  void operator()(const event::TypingChanged& what) const {
    with_group("typingChanged", what.conversation);
    ids(out, "users", what.users);
  }
  void operator()(const event::PresenceChanged& what) const {
    type("presenceChanged");
    describe_presence(out, what.presence);
  }
  void operator()(const event::ChannelCreated& what) const {
    with_group("channelCreated", what.conversation);
    member(out, "failure", what.failure);
  }
  void operator()(const event::ChannelChanged& what) const {
    with_group("channelChanged", what.conversation);
  }
  void operator()(const event::PlaceAnswer& what) const {
    type("placeAnswer");
    number(out, "request", what.number);
    member(out, "failure", what.failure);
    member(out, "message", what.message);
    number(out, "status", what.status);
    describe_place(out, what.body);
  }
};

}  // namespace

void describe(Json& out, const client::Event& event_in) {
  out.begin_object();
  std::visit(Describe{out}, event_in);
  out.end_object();
}

}  // namespace unhidra::core
