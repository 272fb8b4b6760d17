#pragma once
// A chat server in memory, as gateway.proto describes it: keys, device lists, conversations, logs
// and inboxes. Where a test says so it lies, as a hostile server could.

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "unhidra/base/id.h"
#include "unhidra/crypto/provider.h"
#include "unhidra/wire/frames.h"

namespace unhidra::client::testing {

class FakeServer {
 public:
  FakeServer(const crypto::Provider& crypto, RandomSource& random, const Clock& clock)
      : crypto_(&crypto), random_(&random), clock_(&clock) {}

  UserId add_user(const std::string& name);
  DeviceId add_device(UserId user, const std::string& name);
  void revoke_device(DeviceId device);

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
  };
  struct UserState {
    std::string name;
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
  DeviceState& device(DeviceId id) { return devices_.at(id); }
  std::map<DeviceId, DeviceState>& all_devices() { return devices_; }
  UserState& user(UserId id) { return users_.at(id); }
  const std::map<ConversationId, ConversationState>& conversations() const {
    return conversations_;
  }
  std::size_t requests_seen() const { return requests_; }

  // ---- lies ----
  std::optional<Bytes> list_lie;  // answered for `lied_about`
  UserId lied_about;
  std::optional<wire::MissingDevice> ghost;      // demanded in every send
  std::optional<wire::Key> bundle_identity_lie;  // in every bundle
  std::optional<std::set<UserId>> members_lie;   // in every list of conversations
  bool digest_lie = false;
  bool drop_events = false;               // no InboxEntry events
  std::optional<DeviceId> flip_for;       // ciphertexts delivered to it are changed
  std::optional<wire::Error> send_error;  // instead of accepting
  std::size_t withhold = 0;               // so many deliveries are skipped

 private:
  using Reply = decltype(wire::ServerFrame::body);
  Reply reply(DeviceId from, const wire::Authenticate&);
  Reply reply(DeviceId from, const wire::SetPresence&);
  Reply reply(DeviceId from, const wire::WatchPresence&);
  Reply reply(DeviceId from, const wire::LookUpUser&);
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
  Reply reply(DeviceId from, const std::monostate&);
  static wire::Error error(std::uint32_t status, std::string code) {
    return {.code = std::move(code), .message = "refused", .status = status, .retry_after_ms = 0};
  }
  void push(DeviceId to, Reply body, std::uint64_t request_id = 0);
  void deliver(DeviceId to, wire::InboxEntry entry);
  void announce_list(UserId user);
  std::set<DeviceId> recipients(const ConversationState& conversation, DeviceId but) const;

  const crypto::Provider* crypto_;
  RandomSource* random_;
  const Clock* clock_;
  std::map<UserId, UserState> users_;
  std::map<DeviceId, DeviceState> devices_;
  std::map<ConversationId, ConversationState> conversations_;
  std::set<DeviceId> online_;
  std::map<DeviceId, std::deque<wire::ServerFrame>> outgoing_;
  std::size_t requests_ = 0;
};

}  // namespace unhidra::client::testing
