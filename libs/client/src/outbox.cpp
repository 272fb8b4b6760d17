// What this device sends. A message is stored and queued first; its ciphertexts are made once, one
// a device, and stored with the advanced sessions before they leave. A repeated send carries the
// same id and the same bytes, so it is answered as the first time.

#include "unhidra/base/text.h"

#include "engine_impl.h"
#include "files.h"
#include "padding.h"

namespace unhidra::client {

namespace {

constexpr std::size_t kMaxControl = 100;
constexpr std::string_view kNoDevices = "client.no_recipient_device";

// What the server is told, so that the files go when the message goes.
Result<std::vector<wire::FileId>> files_of(const OutboxRecord& record) {
  if (!record.is_message()) {
    return std::vector<wire::FileId>();
  }
  UNHIDRA_TRY(const auto content, wire::decode<wire::Content>(record.content.expose()));
  return file_ids_of(content);
}

}  // namespace

void Engine::Impl::save(const OutboxRecord& record) {
  tx_.put(Table::outbox, record.record_key(), record.encode());
}

void Engine::Impl::enqueue(OutboxRecord record) {
  record.order = progress_.next_outbox++;
  save(record);
  const auto order = record.order;
  outbox_.insert_or_assign(order, std::move(record));
}

Status Engine::Impl::check_text(std::string_view text) const {
  if (text.empty() || !is_valid_utf8(text)) {
    return fail(Errc::bad_text, "the text is empty or not well-formed UTF-8");
  }
  if (text.size() > limits_.max_text) {
    return fail(Errc::message_too_large,
                "the text has more than " + std::to_string(limits_.max_text) + " bytes");
  }
  if (outbox_.size() >= limits_.max_outbox) {
    return fail(Errc::outbox_full, "too many messages wait to be sent already");
  }
  return {};
}

Result<MessageId> Engine::Impl::send_text(ConversationId id, std::string_view text) {
  const auto found = conversations_.find(id);
  if (found == conversations_.end()) {
    return fail(Errc::not_found, "no such conversation is known here");
  }
  if (!found->second.is_group()) {
    return send_text(found->second.peer, text);
  }
  UNHIDRA_TRY_VOID(check_text(text));
  if (groups_.at(id).record.is_gone()) {
    return fail(Errc::not_in_group, "this device is no longer in the group");
  }
  wire::Text sent{.body = std::string(text)};
  UNHIDRA_TRY_VOID(add_emoji(id, sent));
  wire::Content content;
  content.body = std::move(sent);
  return enqueue_content(UserId(), id, std::move(content));
}

Result<MessageId> Engine::Impl::send_text(UserId peer, std::string_view text) {
  UNHIDRA_TRY_VOID(check_text(text));
  if (peer == self_->user || peer.is_nil()) {
    return fail(Errc::not_found, "there is nobody to send to");
  }
  wire::Text sent{.body = std::string(text)};
  if (const auto* known = conversation_of(peer)) {
    UNHIDRA_TRY_VOID(add_emoji(known->id, sent));
  }
  wire::Content content;
  content.body = std::move(sent);
  return enqueue_content(peer, ConversationId(), std::move(content));
}

void Engine::Impl::enqueue_control(UserId peer, DeviceId target, wire::Content content) {
  if (outbox_.size() >= limits_.max_outbox + kMaxControl) {
    return;
  }
  content.peer_user_id = peer;
  wire::Content nothing;
  nothing.peer_user_id = peer;
  OutboxRecord record;
  record.id = MessageId::make(clock_, random_);
  record.peer = peer;
  record.sent_at = clock_.now();
  record.envelope = envelope_of(content);
  record.content = encode_content(std::move(nothing));
  record.target = target;
  record.target_content = encode_content(std::move(content));
  mark_seen(self_->device, record.id, {});
  if (const auto* known = conversation_of(peer)) {
    record.conversation = known->id;
  }
  enqueue(std::move(record));
}

// The text of an own message in the history of its conversation, once that is known.
Status Engine::Impl::place_in_history(OutboxRecord& record) {
  if (!record.is_message() || record.index || record.conversation.is_nil()) {
    return {};
  }
  UNHIDRA_TRY(auto content, wire::decode<wire::Content>(record.content.expose()));
  Message message;
  message.conversation = record.conversation;
  message.id = record.id;
  message.sender_user = self_->user;
  message.sender_device = self_->device;
  message.sent_at = record.sent_at;
  message.state = MessageState::queued;
  if (const auto* text = std::get_if<wire::Text>(&content.body)) {
    fill_text(message, *text);
  }
  auto& conversation = conversations_.at(record.conversation);
  conversation.last_activity = std::max(conversation.last_activity, record.sent_at);
  append_message(message);
  record.index = message.index;
  save(record);
  mark_seen(self_->device, record.id, {std::pair(message.conversation, message.index)});
  UNHIDRA_TRY_VOID(note_emoji(message));
  UNHIDRA_TRY(const auto root, note_reply(message));
  emit(event::MessageStateChanged{std::move(message)});
  return tell_thread(record.conversation, root);
}

Status Engine::Impl::set_state(const OutboxRecord& record, MessageState state,
                               std::string failure) {
  if (!record.is_message()) {
    if (state == MessageState::failed && !record.target) {
      UNHIDRA_TRY(const auto content, wire::decode<wire::Content>(record.content.expose()));
      tell_action(record, content, std::move(failure));
    }
    return {};
  }
  if (!record.index) {
    Message message;
    message.id = record.id;
    message.sender_user = self_->user;
    message.sender_device = self_->device;
    message.sent_at = record.sent_at;
    message.state = state;
    message.failure = std::move(failure);
    emit(event::MessageStateChanged{std::move(message)});
    return {};
  }
  UNHIDRA_TRY(auto stored, stored_at(record.conversation, *record.index));
  if (!stored || (stored->message.state == state && stored->message.failure == failure)) {
    return {};
  }
  stored->message.state = state;
  stored->message.failure = std::move(failure);
  save(*stored);
  if (state == MessageState::failed) {
    UNHIDRA_TRY_VOID(forget_emoji(stored->message));
  }
  emit(event::MessageStateChanged{show(*stored)});
  return {};
}

std::vector<std::uint64_t> Engine::Impl::sends_in_flight() const {
  std::vector<std::uint64_t> orders;
  for (const auto& [id, pending] : link_.pending) {
    const auto asked = pending.question.ask;
    if (asked == Ask::send || asked == Ask::send_group) {
      orders.push_back(pending.number);
    }
  }
  return orders;
}

Status Engine::Impl::pump_outbox() {
  for (auto& [order, record] : outbox_) {
    if (record.conversation.is_nil()) {
      if (const auto* known = conversation_of(record.peer)) {
        record.conversation = known->id;
        save(record);
      }
    }
    UNHIDRA_TRY_VOID(place_in_history(record));
  }
  // Nothing is encrypted before this device is sure that it is approved and its store is no old
  // copy.
  if (!link_.greeted || progress_.membership != Membership::approved || !link_.own_list_known ||
      link_.own_list_absent || progress_.keys_dirty || !link_.conversations_known ||
      !link_.logs.empty()) {
    return {};
  }
  const auto sent = sends_in_flight();
  auto in_flight = sent.size();
  std::set<std::pair<UserId, ConversationId>> held_up;  // texts to one place keep their order
  for (auto at = outbox_.begin(); at != outbox_.end();) {
    auto& record = (at++)->second;  // it may be given up
    if (in_flight >= limits_.max_in_flight_sends) {
      break;
    }
    const auto order = record.order;
    if (std::ranges::find(sent, order) != sent.end()) {
      continue;  // while it is out, nothing else is asked for its place
    }
    const bool to_group = record.peer.is_nil();
    const auto place = std::pair(record.peer, to_group ? record.conversation : ConversationId());
    const bool text = !record.target;
    if (text && held_up.contains(place)) {
      continue;
    }
    UNHIDRA_TRY(const auto outcome, to_group ? prepare_for_group(record) : prepare(record));
    if (outcome == Outcome::wait) {
      if (text && outbox_.contains(order)) {
        held_up.insert(place);
      }
      continue;
    }
    UNHIDRA_TRY(auto files, files_of(record));
    if (to_group) {
      wire::SendGroupMessage body{record.conversation,
                                  groups_.at(record.conversation).record.cursor,
                                  record.id,
                                  record.sent_at,
                                  record.ciphertexts.front().ciphertext,
                                  record.envelope.kind,
                                  record.envelope.refers_to,
                                  std::move(files)};
      requests_.ask({Ask::send_group, record.conversation.uuid()}, std::move(body)).number = order;
    } else {
      wire::SendMessage body{record.conversation,  record.id,
                             record.sent_at,       record.ciphertexts,
                             record.envelope.kind, record.envelope.refers_to,
                             std::move(files)};
      requests_.ask({Ask::send, record.conversation.uuid()}, std::move(body)).number = order;
    }
    ++in_flight;
    if (text) {
      held_up.insert(place);
    }
  }
  return {};
}

Result<Engine::Impl::Outcome> Engine::Impl::prepare(OutboxRecord& record) {
  const auto later = link_.send_not_before.find(record.order);
  if (later != link_.send_not_before.end() && later->second > clock_.steady_now()) {
    return Outcome::wait;
  }
  UNHIDRA_TRY(const auto addressed, address(record));
  if (addressed == Outcome::wait || !requests_.may_ask({Ask::send, record.conversation.uuid()})) {
    return Outcome::wait;
  }
  return encrypt_missing(record);
}

// Conversation and device list of the peer, and whether its identity may be written to.
Result<Engine::Impl::Outcome> Engine::Impl::address(OutboxRecord& record) {
  const auto& peer = user_record(record.peer);
  if (peer.changed || user_record(self_->user).changed) {
    UNHIDRA_TRY_VOID(set_state(record, MessageState::blocked));
    return Outcome::wait;
  }
  if (link_.wanted_lists.contains(record.peer)) {
    return Outcome::wait;
  }
  if (!peer.list) {
    if (!link_.asked_lists.contains(record.peer)) {
      want_list(record.peer);
      UNHIDRA_TRY_VOID(pump_people());
      return Outcome::wait;
    }
    link_.asked_lists.erase(record.peer);  // asked again with the next attempt
    UNHIDRA_TRY_VOID(try_later(record, std::string(kNoDevices), 0));
    return Outcome::wait;
  }
  if (record.conversation.is_nil()) {
    link_.wanted_conversations.insert(record.peer);
    UNHIDRA_TRY_VOID(pump_conversations());
    return Outcome::wait;
  }
  return Outcome::done;
}

std::vector<std::pair<UserId, identity::DeviceKeys>> Engine::Impl::targets(
    const OutboxRecord& record) const {
  std::vector<std::pair<UserId, identity::DeviceKeys>> out;
  const auto add = [&](UserId id) {
    const auto found = users_.find(id);
    if (found == users_.end() || !found->second.list) {
      return;
    }
    for (const auto& keys : found->second.list->devices) {
      if (keys.device_id != self_->device && !found->second.revoked.contains(keys.device_id)) {
        out.emplace_back(id, keys);
      }
    }
  };
  add(self_->user);
  if (record.peer != self_->user) {
    add(record.peer);
  }
  return out;
}

Result<Engine::Impl::Outcome> Engine::Impl::encrypt_missing(OutboxRecord& record) {
  const auto all = targets(record);
  std::erase_if(record.ciphertexts, [&](const wire::DeviceCiphertext& one) {
    return std::ranges::none_of(
        all, [&](const auto& target) { return target.second.device_id == one.device_id; });
  });
  const auto has = [&](DeviceId device) {
    return std::ranges::any_of(record.ciphertexts,
                               [&](const auto& one) { return one.device_id == device; });
  };
  std::map<UserId, std::vector<DeviceId>> bundles;
  std::vector<std::pair<UserId, identity::DeviceKeys>> ready;
  bool reaches_peer = record.peer == self_->user && !all.empty();
  bool reaches_target = !record.target || has(*record.target);
  for (const auto& [user, keys] : all) {
    if (has(keys.device_id)) {
      reaches_peer = reaches_peer || user == record.peer;
      continue;
    }
    UNHIDRA_TRY(const auto* peer, peer_record(user, keys));
    const auto barren = link_.no_bundle.find(keys.device_id);
    if (peer->sessions.can_encrypt(clock_.now())) {
      ready.emplace_back(user, keys);
      reaches_peer = reaches_peer || user == record.peer;
      reaches_target = reaches_target || keys.device_id == record.target;
    } else if (barren == link_.no_bundle.end() || barren->second <= clock_.steady_now()) {
      bundles[user].push_back(keys.device_id);
    }
  }
  if (!bundles.empty()) {
    for (auto& [user, devices] : bundles) {
      if (requests_.may_ask({Ask::bundles, user.uuid()})) {
        auto body = wire::FetchPreKeyBundles{user, devices};
        requests_.ask({Ask::bundles, user.uuid()}, std::move(body)).devices = std::move(devices);
      }
    }
    return Outcome::wait;
  }
  if (!reaches_peer || !reaches_target) {
    UNHIDRA_TRY_VOID(try_later(record, std::string(kNoDevices), 0));
    return Outcome::wait;
  }
  for (const auto& [user, keys] : ready) {
    e2ee::MessageContext context;
    context.conversation = record.conversation;
    context.sender_user = self_->user;
    context.sender_device = self_->device;
    context.recipient_device = keys.device_id;
    context.message_id = record.id;
    context.sent_at = record.sent_at;
    const auto& content = record.target == keys.device_id ? record.target_content : record.content;
    const auto padded = pad(content.expose());
    UNHIDRA_TRY(auto* peer, peer_record(user, keys));
    UNHIDRA_TRY(auto ciphertext, peer->sessions.encrypt(crypto_, random_, local(), context,
                                                        padded.expose(), clock_.now()));
    record.ciphertexts.push_back({keys.device_id, std::move(ciphertext)});
    save(*peer);
  }
  save(record);
  return Outcome::done;
}

}  // namespace unhidra::client
