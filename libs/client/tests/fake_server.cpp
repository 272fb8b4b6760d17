#include "fake_server.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "unhidra/identity/prekeys.h"
#include "unhidra/wire/codec.h"

namespace unhidra::client::testing {

UserId FakeServer::add_user(const std::string& name) {
  const auto id = UserId::make(*clock_, *random_);
  users_[id].name = name;
  return id;
}

DeviceId FakeServer::add_device(UserId user, const std::string& name) {
  const auto id = DeviceId::make(*clock_, *random_);
  devices_[id].user = user;
  devices_[id].name = name;
  return id;
}

void FakeServer::revoke_device(DeviceId id) {
  devices_.at(id).revoked = true;
  disconnect(id);
  propose_removals(id);
}

void FakeServer::connect(DeviceId id) {
  disconnect(id);
  online_.insert(id);
  const auto& device = devices_.at(id);
  wire::Hello hello;
  hello.user_id = device.user;
  hello.device_id = id;
  hello.connection_id = ConnectionId::make(*clock_, *random_);
  hello.server_time = clock_->now();
  hello.token_expires_at = clock_->now() + std::chrono::minutes(15);
  hello.inbox_head = device.inbox_head;
  hello.max_frame_size = 1 << 20;
  hello.external_sender_key = to_array<32>(external_sender_->public_key()).value();
  push(id, hello);
}

void FakeServer::disconnect(DeviceId id) {
  online_.erase(id);
  watched_.erase(id);
  show(id, wire::PresenceState::offline);
  outgoing_[id].clear();
}

void FakeServer::push(DeviceId to, Reply body, std::uint64_t request_id) {
  if (online_.contains(to)) {
    outgoing_[to].push_back({request_id, std::move(body)});
  }
}

void FakeServer::handle(DeviceId from, ByteView bytes) {
  if (!online_.contains(from)) {
    return;
  }
  const auto frame = wire::decode<wire::ClientFrame>(bytes);
  ASSERT_TRUE(frame) << frame.error().message();
  ++requests_;
  push(from, std::visit([&](const auto& body) { return reply(from, body); }, frame->body),
       frame->request_id);
}

FakeServer::Reply FakeServer::reply(DeviceId, const std::monostate&) {
  return error(400, "gateway.unknown_request");
}
FakeServer::Reply FakeServer::reply(DeviceId, const wire::Authenticate&) {
  return wire::Authenticated{clock_->now() + std::chrono::minutes(15)};
}
FakeServer::Reply FakeServer::reply(DeviceId from, const wire::SetPresence& body) {
  ++presence_requests.set;
  if (presence_error) {
    return *presence_error;
  }
  show(from, body.state);
  return wire::Done{};
}
FakeServer::Reply FakeServer::reply(DeviceId from, const wire::WatchPresence& body) {
  ++presence_requests.watch;
  if (presence_error) {
    return *presence_error;
  }
  watched_[from] = {body.user_ids.begin(), body.user_ids.end()};
  wire::PresenceSnapshot out;
  for (const auto& user : watched_[from]) {
    if (users_.contains(user)) {
      out.users.push_back({user, presence(user), clock_->now()});
    }
  }
  return out;
}

wire::PresenceState FakeServer::presence(UserId user) const {
  auto out = wire::PresenceState::offline;
  for (const auto& [device, state] : shown_) {
    if (devices_.at(device).user == user && out != wire::PresenceState::online) {
      out = state;
    }
  }
  return out;
}

void FakeServer::show(DeviceId device, wire::PresenceState state) {
  const auto user = devices_.at(device).user;
  const auto before = presence(user);
  shown_.erase(device);
  if (state != wire::PresenceState::offline) {
    shown_.emplace(device, state);
  }
  if (presence(user) == before) {
    return;
  }
  for (const auto& [watcher, users] : watched_) {
    if (users.contains(user)) {
      push(watcher, wire::PresenceChange{user, presence(user), clock_->now()});
    }
  }
}

FakeServer::Reply FakeServer::reply(DeviceId, const wire::LookUpUser& body) {
  for (const auto& [id, user] : users_) {
    const auto* name = std::get_if<std::string>(&body.by);
    const auto* wanted = std::get_if<UserId>(&body.by);
    if ((name != nullptr && user.name == *name) || (wanted != nullptr && id == *wanted)) {
      return info_of(id);
    }
  }
  return error(404, "chat.not_found");
}

wire::UserInfo FakeServer::info_of(UserId id) const {
  const auto& user = users_.at(id);
  return {id, user.name, user.display_name.empty() ? user.name : user.display_name};
}

void FakeServer::rename(UserId user, const std::string& display_name) {
  users_.at(user).display_name = display_name;
  users_.at(user).renamed_at = clock_->now();
  for (const auto& device : online_) {
    push(device, wire::ProfileChanged{info_of(user)});
  }
}

// One at a time, so that pages are followed.
FakeServer::Reply FakeServer::reply(DeviceId, const wire::ListPeople& body) {
  wire::People out;
  std::map<std::string, UserId> found;
  for (const auto& [id, user] : users_) {
    const bool renamed = user.renamed_at >= body.changed_since && !user.display_name.empty();
    if (user.name > as_text(body.cursor) && user.name.starts_with(body.search) &&
        (body.changed_since == Timestamp() || renamed)) {
      found.emplace(user.name, id);
    }
  }
  ++people_asked;
  if (!found.empty()) {
    out.people.push_back(info_of(found.begin()->second));
    if (found.size() > 1) {
      out.next_cursor = to_bytes(found.begin()->first);
    }
  }
  return out;
}

FakeServer::Reply FakeServer::reply(DeviceId from, const wire::PublishKeys& body) {
  auto& device = devices_.at(from);
  if (device.keys && (device.keys->identity_key != body.identity_key ||
                      device.keys->signing_key != body.signing_key)) {
    return error(409, "chat.keys_fixed");
  }
  for (const auto& key : body.one_time_pre_keys) {
    if (key.id <= device.highest_one_time) {
      return error(422, "chat.prekey_id");
    }
    device.highest_one_time = key.id;
    device.one_time.emplace(key.id, key);
  }
  device.keys = body;
  device.keys->one_time_pre_keys.clear();
  return wire::Done{};
}

FakeServer::Reply FakeServer::reply(DeviceId from, const wire::CountPreKeys&) {
  return wire::PreKeyCount{static_cast<std::uint32_t>(devices_.at(from).one_time.size())};
}

FakeServer::Reply FakeServer::reply(DeviceId, const wire::FetchPreKeyBundles& body) {
  wire::PreKeyBundles out;
  out.user_id = body.user_id;
  for (auto& [id, device] : devices_) {
    const bool asked =
        body.device_ids.empty() || std::ranges::find(body.device_ids, id) != body.device_ids.end();
    if (device.user != body.user_id || !asked || !device.keys || device.revoked) {
      continue;
    }
    wire::PreKeyBundle bundle;
    bundle.device_id = id;
    bundle.identity_key = bundle_identity_lie.value_or(device.keys->identity_key);
    bundle.signing_key = device.keys->signing_key;
    bundle.signed_pre_key = device.keys->signed_pre_key;
    if (!device.one_time.empty()) {
      bundle.one_time_pre_key = device.one_time.begin()->second;
      device.one_time.erase(device.one_time.begin());
    }
    out.bundles.push_back(bundle);
    if (device.one_time.size() < 20) {
      push(id, wire::PreKeysLow{static_cast<std::uint32_t>(device.one_time.size())});
    }
  }
  return out;
}

FakeServer::Reply FakeServer::reply(DeviceId from, const wire::FetchKeyDigest&) {
  const auto& device = devices_.at(from);
  if (!device.keys) {
    return error(404, "chat.not_found");
  }
  const auto signed_key = [](const wire::SignedPreKey& key, bool last_resort) {
    identity::SignedPreKey out;
    out.id = key.id;
    out.key = crypto::X25519PublicKey(key.public_key);
    out.created_at = key.created_at;
    out.last_resort = last_resort;
    return out;
  };
  identity::PublishedKeys keys;
  keys.device = {from, crypto::X25519PublicKey(device.keys->identity_key),
                 crypto::Ed25519PublicKey(device.keys->signing_key)};
  keys.signed_prekey = signed_key(*device.keys->signed_pre_key, false);
  keys.last_resort_prekey = signed_key(*device.keys->last_resort_pre_key, true);
  auto digest = identity::key_digest(*crypto_, keys);
  digest[0] ^= digest_lie ? 1 : 0;
  return wire::KeyDigest{digest};
}

FakeServer::Reply FakeServer::reply(DeviceId from, const wire::PublishDeviceList& body) {
  const auto owner = devices_.at(from).user;
  auto& user = users_.at(owner);
  const auto list = identity::open_device_list(*crypto_, owner, body.document);
  if (!list) {
    return error(422, std::string(list.error().code().name));
  }
  if (user.list == body.document) {
    return wire::Done{};
  }
  if (!user.list.empty()) {
    const auto known = identity::decode_device_list(user.list);
    const bool anew = known->account_key != list->account_key && list->version == 1 &&
                      std::ranges::all_of(known->devices, [this](const auto& one) {
                        return devices_.at(one.device_id).revoked;
                      });
    if (!anew && !identity::check_successor(*crypto_, *known, *list)) {
      return error(409, "chat.stale_list");
    }
    user.older_lists.push_back(user.list);
  }
  user.list = body.document;
  user.members.clear();
  for (const auto& device : list->devices) {
    user.members.insert(device.device_id);
  }
  announce_list(owner);
  return wire::Done{};
}

void FakeServer::announce_list(UserId user) {
  for (const auto& [id, device] : devices_) {
    push(id, wire::DeviceListChanged{user, 0});
  }
}

FakeServer::Reply FakeServer::reply(DeviceId, const wire::FetchDeviceLists& body) {
  lists_asked.push_back(body.user_ids.size());
  if (lists_error) {
    return *lists_error;
  }
  wire::DeviceLists out;
  for (const auto& id : body.user_ids) {
    if (!users_.contains(id)) {
      continue;
    }
    const auto& user = users_.at(id);
    wire::DeviceListOf list{id, user.list, {}};
    if (list_lie && id == lied_about) {
      list.document = *list_lie;
    }
    if (body.naming_device_id) {
      for (const auto& older : user.older_lists) {
        if (identity::decode_device_list(older)->find(*body.naming_device_id) != nullptr) {
          list.earlier_document = older;
        }
      }
    }
    for (const auto& member : user.members) {
      if (devices_.at(member).revoked) {
        list.revoked_device_ids.push_back(member);
      }
    }
    out.lists.push_back(std::move(list));
  }
  return out;
}

FakeServer::Reply FakeServer::reply(DeviceId from, const wire::ListPendingDevices&) {
  wire::PendingDevices out;
  const auto owner = devices_.at(from).user;
  for (const auto& [id, device] : devices_) {
    if (device.user == owner && device.keys && !device.revoked &&
        !users_.at(owner).members.contains(id)) {
      out.devices.push_back(
          {id, device.name, device.keys->identity_key, device.keys->signing_key, clock_->now()});
    }
  }
  return out;
}

FakeServer::Reply FakeServer::reply(DeviceId from, const wire::OpenDirectConversation& body) {
  const std::set<UserId> members{devices_.at(from).user, body.user_id};
  if (!users_.contains(body.user_id)) {
    return error(404, "chat.not_found");
  }
  const auto answer = [](const auto& id, const ConversationState& state) {
    return wire::Conversation{
        id, {state.members.begin(), state.members.end()}, state.log.size(), state.created_at};
  };
  for (const auto& [id, state] : conversations_) {
    if (state.members == members) {
      return answer(id, state);
    }
  }
  const auto id = ConversationId::make(*clock_, *random_);
  conversations_[id].members = members;
  conversations_[id].created_at = clock_->now();
  return answer(id, conversations_[id]);
}

// Newest activity first, a page at a time.
FakeServer::Reply FakeServer::reply(DeviceId from, const wire::ListConversations& body) {
  ++conversations_asked;
  if (conversations_error) {
    return *conversations_error;
  }
  wire::Conversations out;
  for (const auto& [id, state] : conversations_) {
    if (state.members.contains(devices_.at(from).user)) {
      const auto& members = members_lie ? *members_lie : state.members;
      out.conversations.push_back(
          {id, {members.begin(), members.end()}, state.log.size(), state.created_at});
    }
  }
  list_groups(from, out);
  std::ranges::stable_sort(out.conversations, std::greater<>(),
                           [&](const auto& one) { return last_activity(one.conversation_id); });
  const auto begin =
      std::min<std::size_t>(body.cursor.empty() ? 0 : std::stoul(std::string(as_text(body.cursor))),
                            out.conversations.size());
  const auto end = std::min(begin + most_conversations, out.conversations.size());
  if (end < out.conversations.size()) {
    out.next_cursor = to_bytes(as_bytes(std::to_string(end)));
  }
  out.conversations = {out.conversations.begin() + static_cast<std::ptrdiff_t>(begin),
                       out.conversations.begin() + static_cast<std::ptrdiff_t>(end)};
  return out;
}

Timestamp FakeServer::last_activity(ConversationId id) const {
  if (const auto group = groups_.find(id); group != groups_.end()) {
    return group->second.log.empty() ? Timestamp() : group->second.log.back().received_at;
  }
  const auto& log = conversations_.at(id).log;
  return log.empty() ? Timestamp() : log.back().received_at;
}

std::set<DeviceId> FakeServer::recipients(const ConversationState& conversation,
                                          DeviceId but) const {
  std::set<DeviceId> out;
  for (const auto& member : conversation.members) {
    for (const auto& device : users_.at(member).members) {
      if (device != but && !devices_.at(device).revoked) {
        out.insert(device);
      }
    }
  }
  return out;
}

FakeServer::Reply FakeServer::reply(DeviceId from, const wire::SendMessage& body) {
  if (send_error) {
    return *send_error;
  }
  const auto found = conversations_.find(body.conversation_id);
  if (found == conversations_.end() || !found->second.members.contains(devices_.at(from).user)) {
    return error(404, "chat.not_found");
  }
  auto& state = found->second;
  const auto again = state.accepted.find({from, body.message_id});
  if (again != state.accepted.end()) {
    return wire::SendOutcome{again->second};
  }
  wire::StaleDevices stale;
  auto lacking = recipients(state, from);
  for (const auto& one : body.ciphertexts) {
    if (lacking.erase(one.device_id) == 0) {
      stale.extra_device_ids.push_back(one.device_id);
    }
  }
  for (const auto& device : lacking) {
    stale.missing.push_back({devices_.at(device).user, device});
  }
  if (ghost) {
    stale.missing.push_back(*ghost);
  }
  if (!stale.missing.empty() || !stale.extra_device_ids.empty()) {
    return wire::SendOutcome{stale};
  }
  if (const auto refused = check_reference(state.log, from, body.kind, body.refers_to)) {
    return *refused;
  }
  const wire::Accepted accepted{state.log.size() + 1, clock_->now()};
  const auto sender = devices_.at(from).user;
  state.log.push_back(
      {accepted.seq, body.message_id, sender, from, body.sent_at, accepted.received_at});
  state.accepted.emplace(std::pair(from, body.message_id), accepted);
  for (const auto& one : body.ciphertexts) {
    deliver(one.device_id,
            {0, body.conversation_id, accepted.seq, body.message_id, sender, from, body.sent_at,
             accepted.received_at, one.ciphertext, wire::InboxKind::message,
             kind_lie.value_or(body.kind), body.refers_to});
  }
  return wire::SendOutcome{accepted};
}

FakeServer::Reply FakeServer::reply(DeviceId from, const wire::SendTyping& body) {
  const auto sender = devices_.at(from).user;
  std::set<DeviceId> to;
  if (const auto pair = conversations_.find(body.conversation_id); pair != conversations_.end()) {
    to = recipients(pair->second, from);
  } else if (const auto group = groups_.find(body.conversation_id); group != groups_.end()) {
    for (const auto& [device, stays] : group->second.stays) {
      to.insert(device);
    }
  }
  for (const auto& device : to) {
    if (devices_.at(device).user != sender) {
      push(device, wire::Typing{body.conversation_id, sender, body.active});
    }
  }
  return wire::Done{};
}

FakeServer::Reply FakeServer::reply(DeviceId from, const wire::ReportReceipts& body) {
  const auto user = devices_.at(from).user;
  reports.emplace_back(clock_->steady_now(), user);
  if (report_error) {
    return *report_error;
  }
  for (const auto& mark : body.marks) {
    auto& known = reported[mark.conversation_id][user];
    known.read_seq = std::max(known.read_seq, mark.read_seq);
    known.delivered_seq = std::max({known.delivered_seq, mark.delivered_seq, mark.read_seq});
  }
  return wire::Done{};
}

FakeServer::Reply FakeServer::reply(DeviceId, const wire::FetchReceiptCounts& body) {
  ++counts_asked;
  wire::ReceiptCounts out{body.conversation_id, {}, 2000};
  const auto& log = groups_.at(body.conversation_id).log;
  for (const auto seq : body.seqs) {
    wire::ReceiptCount count{seq, 0, 0, 0};
    for (const auto& [user, mark] : reported[body.conversation_id]) {
      if (user != log.at(seq - 1).sender_user_id) {
        count.delivered += mark.delivered_seq >= seq ? 1 : 0;
        count.read += mark.read_seq >= seq ? 1 : 0;
        ++count.people;
      }
    }
    out.counts.push_back(count);
  }
  return out;
}

FakeServer::Reply FakeServer::reply(DeviceId from, const wire::WithdrawReceipts&) {
  for (auto& [conversation, people] : reported) {
    people.erase(devices_.at(from).user);
  }
  return wire::Done{};
}

void FakeServer::decide(const wire::ChatPolicy& policy) {
  edit_window_s = policy.edit_window_s;
  receipts_allowed = policy.receipts;
  for (const auto device : online_) {
    push(device, wire::ChatPolicyChanged{policy});
  }
}

void FakeServer::deliver(DeviceId to, wire::InboxEntry entry) {
  if (withhold > 0) {
    --withhold;
    return;
  }
  auto& device = devices_.at(to);
  entry.position = ++device.inbox_head;
  if (flip_for == to) {
    entry.ciphertext.back() ^= 1;
  }
  device.inbox.push_back(entry);
  if (!drop_events) {
    push(to, std::move(entry));
  }
}

FakeServer::Reply FakeServer::reply(DeviceId from, const wire::FetchInbox& body) {
  auto& device = devices_.at(from);
  wire::Inbox out;
  out.head = device.inbox_head;
  for (const auto& entry : device.inbox) {
    if (entry.position > body.after && out.entries.size() < 7) {  // small pages
      out.entries.push_back(entry);
    }
  }
  return out;
}

FakeServer::Reply FakeServer::reply(DeviceId from, const wire::AcknowledgeInbox& body) {
  auto& device = devices_.at(from);
  device.acknowledged = std::max(device.acknowledged, body.up_to);
  std::erase_if(device.inbox,
                [&](const auto& entry) { return entry.position <= device.acknowledged; });
  return wire::Done{};
}

FakeServer::Reply FakeServer::reply(DeviceId, const wire::FetchLog& body) {
  const auto& state = conversations_.at(body.conversation_id);
  wire::Log out;
  out.head_seq = state.log.size();
  for (const auto& entry : state.log) {
    if (entry.seq > body.after_seq && out.entries.size() < 5) {
      out.entries.push_back(entry);
    }
  }
  return out;
}

}  // namespace unhidra::client::testing
