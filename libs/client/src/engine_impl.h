#pragma once
// The engine's inside: what must see several subjects at once, with the methods of a subject in one
// file (README.md lists them); engine.cpp has the step, doors.cpp the doors, answers.cpp what comes
// back. Subjects that stand on their own are classes of their own, and members of this one.
//
// Memory is the truth within a step; every change is also queued in the transaction, and a step
// that fails after a change loads everything anew.

#include "unhidra/client/engine.h"
#include "unhidra/crypto/provider.h"
#include "unhidra/wire/codec.h"
#include "unhidra/wire/content.h"

#include "chat_records.h"
#include "content_format.h"
#include "device_group_desk.h"
#include "emoji_set.h"
#include "environment.h"
#include "group_authority.h"
#include "group_records.h"
#include "history_records.h"
#include "link.h"
#include "prekeys.h"
#include "presence_desk.h"
#include "receipt_counts.h"
#include "records.h"
#include "requests.h"
#include "search_texts.h"
#include "shared_history_records.h"
#include "transaction.h"
#include "unread_list.h"

namespace unhidra::wire {
struct ServerFrame;
}

namespace unhidra::client {

// For people to compare: groups of five digits, at most eight of them (directory.cpp).
std::string digits(const ByteArray<64>& hash, std::size_t groups);

// Whether whoever belongs to the organisation may come in by himself (channels.cpp).
bool is_open_group(const mls::ExtensionList& extensions);

// The people in a group (group_log.cpp).
std::optional<UserId> user_at(const mls::RatchetTree& tree, mls::LeafIndex index);
std::set<UserId> users_of(const mls::RatchetTree& tree);
std::set<DeviceId> devices_of(const mls::RatchetTree& tree);

class Engine::Impl {
 public:
  Impl(Dependencies dependencies, const Limits& limits);

  Status load();
  // What an earlier version has stored otherwise.
  bool is_outdated() const { return !outdated_unread_.empty(); }
  Status renew_unread();
  // Runs one input: changes, what follows from them, one commit, then the release of actions.
  template <class F>
  auto step(F body) -> decltype(body()) {
    if (dead_) {
      return fail(Errc::store_failed, "the store failed; open the engine again");
    }
    auto result = body();
    if (!result) {
      undo();
      return result;
    }
    if (auto done = finish_step(); !done) {
      return fail(std::move(done).error());
    }
    return result;
  }

  // A step of a device: refused before there is one.
  template <class F>
  auto command(F body) -> decltype(body()) {
    if (auto enrolled = need_enrolled(); !enrolled) {
      return fail(std::move(enrolled).error());
    }
    return step(std::move(body));
  }

  // After it is looked anew when device groups have something to do.
  template <class F>
  auto change_device_groups(F body) -> decltype(body()) {
    groups_next_ = {};
    return command(std::move(body));
  }

  // ---- doors (engine.cpp) ----
  Status enroll(const Enrollment& enrollment);
  Status need_enrolled() const;
  Status connection_opened();
  Status connection_closed();
  void reset_link();
  Status receive(ByteView frame);
  Status tick();
  Actions take_actions();
  Status look_up_user(std::string_view username);
  Status learn_names(std::span<const UserId> users);
  Status refresh_user(UserId user);
  bool idle() const;
  Result<Account> account() const;
  Result<std::vector<Device>> devices() const;
  Result<ConversationChanges> conversations_since(std::uint64_t revision) const;
  Result<std::vector<Message>> history(ConversationId id, std::uint64_t before,
                                       std::size_t limit) const;
  Result<SafetyNumber> safety_number(UserId user) const;
  std::optional<User> find_user(UserId id) const;
  std::optional<User> find_user(std::string_view username) const;
  std::optional<Conversation> find_conversation(UserId peer) const;
  std::uint64_t generation() const { return progress_.generation; }
  Status roll_back_detected();

  // ---- commands of one subject ----
  Status want_conversation(UserId peer);
  Result<MessageId> send_text(UserId peer, std::string_view text);
  Status accept_identity(UserId user);
  Status set_verified(UserId user, bool verified);
  Status approve_device(DeviceId device);
  Status remove_device(DeviceId device);
  Result<SecretBytes> recovery_code() const;
  Status recover(std::string_view code);
  Status propose_itself();
  Status begin_anew();
  Status refresh_token(std::string_view token);
  Result<MessageId> send_text(ConversationId conversation, std::string_view text);
  Result<MessageId> send(ConversationId id, const Draft& draft, std::vector<Bytes> attachments);
  // Whether this device has sent a message under this id into the conversation already.
  Result<bool> was_sent(ConversationId id, MessageId message) const;
  Result<MessageId> send_files(ConversationId id, const Draft& draft,
                               std::vector<e2ee::AttachmentDescriptor>& files);
  Result<MessageId> edit(ConversationId id, const MessageRef& target, const Draft& draft);
  Result<MessageId> remove(ConversationId id, const MessageRef& target);
  Result<MessageId> moderate(ConversationId id, const MessageRef& target);
  Status discard(ConversationId id, const MessageRef& target);
  Result<std::vector<MessageText>> texts(ConversationId id, const MessageRef& ref) const;
  Result<MessageId> react(ConversationId id, const MessageRef& target, std::string_view emoji,
                          bool present, const std::optional<Uuid>& picture);
  Result<MessageId> bring_emoji(ConversationId id, std::string_view name,
                                e2ee::AttachmentDescriptor& picture);
  Result<std::vector<ConversationEmoji>> emoji(ConversationId id) const;
  Status mark_read(ConversationId id, std::uint64_t index);
  Status mark_thread_read(ConversationId id, const MessageRef& root);
  Status mark_all_read(std::optional<ConversationId> only);
  Status follow_thread(ConversationId id, const MessageRef& root, bool following);
  Status set_auto_follow(ConversationId id, std::optional<AutoFollow> rule);
  std::optional<AutoFollow> own_rule(ConversationId id) const;
  Status set_typing(ConversationId id, bool active);
  Status set_receipts(bool sent);
  void apply_receipt_wish(const wire::ReceiptWish& told);
  void take_receipt_wish(const wire::ReceiptWish& wish);
  std::optional<wire::ReceiptWish> take_unsynced_receipts();
  void tell_receipts_again();
  Status put_first(std::span<const ConversationId> shown);
  PresenceDesk& presence() { return presence_; }
  ReceiptCountDesk& receipt_counts() { return receipt_counts_; }
  bool sends_receipts() const { return progress_.receipts; }
  bool counts_receipts(ConversationId id) {
    return link_.policy_known && link_.policy.receipts &&
           people_in(id).value_or(0) > limits_.max_receipt_members;
  }
  bool receipts_reported() const {
    return reports_due_.empty() && link_.reported.empty() && !progress_.withdraw_receipts;
  }
  Result<std::optional<Message>> message(ConversationId conversation, const MessageRef& ref) const;
  Result<std::vector<Thread>> threads(std::optional<ConversationId> only, bool followed_only) const;
  Result<std::vector<Message>> thread_messages(ConversationId id, const MessageRef& root) const;
  Result<std::vector<ReceiptState>> receipts(ConversationId id);
  std::vector<UserId> typing(ConversationId id) const;
  Result<std::vector<Message>> search(const SearchQuery& query) const;
  Result<SearchText> search_text(ConversationId id, std::uint64_t index) const;
  Result<ConversationId> create_group(std::string_view name, std::span<const UserId> users,
                                      mls::ExtensionList extensions = {});
  Result<ConversationId> create_channel(const NewChannel& channel);
  Status adopt_public_name(ConversationId id, std::string_view name);
  Status describe_group(ConversationId id, std::string_view topic, std::string_view description);
  Result<std::uint64_t> ask_place(PlaceRequest request);
  Result<std::uint64_t> change_group(ConversationId id, GroupChange::Kind kind,
                                     std::span<const UserId> users);
  Status leave_group(ConversationId id);
  Status rename_group(ConversationId id, std::string_view name);
  Result<std::uint64_t> reset_group(ConversationId id);
  Result<std::uint64_t> share_history(ConversationId id, bool shared);
  Status read_earlier(ConversationId id);
  Result<Group> group(ConversationId id);
  Status request_history(DeviceId from);
  Status approve_history(DeviceId to, std::string_view code);
  Status cancel_history(DeviceId other);
  std::vector<HistoryTransfer> history_transfers() const;
  DeviceGroupDesk& device_groups() { return device_groups_; }
  Result<bool> device_groups_wait();
  Result<crypto::Ed25519PublicKey> device_owner_key() const;
  const std::optional<Self>& self() const { return self_; }

 private:
  enum class Outcome : std::uint8_t { done, wait };

  // ---- steps (engine.cpp) ----
  Status finish_step();
  void undo();
  Status pump();
  void note_idle();

  // ---- events ----
  void emit(Event event) { staged_.events.push_back(std::move(event)); }
  // False when the name is known, or nobody on this connection knows it.
  bool want_name(UserId user);
  // emit(), but not before the person's name is known, where it has been asked for.
  void emit_named(UserId person, Event event);
  void release_unnamed(UserId person);
  void take_name(const wire::UserInfo& info);
  void pump_names();
  void want_names_of_watched();
  void report(std::string what, const wire::Error& error);

  // ---- answers and events (answers.cpp) ----
  Status answer(const PendingRequest& request, const wire::ServerFrame& frame);
  // False: this is no answer to that question.
  template <class Body>
  Result<bool> take(const PendingRequest&, const Body&) {
    return false;
  }
  Result<bool> take(const PendingRequest& request, const wire::Done& done);
  Result<bool> take(const PendingRequest& request, const wire::KeyDigest& digest);
  Result<bool> take(const PendingRequest& request, const wire::PreKeyCount& count);
  Result<bool> take(const PendingRequest& request, const wire::PendingDevices& devices);
  Result<bool> take(const PendingRequest& request, const wire::DeviceLists& lists);
  Result<bool> take(const PendingRequest& request, const wire::UserInfo& info);
  Result<bool> take(const PendingRequest& request, const wire::People& people);
  Result<bool> take(const PendingRequest& request, const wire::PreKeyBundles& bundles);
  Result<bool> take(const PendingRequest& request, const wire::Conversation& conversation);
  Result<bool> take(const PendingRequest& request, const wire::Conversations& list);
  Result<bool> take(const PendingRequest& request, const wire::Log& log);
  Result<bool> take(const PendingRequest& request, const wire::Inbox& inbox);
  Result<bool> take(const PendingRequest& request, const wire::SendOutcome& outcome);
  Result<bool> take(const PendingRequest& request, const wire::Authenticated& done);
  Result<bool> take(const PendingRequest& request, const wire::KeyPackageCount& count);
  Result<bool> take(const PendingRequest& request, const wire::KeyPackages& key_packages);
  Result<bool> take(const PendingRequest& request, const wire::GroupOutcome& outcome);
  Result<bool> take(const PendingRequest& request, const wire::GroupLog& log);
  Result<bool> take(const PendingRequest& request, const wire::GroupInfo& info);
  Result<bool> take(const PendingRequest& request, const wire::RatchetTree& tree);
  Result<bool> take(const PendingRequest& request, const wire::ChatPolicy& policy);
  Result<bool> take(const PendingRequest& request, const wire::ReceiptCounts& counts);
  Result<bool> take(const PendingRequest& request, const wire::PresenceSnapshot& snapshot);
  Result<bool> take(const PendingRequest& request, const wire::Spaces& spaces);
  Result<bool> take(const PendingRequest& request, const wire::Channels& channels);
  Result<bool> take(const PendingRequest& request, const wire::ChannelDetails& details);
  Result<bool> take(const PendingRequest& request, const wire::MessageVersions& versions);
  Status refuse(const PendingRequest& request, const wire::Error& error);
  static bool nothing_there(const PendingRequest& request);
  Status on_nothing_there(const PendingRequest& request);
  Status on_list_refused(const wire::Error& error);
  Status on_conversation_refused(UserId peer, const wire::Error& error);
  Status refuse_group(const PendingRequest& request, const wire::Error& error);
  Status on_event(wire::ServerFrame& frame);
  Status on_hello(const wire::Hello& hello);

  // ---- keys (keys.cpp) ----
  Status pump_keys();
  wire::PublishKeys publication() const;
  void on_key_digest(const wire::KeyDigest& digest);
  void on_foreign_keys();

  // ---- account (account.cpp) ----
  Status pump_account();
  Status create_account();
  Status propose(Proposal::Kind kind, DeviceId device, std::vector<identity::DeviceKeys> devices);
  Status finish_proposal();
  Status drop_proposal();
  void set_membership(Membership membership);
  void judge_membership();
  void on_pending_devices(const wire::PendingDevices& answer);
  Status adopt_account_key(const SecretArray<32>& seed);
  void share_account_key();

  // ---- people (directory.cpp) ----
  UserRecord& user_record(UserId id);
  void save(const UserRecord& record);
  void want_list(UserId id) { link_.wanted_lists.insert(id); }
  // As it is from now on, the own one too: an answer on its way may be older than the reason to
  // ask.
  void want_newer_list(UserId user);
  Status pump_people();
  void ask_lists();
  Status on_device_lists(const PendingRequest& request, const wire::DeviceLists& answer);
  Status on_device_list(UserId user, const wire::DeviceListOf& answer);
  Status take_list(UserRecord& record, identity::DeviceList list);
  void note_former(UserRecord& record, const identity::DeviceKeys& device);
  bool look_for_former(UserId user, DeviceId device);
  void on_former_device(const PendingRequest& request, const wire::DeviceLists& lists);
  void offer_identity(UserRecord& record, identity::DeviceList list);
  void refuse_list(UserId user, event::ListRefusal why);
  void check_expected(UserId user);
  User view(const UserRecord& record) const;
  std::string fingerprint(const identity::DeviceKeys& keys) const;

  // ---- sessions (sessions.cpp) ----
  Result<PeerRecord*> peer_record(UserId user, const identity::DeviceKeys& keys);
  void save(const PeerRecord& record);
  void forget_peer(DeviceId device);
  e2ee::LocalDevice local() const { return {self_->device, self_->identity}; }
  Status on_bundles(const PendingRequest& request, const wire::PreKeyBundles& answer);
  Status start_session(UserId user, const wire::PreKeyBundle& bundle);
  Result<bool> has_sessions() const;

  // ---- inbox (inbox.cpp) ----
  Status pump_inbox();
  bool is_inbox_drained() const {
    return link_.inbox.empty() && link_.inbox_head <= progress_.inbox_cursor;
  }
  void pump_acknowledgement();
  Status on_inbox(const wire::Inbox& answer);
  void on_inbox_entry(wire::InboxEntry entry);
  Result<Outcome> process(const wire::InboxEntry& entry);
  Result<Outcome> look_for_sender(const wire::InboxEntry& entry);
  Status open_message(const wire::InboxEntry& entry, const identity::DeviceKeys& keys);
  Status hold(const wire::InboxEntry& entry);
  Status open_held(UserId user);
  static Message message_of(const wire::InboxEntry& entry);
  Status unreadable(const wire::InboxEntry& entry, UnreadableReason reason);
  Status ask_for_reset(const wire::InboxEntry& entry, const identity::DeviceKeys& keys);
  Result<std::optional<SeenRecord>> seen(DeviceId sender, MessageId id) const;
  void mark_seen(DeviceId sender, MessageId id, SeenRecord record);

  // ---- contents (contents.cpp) ----
  Status on_content(const wire::InboxEntry& entry, ByteView plaintext);
  Status on_text(Message message, const wire::Text& text, UserId peer);
  Status on_session_reset(const wire::InboxEntry& entry, const wire::SessionReset& reset);

  // ---- what contents do to messages (effects.cpp) ----
  // Where something stands in the log of its conversation.
  struct Origin {
    ConversationId conversation;
    UserId user;
    std::uint64_t seq = 0;
    Timestamp received_at;
    bool by_moderator = false;  // as the server says: the user may delete what others wrote
  };
  Status apply(const Origin& origin, const wire::Content& content);
  Status apply_now(const Origin& origin, const wire::Content& content);
  Status apply_reaction(const Origin& origin, const wire::Reaction& reaction);
  Status apply_edit(const Origin& origin, const wire::Edit& edit);
  Status apply_deletion(const Origin& origin, const wire::Deletion& deletion);
  Status apply_receipt(const Origin& origin, const wire::Receipt& receipt);
  Status apply_read_state(const Origin& origin, const wire::ReadState& state);
  Result<std::optional<StoredMessage>> find_message(ConversationId conversation,
                                                    const wire::MessageRef& ref) const;
  void fill_text(Message& message, const wire::Text& text) const;
  std::optional<crypto::Ed25519PublicKey> signing_key_of(UserId user, DeviceId device) const;
  bool mentions_me(const Message& message) const;
  Message show(const StoredMessage& stored) const;

  // ---- commands about messages (chat_commands.cpp) ----
  // Under a fresh id, when none is given.
  MessageId enqueue_content(UserId peer, ConversationId conversation, wire::Content content,
                            std::optional<MessageId> id = std::nullopt);
  Result<const ConversationRecord*> writable(ConversationId id) const;
  Result<wire::Text> text_of(const Draft& draft, bool may_be_empty = false) const;
  Result<StoredMessage> target_of(ConversationId id, const MessageRef& ref) const;
  Result<StoredMessage> own_target(ConversationId id, const MessageRef& ref) const;
  void tell_action(const OutboxRecord& record, const wire::Content& content, std::string failure);
  Status settle_action(const OutboxRecord& record, const wire::Accepted& accepted);

  // ---- emoji with pictures (custom_emoji.cpp) ----
  Result<EmojiSet> emoji_set(ConversationId id) const;
  void save(ConversationId id, const EmojiSet& set);
  Status note_emoji(const Message& message);
  Status learn_emoji(ConversationId id, std::string_view name, const Attachment& picture);
  Status forget_emoji(const Message& message);
  Status add_emoji(ConversationId id, wire::Text& text) const;
  Result<Bytes> picture_for(const StoredMessage& target, std::string_view emoji,
                            const std::optional<Uuid>& file) const;

  // ---- threads (threads.cpp) ----
  Status load_threads();
  void save(const ThreadRecord& record);
  const ThreadRecord* find_thread(ConversationId id, std::uint64_t root_index) const;
  Result<ThreadRecord*> thread_of(ConversationId id, const MessageRef& root);
  Result<std::optional<std::uint64_t>> note_reply(const Message& message);
  Status forget_reply(const Message& message);
  Status take_early_mark(ThreadRecord& thread);
  static void note_told(ThreadRecord& thread, const EarlyMark& mark);
  Status keep_early_mark(ConversationId id, const wire::ReadMark& told);
  Status tell_thread(ConversationId id, std::optional<std::uint64_t> root);
  ThreadSummary summary(const ThreadRecord& thread) const;
  void set_following(ThreadRecord& thread, bool following);

  // ---- which of them are followed (follow_rules.cpp) ----
  Status load_follow_rules();
  void save(const FollowRuleRecord& record);
  AutoFollow auto_follow(ConversationId id) const;
  bool follows(const ThreadRecord& thread) const;
  void apply_follow_rule(const wire::FollowRule& told);
  void put_rule(const FollowRuleRecord& record);
  std::vector<wire::FollowRule> take_unsynced_rules();
  void tell_rules_again();

  // ---- what is read (reading.cpp) ----
  Status load_reading();
  void owe_receipt(ConversationId id);
  void save_unread(ConversationId id, std::uint64_t block);
  void tell_unread(ConversationId id);
  void count_unread(Conversation& out, ConversationId id) const;
  void note_received(const Message& message, std::optional<std::uint64_t> root);
  void note_mention_changed(const Message& message);
  void forget_unread(ConversationId id, std::uint64_t seq);
  template <class F>
  void erase_unread(ConversationId id, F is_read);
  void remove_unread(std::map<ConversationId, UnreadList>::iterator of,
                     std::span<const std::uint64_t> read);
  void advance_timeline(ConversationRecord& record, const LogPlace& place);
  void advance_thread(ThreadRecord& thread, std::uint64_t seq);
  Status pump_read_sync();
  bool has_other_devices() const;

  // ---- receipts, typing, policy (receipts.cpp) ----
  bool may_tell() const;
  // 0: not a group that this device is in.
  Result<std::size_t> people_in(ConversationId id);
  bool sends_any_receipts() const;
  enum class ReceiptWay : std::uint8_t { none, members, server };
  Result<ReceiptWay> receipt_way(const ConversationRecord& record);
  Status pump_receipts();
  Status pump_reports();
  Status owe_report(ConversationId id);
  Status add_mark(ConversationId id, wire::ReportReceipts& report);
  std::chrono::milliseconds report_interval(std::size_t people) const;
  Status on_reported();
  Status pump_receipt_counts();
  void pump_policy();
  void on_policy(const wire::ChatPolicy& policy);
  void on_typing(const wire::Typing& typing);
  void stop_typing(ConversationId id, UserId user);
  void expire_typing();

  // ---- conversations and history (conversations.cpp) ----
  ConversationRecord& conversation_record(ConversationId id, UserId peer);
  void save(const ConversationRecord& record);
  void note_changed_rows();
  const ConversationRecord* conversation_of(UserId peer) const;
  Status on_conversation(UserId peer, const wire::Conversation& answer);
  Status on_conversations(const wire::Conversations& answer);
  Status on_log(ConversationId id, const wire::Log& answer);
  Status pump_conversations();
  void append_message(Message& message);
  Status place(Message message, UserId told_as);
  Result<std::optional<StoredMessage>> stored_at(ConversationId id, std::uint64_t index) const;
  void save(const StoredMessage& stored);
  Conversation view(const ConversationRecord& record) const;

  // ---- outbox (outbox.cpp) ----
  Status check_text(std::string_view text) const;
  void enqueue(OutboxRecord record);
  void enqueue_control(UserId peer, DeviceId target, wire::Content content);
  Status place_in_history(OutboxRecord& record);
  void save(const OutboxRecord& record);
  // The entries of the outbox that the server has been sent and has not answered, by order.
  std::vector<std::uint64_t> sends_in_flight() const;
  Status pump_outbox();
  Result<Outcome> prepare(OutboxRecord& record);
  Result<Outcome> address(OutboxRecord& record);
  Result<Outcome> encrypt_missing(OutboxRecord& record);
  std::vector<std::pair<UserId, identity::DeviceKeys>> targets(const OutboxRecord& record) const;
  Status set_state(const OutboxRecord& record, MessageState state, std::string failure = {});
  Status on_send_outcome(const PendingRequest& request, const wire::SendOutcome& outcome);
  Status on_accepted(const OutboxRecord& record, const wire::Accepted& accepted);
  Status on_stale(OutboxRecord& record, const wire::StaleDevices& stale);
  Status on_send_error(const PendingRequest& request, const wire::Error& error);
  Status try_later(OutboxRecord& record, std::string failure, std::uint32_t retry_after_ms);
  Status give_up(const OutboxRecord& record, std::string failure);

  // ---- groups (groups.cpp) ----
  struct GroupHold {
    GroupRecord record;
    std::optional<mls::Group> mls;
    bool in_store = false;   // `mls` is not read: need_mls()
    std::uint64_t used = 0;  // when it was last needed, in uses_
    GroupHistoryRecord history;
    bool history_dirty = false;
    // Leaves of devices that are not signed, as of `reviewed` (epoch, number of list changes).
    std::vector<mls::LeafIndex> not_signed;
    bool awaited = false;
    std::pair<std::uint64_t, std::uint64_t> reviewed{UINT64_MAX, 0};
    Bytes counted_tree;  // hash of the tree that has so many people
    std::size_t people = 0;
  };
  // ---- their states (group_states.cpp) ----
  Status load_groups();
  Status need_mls(GroupHold& hold);
  Status flush_groups();
  void close_states();
  void drop_mls(GroupHold& hold);

  // ---- groups (groups.cpp) ----
  void touch(const GroupHold& hold) {
    dirty_groups_.insert(hold.record.id);
    stir(hold.record.id);
  }
  void touch_history(GroupHold& hold) {
    hold.history_dirty = true;
    touch(hold);
  }
  GroupHold& hold_group(ConversationId id);
  GroupHold* find_group(ConversationId id);
  const GroupHold* find_group(ConversationId id) const;
  bool may_use_groups() const;
  mls::Environment environment(Timestamp at) const;
  mls::Suite suite() const;
  mls::Identity mls_identity() const;
  void note_listed_group(const wire::Conversation& listed);
  bool has_group_news(const wire::Conversation& listed) const;
  Status pump_group(GroupHold& hold);
  void review(GroupHold& hold);
  void note_epoch(GroupHold& hold);
  void lose(GroupHold& hold, std::string_view why);
  Status depart(GroupHold& hold, GroupState state);
  std::string epoch_code(const mls::Group& group) const;
  void show_name(Conversation& out, ConversationId id) const;

  // ---- which of them when (group_schedule.cpp) ----
  Status pump_groups();
  // There may be something to do in it: the next step looks.
  void stir(ConversationId id) { link_.stirred.insert(id); }
  Status visit(ConversationId id);
  void begin_listed();
  void stir_unfinished();
  void review_all();
  void resume_review();
  void stir_unlisted();
  Status pump_background();
  bool is_renewal_due(const GroupRecord& record) const;
  bool is_unfinished(const GroupHold& hold) const;
  bool is_unsettled(const GroupHold& hold) const;
  void note_unsettled(GroupHold& hold);
  bool is_first(ConversationId id) const;
  bool wants_log(const GroupHold& hold, const GroupLink& link) const;
  void want_log(const GroupHold& hold, GroupLink& link);
  void fetch_group_logs();
  bool fetch_group_log(ConversationId id);
  bool groups_idle() const;

  // ---- their log (group_log.cpp) ----
  void on_group_entry(wire::GroupEntry entry);
  Status process_group_entries(GroupHold& hold, GroupLink& link);
  Result<Outcome> process(GroupHold& hold, const wire::GroupEntry& entry);
  Result<Outcome> process_commit(GroupHold& hold, const wire::GroupEntry& entry);
  Result<Outcome> look_for_newcomers(GroupHold& hold, const mls::PublicMessage& message);
  bool look_for_device(const identity::MemberName& name, ByteView signature_key);
  void on_reset(GroupHold& hold, const wire::GroupEntry& entry);
  Status process_proposal(GroupHold& hold, const wire::GroupEntry& entry);
  // Where something stands in a group's log.
  struct LogMoment {
    std::uint64_t seq = 0;
    Timestamp received_at{};
  };
  // Whose removal had been proposed before a commit, and by whom.
  struct Departures {
    std::set<UserId> own;        // by a device of theirs
    std::set<UserId> by_server;  // an order from outside the group
  };
  // A commit that this device follows from the epoch that it ends.
  struct FollowedCommit {
    mls::RatchetTree before;
    Departures departures;
    LogMoment at;
    mls::CommitEffects effects{};
    std::optional<UserId> by{};  // who made it, as the group's keys vouch for it
    bool external = false;
  };
  static FollowedCommit about_to_follow(const GroupHold& hold, const LogMoment& at);
  Status after_commit(GroupHold& hold, const FollowedCommit& commit);

  // ---- commits that could not be followed (commit_faults.cpp) ----
  void note_commit_fault(GroupHold& hold, const wire::GroupEntry& entry,
                         const mls::PublicMessage& message);
  void tell_commit_fault(GroupHold& hold);
  void on_commit_fault(const GroupHold& hold, const identity::MemberName& from,
                       const wire::CommitFault& report);

  // ---- lines about them in their timelines (group_notices.cpp) ----
  void place_notice(ConversationId id, const LogMoment& at, UserId by, Notice notice);
  void place_people(ConversationId id, const LogMoment& at, NoticeKind kind, UserId by,
                    const std::vector<UserId>& users);
  void note_removals(const GroupHold& hold, const FollowedCommit& commit,
                     const std::vector<UserId>& removed);
  void note_own_removal(const GroupHold& hold, const FollowedCommit& commit);
  void note_welcome(const GroupHold& hold, const LogMoment& at);
  void note_name(const GroupHold& hold, const LogMoment& at, UserId by);

  // ---- messages in them (group_messages.cpp) ----
  Result<Outcome> process_group_message(GroupHold& hold, const wire::GroupEntry& entry);
  bool look_for_group_sender(const GroupHold& hold, const identity::MemberName& sender);
  Result<UnreadableReason> open_group_message(GroupHold& hold, const wire::GroupEntry& entry);
  Status on_group_content(GroupHold& hold, const wire::GroupEntry& entry, ByteView plaintext);
  Status on_own_group_message(const wire::GroupEntry& entry);
  Status group_unreadable(const wire::GroupEntry& entry, UnreadableReason reason);
  Message message_of(const wire::GroupEntry& entry) const;
  MessageBinding binding_of(const GroupHold& hold, const OutboxRecord& record) const;
  Result<Outcome> prepare_for_group(OutboxRecord& record);
  void enqueue_group_note(GroupHold& hold);
  void take_profile(GroupHold& hold, const wire::GroupProfile& profile,
                    const wire::GroupEntry& entry);
  Status on_group_send_outcome(const PendingRequest& request, const wire::GroupOutcome& outcome);

  // ---- history shared with those who come later (group_history.cpp) ----
  std::optional<mls::Proposal> sharing_proposal(const GroupHold& hold, bool wanted) const;
  void note_history_epoch(GroupHold& hold);
  void prune_history_keys(GroupHold& hold);
  std::vector<HistoryLink> history_links(const GroupHold& hold) const;
  void learn_history_links(GroupHold& hold, const std::vector<HistoryLink>& links);
  void confirm_history_key(GroupHold& hold, std::uint64_t epoch, const HistoryKey& key);
  Result<Bytes> seal_group_message(GroupHold& hold, const OutboxRecord& record, ByteView plaintext);
  Result<SecretBytes> shared_content(GroupHold& hold, const MessageBinding& binding,
                                     const mls::Received& received);

  // ---- and read by them (earlier_messages.cpp) ----
  struct EarlierEntry {
    const wire::GroupEntry* entry;
    UnreadableReason reason = UnreadableReason::none;
    wire::Content content;
  };
  void begin_earlier(GroupHold& hold, std::uint64_t seq);
  void end_earlier(GroupHold& hold);
  Status pump_earlier(GroupHold& hold, GroupLink& link);
  void on_earlier_log(const wire::GroupLog& log);
  bool look_for_earlier_sender(const identity::MemberName& sender);
  Result<std::optional<EarlierEntry>> open_earlier(GroupHold& hold, const wire::GroupEntry& entry);
  Status process_earlier(GroupHold& hold, GroupLink& link, std::uint64_t low);
  Result<std::uint64_t> place_earlier(GroupHold& hold, const std::vector<EarlierEntry>& opened);
  Status insert_messages(ConversationId id, std::vector<StoredMessage> fresh);

  // ---- channels (channels.cpp) ----
  Status check_profile(std::string_view topic, std::string_view description) const;
  void pump_channel(const GroupHold& hold);
  void on_channel_created(ConversationId id, std::string failure);
  void allow_rejoin(const std::optional<ConversationId>& channel);
  void on_place_answer(const PendingRequest& request, PlaceAnswerBody body);
  void pump_default_channels();
  void on_defaults_joined();
  bool everybody_leaves(const GroupHold& hold) const;

  // ---- changing them (group_changes.cpp) ----
  void save(const GroupChange& change);
  void add_change(GroupChange change);
  std::vector<std::uint64_t> changes_of(ConversationId group) const;
  bool has_changes(ConversationId group) const;
  void finish_change(std::uint64_t order, std::string failure, std::vector<UserId> left_out = {});
  void send_step(GroupHold& hold, GroupLink& link);
  Status choose_step(GroupHold& hold, GroupLink& link);
  Status propose_to_leave(GroupHold& hold, GroupLink& link);
  bool is_my_turn(const GroupHold& hold, GroupLink& link);
  struct PlannedCommit;
  Result<Outcome> plan_changes(GroupHold& hold, PlannedCommit& plan);
  Status commit(GroupHold& hold, PlannedCommit plan);
  Status on_step_outcome(const PendingRequest& request, const wire::GroupOutcome& outcome);
  Status on_step_accepted(GroupHold& hold, GroupLink& link, const wire::Accepted& accepted);
  Status confirm_commit(GroupHold& hold, const LogMoment& at);
  void discard_step(GroupHold& hold);
  void on_stale_group(ConversationId id, const wire::StaleGroup& stale);
  Status on_step_refused(GroupHold& hold, const wire::Error& error);

  // ---- taking people in (group_additions.cpp) ----
  Result<Outcome> plan_addition(GroupHold& hold, GroupChange& change, PlannedCommit& plan);
  Result<Outcome> look_for_devices(const GroupChange& change, UserId user);
  bool add_devices(const GroupHold& hold, const GroupChange& change, UserId user,
                   std::vector<mls::Proposal>& additions) const;
  bool wait_for_device(GroupChange& change, UserId user);
  Status on_key_packages(const PendingRequest& request, const wire::KeyPackages& answer);
  void settle_change(const GroupHold& hold, std::uint64_t order);

  // ---- beginning anew (group_commands.cpp, group_reset.cpp) ----
  Result<mls::Group> new_group(Bytes group_id, mls::ExtensionList extensions);
  Status begin_group(GroupHold& hold, mls::Group group, GroupStep::Kind kind);
  void send_reset(const GroupHold& hold, const Question& question);
  Status on_reset_accepted(GroupHold& hold, const wire::Accepted& accepted);
  void reset_failed(GroupHold& hold, std::string failure);
  bool waits_for_return(const GroupHold& hold, const GroupLink& link) const;
  Status forget_ciphertexts(const GroupHold& hold);

  // ---- coming in (group_join.cpp) ----
  Result<Outcome> process_welcome(const wire::InboxEntry& entry);
  bool is_behind(const GroupHold& hold, const wire::InboxEntry& welcome);
  Status join_by_welcome(const wire::InboxEntry& entry, const mls::Welcome& welcome,
                         const Bytes& reference, mls::RatchetTree tree);
  Result<std::optional<mls::RatchetTree>> fetched_tree(ConversationId id, std::uint64_t seq);
  Status prepare_join(GroupHold& hold, GroupLink& link);
  bool expects_welcome(const GroupHold& hold, GroupLink& link, const mls::RatchetTree& tree);
  Status join_externally(GroupHold& hold, GroupLink& link, mls::RatchetTree tree);
  Status come_in(GroupHold& hold, std::uint64_t seq);

  // ---- KeyPackages (key_packages.cpp) ----
  Status pump_key_packages();
  Result<Bytes> make_key_package(bool last_resort);
  void drop_old_key_packages();
  void drop_key_package(const Bytes& reference);
  Result<mls::OwnKeyPackage> own_key_package(const KeyPackageRecord& record) const;

  // ---- history between own devices (history_transfer.cpp) ----
  Status load_history();
  void save(const HistoryRecord& record);
  HistoryPairing pairing(const HistoryRecord& record) const;
  HistoryTransfer view(const HistoryRecord& record) const;
  void send_history(const HistoryRecord& record, wire::HistoryStage stage, ByteView value,
                    std::uint64_t number, bool again);
  void set_history(HistoryRecord& record, HistoryState state, std::string failure);
  void end_history(HistoryRecord& record, std::string failure);
  Result<const identity::DeviceKeys*> own_device(DeviceId device) const;
  Status on_history(const wire::InboxEntry& entry, const wire::HistoryTransfer& told);
  void on_history_request(DeviceId from, const wire::HistoryTransfer& told);
  void on_history_nonce(HistoryRecord& record, const wire::HistoryTransfer& told);
  Status on_history_chunk(HistoryRecord& record, const wire::HistoryTransfer& told);
  void on_history_next(HistoryRecord& record, const wire::HistoryTransfer& told);
  Status pump_history();
  void ask_for_history(HistoryRecord& record);
  bool history_under_way(const HistoryRecord& record) const;
  void repeat_history(HistoryRecord& record);
  Status give_history(HistoryRecord& record);

  // ---- what it consists of (history_chunks.cpp) ----
  struct OwnHistory {
    std::uint64_t first_seq = UINT64_MAX;
    std::map<std::uint64_t, std::uint64_t> unreadable;  // seq -> index
  };
  HistoryPlan plan_history() const;
  void write_person(ByteWriter& out, UserId id) const;
  void write_conversation(ByteWriter& out, const ConversationRecord& record) const;
  Status write_history_message(ByteWriter& out, HistoryCursor& cursor,
                               ConversationId conversation) const;
  Result<SecretBytes> make_chunk(const HistoryPlan& plan, HistoryCursor& cursor) const;
  Result<std::optional<bool>> take_chunk(HistoryRecord& record, ByteView chunk);
  Status take_person(ByteReader& in);
  Status take_conversation(HistoryRecord& record, ByteReader& in);
  void open_history(ConversationId id, UserId peer, const std::string& name);
  Status take_history_message(HistoryRecord& record, ByteReader& in);
  Status settle_history(HistoryRecord& record);
  Result<OwnHistory> first_seq_and_gaps(ConversationId id) const;
  Status place_history_message(const StoredMessage& stored);
  Status make_room(ConversationId id, std::uint64_t first, std::uint64_t count);

  // ---- threads, reading and receipts in it (history_reading.cpp) ----
  void write_reading(ByteWriter& out, const ConversationRecord& record) const;
  Status take_reading(const HistoryRecord& record, ByteReader& in);
  Status take_thread_mark(ConversationId id, const MessageRef& root, const EarlyMark& mark);
  void take_receipts(ConversationId id, const ReceiptsRecord& told);
  void shift_threads(ConversationId id, std::uint64_t first, std::uint64_t count);
  Status sort_threads(ConversationId id, std::uint64_t older);
  Result<std::optional<std::uint64_t>> under_its_root(const Message& message);

  // ---- what is done to messages on their way (history_effects.cpp) ----
  Result<bool> keep_for_history(const Origin& origin, const wire::Content& content);
  Status apply_kept_effects(HistoryRecord& record, ConversationId id);
  void drop_kept_effects(HistoryRecord& record);
  Result<bool> keep_for_earlier(GroupHold& hold, const Origin& origin,
                                const wire::Content& content);
  Status apply_to_earlier(const Origin& origin, const wire::Content& content);
  Status apply_earlier_effects(GroupHold& hold);
  void drop_earlier_effects(GroupHold& hold);

  // ---- state ----
  const crypto::Provider& crypto_;
  RandomSource& random_;
  const Clock& clock_;
  Limits limits_;
  Transaction tx_;
  const Environment env_{crypto_, random_, clock_, limits_, tx_};
  bool dead_ = false;

  std::optional<Self> self_;
  std::optional<crypto::Ed25519KeyPair> account_;
  Progress progress_;
  Bytes stored_progress_;  // hash of what is in the store, to write only changes
  PreKeys prekeys_{env_, progress_};
  DeviceGroupDesk device_groups_{env_, self_, account_};
  Timestamp groups_seen_{};  // nothing waited in the device groups at this time ...
  Timestamp groups_next_{};  // ... and nothing will before this one
  std::map<UserId, UserRecord> users_;
  std::map<ConversationId, ConversationRecord> conversations_;
  mutable SearchTexts search_texts_;
  std::uint64_t revision_ = 0;  // of the list of conversations; not stored
  std::map<std::uint64_t, OutboxRecord> outbox_;
  std::map<DeviceId, PeerRecord> peers_;  // a cache
  std::map<ConversationId, GroupHold> groups_;
  std::set<ConversationId> dirty_groups_;
  std::map<std::uint64_t, GroupChange> changes_;
  std::set<std::pair<ConversationId, std::uint64_t>> changes_of_;  // the same, by group
  std::uint64_t uses_ = 0;                                         // of states
  bool crowded_ = false;                            // a state was read since close_states()
  std::map<DeviceId, HistoryRecord> transfers_;     // by the other device
  std::map<DeviceId, HistoryPlan> plans_;           // a cache
  std::map<Bytes, KeyPackageRecord> key_packages_;  // by KeyPackageRef
  std::uint64_t list_changes_ = 0;                  // device lists that were replaced
  std::uint64_t reviewed_lists_ = 0;                // so many when all groups were stirred
  std::vector<ConversationId> first_;               // as the host shows them; not stored
  ConversationId last_renewal_;
  std::set<ConversationId> unreviewed_;  // not read since a device list has changed
  GroupAuthority authority_{users_};
  std::map<ConversationId, UnreadList> unread_;
  std::vector<std::pair<ConversationId, std::uint64_t>> outdated_unread_;  // in Table::unread
  std::map<std::pair<ConversationId, std::uint64_t>, ThreadRecord> threads_;
  std::map<ConversationId, FollowRuleRecord> follow_rules_;  // nil: of all others
  std::map<ConversationId, ReceiptsRecord> receipts_;
  std::set<ConversationId> receipts_due_;
  std::set<ConversationId> reports_due_;  // those of large groups
  std::optional<wire::ChatPolicy> told_policy_;
  std::set<ConversationId> sync_due_;
  bool threads_due_ = true;           // some thread may be unsynced
  bool rules_due_ = true;             // some rule for threads may be
  std::map<DeviceId, int> failures_;  // messages in a row that could not be decrypted

  Link link_;
  Actions staged_;    // of this step
  Actions released_;  // of committed steps
  Requests requests_{env_, link_, staged_};
  PresenceDesk presence_{env_, link_, requests_, staged_};
  ReceiptCountDesk receipt_counts_{env_, link_, requests_, staged_};
};

}  // namespace unhidra::client
