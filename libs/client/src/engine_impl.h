#pragma once
// The engine's inside. One class, whose methods stand in one file a subject: keys.cpp, account.cpp,
// directory.cpp, sessions.cpp, inbox.cpp, contents.cpp, conversations.cpp, outbox.cpp; engine.cpp
// has the doors, requests.cpp the bookkeeping of questions, answers.cpp what comes back.
//
// Memory is the truth within a step; every change is also queued in the transaction, and a step
// that fails after a change loads everything anew.

#include "unhidra/client/engine.h"
#include "unhidra/crypto/provider.h"
#include "unhidra/wire/codec.h"
#include "unhidra/wire/content.h"

#include "group_authority.h"
#include "group_records.h"
#include "link.h"
#include "records.h"
#include "transaction.h"

namespace unhidra::client {

// The encoding, in memory that is wiped (outbox.cpp).
SecretBytes encode_content(const wire::Content& content);

// For people to compare: groups of five digits, at most eight of them (directory.cpp).
std::string digits(const ByteArray<64>& hash, std::size_t groups);

// The people in a group (group_log.cpp).
std::set<UserId> users_of(const mls::RatchetTree& tree);

class Engine::Impl final : public e2ee::PreKeyStore {
 public:
  Impl(Dependencies dependencies, const Limits& limits);

  Status load();
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
  Status refresh_user(UserId user);
  bool idle() const;
  Result<Account> account() const;
  Result<std::vector<Device>> devices() const;
  Result<std::vector<Conversation>> conversations() const;
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
  Status refresh_token(std::string_view token);
  Result<MessageId> send_text(ConversationId conversation, std::string_view text);
  Result<ConversationId> create_group(std::string_view name, std::span<const UserId> users);
  Result<std::uint64_t> change_group(ConversationId id, GroupChange::Kind kind,
                                     std::span<const UserId> users);
  Status leave_group(ConversationId id);
  Status rename_group(ConversationId id, std::string_view name);
  Result<Group> group(ConversationId id) const;
  const std::optional<Self>& self() const { return self_; }

 private:
  enum class Outcome : std::uint8_t { done, wait };

  // ---- steps (engine.cpp) ----
  Status finish_step();
  void undo();
  Status pump();
  void note_idle();

  // ---- questions and answers (requests.cpp) ----
  bool may_ask(const Question& question) const;
  template <class Body>
  PendingRequest& ask(const Question& question, Body body);
  void settle(const Question& question);
  void back_off(const Question& question, std::uint32_t retry_after_ms);
  std::chrono::milliseconds delay_after(std::uint32_t failures) const;
  void emit(Event event) { staged_.events.push_back(std::move(event)); }
  // The same, but not before the person's name is known, where it has been asked for.
  void emit_named(UserId person, Event event);
  void release_unnamed(UserId person);
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
  Status refuse(const PendingRequest& request, const wire::Error& error);
  static bool nothing_there(const PendingRequest& request);
  Status on_nothing_there(const PendingRequest& request);
  Status on_list_refused(const wire::Error& error);
  Status on_conversation_refused(UserId peer, const wire::Error& error);
  Status refuse_group(const PendingRequest& request, const wire::Error& error);
  Status on_event(wire::ServerFrame& frame);
  Status on_hello(const wire::Hello& hello);

  // ---- keys (keys.cpp) ----
  void add_prekey(PreKeyRecord record);
  void make_one_time_keys(std::size_t count);
  void make_signed_key(PreKeyRecord::Kind kind);
  void rotate_keys();
  void drop_old_keys();
  Status pump_keys();
  wire::PublishKeys publication() const;
  identity::PublishedKeys published_keys() const;
  void on_key_digest(const wire::KeyDigest& digest);
  void on_foreign_keys();
  std::optional<crypto::X25519KeyPair> signed_prekey(identity::PreKeyId id,
                                                     bool last_resort) override;
  std::optional<crypto::X25519KeyPair> one_time_prekey(identity::PreKeyId id) override;

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

  // ---- people (directory.cpp) ----
  UserRecord& user_record(UserId id);
  void save(const UserRecord& record);
  void want_list(UserId id) { link_.wanted_lists.insert(id); }
  Status pump_people();
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
  Status on_text(const wire::InboxEntry& entry, const std::string& text, UserId peer);
  Status on_session_reset(const wire::InboxEntry& entry, const wire::SessionReset& reset);

  // ---- conversations and history (conversations.cpp) ----
  ConversationRecord& conversation_record(ConversationId id, UserId peer);
  void save(const ConversationRecord& record);
  const ConversationRecord* conversation_of(UserId peer) const;
  Status on_conversation(UserId peer, const wire::Conversation& answer);
  Status on_conversations(const wire::Conversations& answer);
  Status on_log(ConversationId id, const wire::Log& answer);
  Status pump_conversations();
  void append_message(Message& message);
  Result<std::optional<Message>> message_at(ConversationId id, std::uint64_t index) const;
  void save(const Message& message);
  Conversation view(const ConversationRecord& record) const;

  // ---- outbox (outbox.cpp) ----
  Status check_text(std::string_view text) const;
  void enqueue(OutboxRecord record);
  void enqueue_control(UserId peer, DeviceId target, wire::Content content);
  Status place_in_history(OutboxRecord& record);
  void save(const OutboxRecord& record);
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
    // Leaves of devices that are not signed, as of `reviewed` (epoch, number of list changes).
    std::vector<mls::LeafIndex> not_signed;
    bool awaited = false;
    std::pair<std::uint64_t, std::uint64_t> reviewed{UINT64_MAX, 0};
  };
  Status load_groups();
  Status flush_groups();
  void touch(const GroupHold& hold) { dirty_groups_.insert(hold.record.id); }
  GroupHold& hold_group(ConversationId id);
  GroupHold* find_group(ConversationId id);
  const GroupHold* find_group(ConversationId id) const;
  bool may_use_groups() const;
  mls::Environment environment(Timestamp at) const;
  mls::Suite suite() const;
  mls::Identity mls_identity() const;
  void note_listed_group(const wire::Conversation& listed);
  bool has_group_news(const wire::Conversation& listed) const;
  Status pump_groups();
  Status pump_group(GroupHold& hold);
  bool groups_idle() const;
  void review(GroupHold& hold);
  void note_epoch(GroupHold& hold);
  void drop_mls(GroupHold& hold);
  void lose(GroupHold& hold, std::string_view why);
  Status depart(GroupHold& hold, GroupState state);
  std::string epoch_code(const mls::Group& group) const;
  void show_name(Conversation& out, ConversationId id) const;

  // ---- their log (group_log.cpp) ----
  void on_group_entry(wire::GroupEntry entry);
  Status process_group_entries(GroupHold& hold, GroupLink& link);
  Result<Outcome> process(GroupHold& hold, const wire::GroupEntry& entry);
  Result<Outcome> process_commit(GroupHold& hold, const wire::GroupEntry& entry);
  Result<Outcome> look_for_newcomers(GroupHold& hold, const mls::PublicMessage& message);
  bool look_for_device(const identity::MemberName& name, ByteView signature_key);
  void on_reset(GroupHold& hold);
  Status process_proposal(GroupHold& hold, const wire::GroupEntry& entry);
  Status after_commit(GroupHold& hold, const mls::RatchetTree& before,
                      const mls::CommitEffects& effects, const std::optional<UserId>& by,
                      bool external);

  // ---- messages in them (group_messages.cpp) ----
  Status process_group_message(GroupHold& hold, const wire::GroupEntry& entry);
  Result<UnreadableReason> open_group_message(GroupHold& hold, const wire::GroupEntry& entry);
  Status on_group_content(GroupHold& hold, const wire::GroupEntry& entry, ByteView plaintext);
  Status on_own_group_message(const wire::GroupEntry& entry);
  Status group_unreadable(const wire::GroupEntry& entry, UnreadableReason reason);
  Message message_of(const wire::GroupEntry& entry) const;
  Bytes group_context(const GroupHold& hold, const OutboxRecord& record) const;
  Result<Outcome> prepare_for_group(OutboxRecord& record);
  void enqueue_group_note(GroupHold& hold);
  void take_profile(GroupHold& hold, const wire::GroupProfile& profile, UserId by);
  Status on_group_send_outcome(const PendingRequest& request, const wire::GroupOutcome& outcome);

  // ---- changing them (group_changes.cpp) ----
  void save(const GroupChange& change);
  void finish_change(std::uint64_t order, std::string failure);
  void send_step(GroupHold& hold, GroupLink& link);
  Status choose_step(GroupHold& hold, GroupLink& link);
  Status propose_to_leave(GroupHold& hold, GroupLink& link);
  bool is_my_turn(const GroupHold& hold, GroupLink& link);
  struct PlannedCommit;
  Result<Outcome> plan_changes(GroupHold& hold, PlannedCommit& plan);
  Result<Outcome> plan_addition(GroupHold& hold, GroupChange& change, PlannedCommit& plan);
  Status commit(GroupHold& hold, PlannedCommit plan);
  Status on_step_outcome(const PendingRequest& request, const wire::GroupOutcome& outcome);
  Status on_step_accepted(GroupHold& hold, GroupLink& link, const wire::Accepted& accepted);
  Status confirm_commit(GroupHold& hold);
  void discard_step(GroupHold& hold);
  void on_stale_group(ConversationId id, const wire::StaleGroup& stale);
  Status on_step_refused(GroupHold& hold, const PendingRequest& request, const wire::Error& error);

  // ---- coming in (group_join.cpp) ----
  Result<Outcome> process_welcome(const wire::InboxEntry& entry);
  Status join_by_welcome(const wire::InboxEntry& entry, const mls::Welcome& welcome,
                         const Bytes& reference, mls::RatchetTree tree);
  Result<std::optional<mls::RatchetTree>> fetched_tree(ConversationId id, std::uint64_t seq);
  Status prepare_join(GroupHold& hold, GroupLink& link);
  Status join_externally(GroupHold& hold, GroupLink& link, mls::RatchetTree tree);
  Status come_in(GroupHold& hold, std::uint64_t seq);

  // ---- KeyPackages (key_packages.cpp) ----
  Status pump_key_packages();
  Result<Bytes> make_key_package(bool last_resort);
  void drop_old_key_packages();
  void drop_key_package(const Bytes& reference);
  Result<mls::OwnKeyPackage> own_key_package(const KeyPackageRecord& record) const;

  // ---- state ----
  const crypto::Provider& crypto_;
  RandomSource& random_;
  const Clock& clock_;
  Limits limits_;
  Transaction tx_;
  bool dead_ = false;

  std::optional<Self> self_;
  std::optional<crypto::Ed25519KeyPair> account_;
  Progress progress_;
  Bytes stored_progress_;  // hash of what is in the store, to write only changes
  std::map<std::pair<PreKeyRecord::Kind, identity::PreKeyId>, PreKeyRecord> prekeys_;
  std::map<UserId, UserRecord> users_;
  std::map<ConversationId, ConversationRecord> conversations_;
  std::map<std::uint64_t, OutboxRecord> outbox_;
  std::map<DeviceId, PeerRecord> peers_;  // a cache
  std::map<ConversationId, GroupHold> groups_;
  std::set<ConversationId> dirty_groups_;
  std::map<std::uint64_t, GroupChange> changes_;
  std::map<Bytes, KeyPackageRecord> key_packages_;  // by KeyPackageRef
  std::uint64_t list_changes_ = 0;                  // device lists that were replaced
  GroupAuthority authority_{users_};
  std::map<DeviceId, int> failures_;  // messages in a row that could not be decrypted

  Link link_;
  Actions staged_;    // of this step
  Actions released_;  // of committed steps
};

template <class Body>
PendingRequest& Engine::Impl::ask(const Question& question, Body body) {
  const auto id = link_.next_request++;
  wire::ClientFrame frame;
  frame.request_id = id;
  frame.body = std::move(body);
  staged_.frames.push_back(wire::encode(frame));
  link_.questions[question].in_flight = true;
  auto& pending = link_.pending[id];
  pending.question = question;
  pending.since = clock_.steady_now();
  return pending;
}

}  // namespace unhidra::client
