#pragma once
// A chat server in memory, as gateway.proto describes it: keys, device lists, conversations, logs
// and inboxes. Where a test says so it lies, as a hostile server could.

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "unhidra/base/id.h"
#include "unhidra/crypto/provider.h"
#include "unhidra/mls/crypto.h"
#include "unhidra/mls_public/public_group.h"
#include "unhidra/wire/frames.h"

namespace unhidra::client::testing {

class FakeServer {
 public:
  FakeServer(const crypto::Provider& crypto, RandomSource& random, const Clock& clock);

  UserId add_user(const std::string& name);
  DeviceId add_device(UserId user, const std::string& name);
  void revoke_device(DeviceId device);
  // Whoever is connected is told.
  void rename(UserId user, const std::string& display_name);

  void connect(DeviceId device);
  void disconnect(DeviceId device);
  bool connected(DeviceId device) const { return online_.contains(device); }
  void handle(DeviceId device, ByteView client_frame);
  // Frames on their way to the device.
  std::deque<wire::ServerFrame>& outgoing(DeviceId device) { return outgoing_[device]; }

  struct DeviceState {
    UserId user;
    std::string name;
    bool revoked = false;
    std::optional<wire::PublishKeys> keys;
    std::map<std::uint32_t, wire::OneTimePreKey> one_time;
    std::uint32_t highest_one_time = 0;
    std::vector<wire::InboxEntry> inbox;
    std::uint64_t inbox_head = 0;
    std::uint64_t acknowledged = 0;
    std::deque<Bytes> key_packages;  // MLSMessages, each handed out once
    Bytes last_resort_key_package;
  };
  struct UserState {
    std::string name;
    std::string display_name;
    Timestamp renamed_at{};
    Bytes list;
    std::vector<Bytes> older_lists;
    std::set<DeviceId> members;
  };
  struct ConversationState {
    std::set<UserId> members;
    std::vector<wire::LogEntry> log;
    std::map<std::pair<DeviceId, MessageId>, wire::Accepted> accepted;
    Timestamp created_at;
  };
  // A stay of a device in a group, in the group's epochs and its log.
  struct Stay {
    std::uint64_t from_epoch = 0;
    std::uint64_t to_seq = UINT64_MAX;  // of the commit that ended it
  };
  // The delivery service's view of a group: public state alone.
  struct GroupState {
    mls::PublicGroup group;
    std::vector<wire::GroupEntry> log;
    std::map<std::pair<DeviceId, MessageId>, wire::Accepted> accepted;
    std::map<std::uint64_t, std::pair<Bytes, wire::Accepted>> commits;  // by the epoch they ended
    std::map<std::uint64_t, Bytes> trees;                               // by seq of their commit
    std::map<UserId, std::uint64_t> former;                             // user -> last seq to read
    std::map<DeviceId, std::vector<Stay>> stays;
    Bytes created_with;
    Bytes group_info;
    std::uint64_t group_info_seq = 0;
    bool closed = false;
    std::set<UserId> kept;  // by a reset
  };
  std::map<ConversationId, GroupState>& groups() { return groups_; }
  std::map<ConversationId, wire::CreateChannel>& channels() { return channels_; }
  void let_in(ConversationId id, UserId user) { let_in_[id].insert(user); }
  std::size_t races_lost() const { return races_lost_; }
  DeviceState& device(DeviceId id) { return devices_.at(id); }
  std::map<DeviceId, DeviceState>& all_devices() { return devices_; }
  UserState& user(UserId id) { return users_.at(id); }
  const std::map<ConversationId, ConversationState>& conversations() const {
    return conversations_;
  }
  std::size_t requests_seen() const { return requests_; }
  std::vector<std::size_t> lists_asked;    // of how many people, request by request
  std::vector<ConversationId> logs_asked;  // of groups, request by request
  std::size_t conversations_asked = 0;     // pages of the list
  std::size_t people_asked = 0;            // likewise
  std::size_t most_conversations = 1000;   // on one of them
  // As the others of the user are told, without the real server's damping.
  wire::PresenceState presence(UserId user) const;
  struct PresenceRequests {
    std::size_t set = 0;
    std::size_t watch = 0;
  };
  PresenceRequests presence_requests;
  std::set<UserId>& watched_by(DeviceId device) { return watched_[device]; }

  // ---- lies ----
  std::optional<Bytes> list_lie;  // answered for `lied_about`
  UserId lied_about;
  std::optional<wire::MissingDevice> ghost;      // demanded in every send
  std::optional<wire::Key> bundle_identity_lie;  // in every bundle
  std::optional<std::set<UserId>> members_lie;   // in every list of conversations
  bool digest_lie = false;
  std::optional<wire::MessageKind> kind_lie;  // told to the recipients of a pair
  std::uint32_t edit_window_s = 300;
  bool authors_checked = true;  // of edits and deletions
  std::set<UserId> moderators;  // of every channel
  bool calls_all_moderators = false;
  bool receipts_allowed = true;
  // How far people have come, as they report it; when each report came, and from whom.
  std::map<ConversationId, std::map<UserId, wire::ReceiptMark>> reported;
  std::vector<std::pair<SteadyTime, UserId>> reports;
  std::size_t counts_asked = 0;
  std::optional<wire::Error> report_error;  // instead of taking one
  void decide(const wire::ChatPolicy& policy);
  bool drop_events = false;                        // no InboxEntry events
  std::optional<DeviceId> flip_for;                // ciphertexts delivered to it are changed
  std::optional<wire::Error> send_error;           // instead of accepting
  std::size_t withhold = 0;                        // so many deliveries are skipped
  std::optional<wire::Error> presence_error;       // instead of any answer about presence
  std::optional<wire::Error> lists_error;          // instead of device lists
  std::optional<wire::Error> conversations_error;  // instead of the list of conversations
  std::optional<wire::Error> commit_error;         // instead of taking a commit
  std::optional<wire::Error> log_error;            // instead of any page of a group's log
  bool log_from_start = false;                     // each page begins with the first entry

 private:
  using Reply = decltype(wire::ServerFrame::body);
  Reply reply(DeviceId from, const wire::Authenticate&);
  Reply reply(DeviceId from, const wire::SetPresence&);
  Reply reply(DeviceId from, const wire::WatchPresence&);
  Reply reply(DeviceId from, const wire::LookUpUser&);
  Reply reply(DeviceId from, const wire::ListPeople&);
  Reply reply(DeviceId from, const wire::PublishKeys&);
  Reply reply(DeviceId from, const wire::CountPreKeys&);
  Reply reply(DeviceId from, const wire::FetchPreKeyBundles&);
  Reply reply(DeviceId from, const wire::FetchKeyDigest&);
  Reply reply(DeviceId from, const wire::PublishDeviceList&);
  Reply reply(DeviceId from, const wire::FetchDeviceLists&);
  Reply reply(DeviceId from, const wire::ListPendingDevices&);
  Reply reply(DeviceId from, const wire::OpenDirectConversation&);
  Reply reply(DeviceId from, const wire::ListConversations&);
  Reply reply(DeviceId from, const wire::SendMessage&);
  Reply reply(DeviceId from, const wire::FetchInbox&);
  Reply reply(DeviceId from, const wire::AcknowledgeInbox&);
  Reply reply(DeviceId from, const wire::FetchLog&);
  Reply reply(DeviceId from, const wire::PublishKeyPackages&);
  Reply reply(DeviceId from, const wire::CountKeyPackages&);
  Reply reply(DeviceId from, const wire::ClaimKeyPackages&);
  Reply reply(DeviceId from, const wire::CreateGroup&);
  Reply reply(DeviceId from, const wire::CommitGroup&);
  Reply reply(DeviceId from, const wire::ProposeToGroup&);
  Reply reply(DeviceId from, const wire::SendGroupMessage&);
  Reply reply(DeviceId from, const wire::FetchGroupLog&);
  Reply reply(DeviceId from, const wire::FetchGroupInfo&);
  Reply reply(DeviceId from, const wire::FetchRatchetTree&);
  Reply reply(DeviceId from, const wire::ResetGroup&);
  Reply reply(DeviceId, const wire::FetchChatPolicy&) {
    return wire::ChatPolicy{edit_window_s, receipts_allowed, false};
  }
  Reply reply(DeviceId from, const wire::SendTyping&);
  Reply reply(DeviceId from, const wire::ReportReceipts&);
  Reply reply(DeviceId from, const wire::FetchReceiptCounts&);
  Reply reply(DeviceId from, const wire::WithdrawReceipts&);
  Reply reply(DeviceId from, const wire::CreateChannel&);
  Reply reply(DeviceId from, const wire::JoinChannel&);
  template <class Other>
  Reply reply(DeviceId, const Other&) {
    return error(400, "gateway.unknown_request");
  }
  Reply reply(DeviceId from, const std::monostate&);
  // ---- groups (fake_groups.cpp) ----
  mls::ValidationRules group_rules() const;
  std::set<DeviceId> current_devices(UserId user) const;
  std::optional<wire::Error> check_device_sets(const GroupState& state,
                                               const mls::PublicCommit& commit) const;
  wire::Accepted append(GroupState& state, wire::GroupEntry entry, DeviceId from,
                        const std::set<DeviceId>& also = {});
  wire::GroupOutcome stale(const GroupState& state, std::uint64_t after_seq);
  Reply take_commit(GroupState& state, DeviceId from, const wire::CommitGroup& body,
                    mls::PublicCommit commit);
  void deliver_welcomes(const GroupState& state, DeviceId from, const wire::CommitGroup& body,
                        const mls::PublicCommit& commit, const wire::Accepted& accepted);
  // In the tree, or let in and not come in yet.
  bool inside(ConversationId id, const GroupState& state, UserId user) const;
  void list_groups(DeviceId from, wire::Conversations& out) const;
  Timestamp last_activity(ConversationId id) const;
  void propose_removals(DeviceId revoked);
  wire::UserInfo info_of(UserId id) const;
  static wire::Error error(std::uint32_t status, std::string code) {
    return {.code = std::move(code), .message = "refused", .status = status, .retry_after_ms = 0};
  }
  void push(DeviceId to, Reply body, std::uint64_t request_id = 0);
  void deliver(DeviceId to, wire::InboxEntry entry);
  void show(DeviceId device, wire::PresenceState state);
  void announce_list(UserId user);
  // An edit is of the sender's own message and comes in time; a deletion is of an own one.
  template <class Log>
  std::optional<wire::Error> check_reference(const Log& log, DeviceId from, wire::MessageKind kind,
                                             const std::optional<wire::MessageRef>& ref) const;
  std::set<DeviceId> recipients(const ConversationState& conversation, DeviceId but) const;

  const crypto::Provider* crypto_;
  RandomSource* random_;
  const Clock* clock_;
  std::map<UserId, UserState> users_;
  std::map<DeviceId, DeviceState> devices_;
  std::map<ConversationId, ConversationState> conversations_;
  std::map<ConversationId, GroupState> groups_;
  std::map<ConversationId, wire::CreateChannel> channels_;
  std::map<ConversationId, std::set<UserId>> let_in_;
  std::unique_ptr<mls::AuthenticationService> directory_;
  std::optional<mls::SignatureKeyPair> external_sender_;
  std::size_t races_lost_ = 0;
  std::set<DeviceId> online_;
  std::map<DeviceId, wire::PresenceState> shown_;  // said online or away
  std::map<DeviceId, std::set<UserId>> watched_;
  std::map<DeviceId, std::deque<wire::ServerFrame>> outgoing_;
  std::size_t requests_ = 0;
};

template <class Log>
std::optional<wire::Error> FakeServer::check_reference(
    const Log& log, DeviceId from, wire::MessageKind kind,
    const std::optional<wire::MessageRef>& ref) const {
  if (kind != wire::MessageKind::edit && kind != wire::MessageKind::deletion) {
    return std::nullopt;
  }
  for (const auto& entry : log) {
    if (ref && entry.message_id == ref->message_id &&
        entry.sender_device_id == ref->sender_device_id) {
      const auto user = devices_.at(from).user;
      const bool moderates = kind == wire::MessageKind::deletion && moderators.contains(user);
      if (authors_checked && entry.sender_user_id != user && !moderates) {
        return error(403, "chat.not_author");
      }
      const bool late = clock_->now() - entry.received_at > std::chrono::seconds(edit_window_s);
      return kind == wire::MessageKind::edit && late
                 ? std::optional(error(403, "chat.edit_window_closed"))
                 : std::nullopt;
    }
  }
  return error(404, "chat.not_found");
}

}  // namespace unhidra::client::testing
