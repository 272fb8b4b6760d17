// What was inside the encryption.

#include "engine_impl.h"
#include "padding.h"

namespace unhidra::client {

namespace {

constexpr std::size_t kMaxResetIds = 100;

}  // namespace

Status Engine::Impl::on_content(const wire::InboxEntry& entry, ByteView plaintext) {
  const auto refuse = [&](UnreadableReason reason) {
    mark_seen(entry.sender_device_id, entry.message_id, {});
    return unreadable(entry, reason);
  };
  const auto bytes = unpad(plaintext);
  if (!bytes) {
    return refuse(UnreadableReason::malformed);
  }
  auto content = wire::decode<wire::Content>(*bytes);
  if (!content || !content->peer_user_id) {
    return refuse(UnreadableReason::malformed);
  }
  const bool copy = entry.sender_user_id == self_->user;
  if (!copy && *content->peer_user_id != self_->user) {
    return refuse(UnreadableReason::not_a_member);
  }
  const auto peer = copy ? *content->peer_user_id : entry.sender_user_id;
  const auto conversation = conversations_.find(entry.conversation_id);
  if (conversation != conversations_.end() && conversation->second.peer != peer) {
    return refuse(UnreadableReason::not_a_member);
  }
  if (user_record(peer).username.empty() && !link_.asked_names.contains(peer)) {
    link_.wanted_names.insert(peer);  // a copy of what another own device wrote to somebody new
  }
  auto& record = conversation_record(entry.conversation_id, peer);
  record.note_seq(entry.seq);
  if (const auto* text = std::get_if<wire::Text>(&content->body)) {
    return on_text(entry, text->body, peer);
  }
  save(record);
  mark_seen(entry.sender_device_id, entry.message_id, {});
  if (const auto* share = std::get_if<wire::AccountKeyShare>(&content->body)) {
    return copy ? adopt_account_key(share->account_private_key) : Status();
  }
  if (const auto* reset = std::get_if<wire::SessionReset>(&content->body)) {
    return on_session_reset(entry, *reset);
  }
  return {};  // nothing for this device, or of a kind that it does not know
}

Status Engine::Impl::on_text(const wire::InboxEntry& entry, const std::string& text, UserId peer) {
  Message message = message_of(entry);
  message.state = MessageState::received;
  message.text = text;
  conversation_record(entry.conversation_id, peer).last_activity =
      std::max(conversation_record(entry.conversation_id, peer).last_activity, entry.received_at);
  append_message(message);
  mark_seen(entry.sender_device_id, entry.message_id,
            {std::pair(message.conversation, message.index)});
  emit_named(peer, event::MessageReceived{std::move(message)});
  return {};
}

Status Engine::Impl::on_session_reset(const wire::InboxEntry& entry,
                                      const wire::SessionReset& reset) {
  event::PeerCouldNotRead told{entry.sender_user_id, entry.sender_device_id, {}};
  for (const auto& id : reset.unreadable_message_ids) {
    if (told.messages.size() >= kMaxResetIds) {
      break;
    }
    UNHIDRA_TRY(const auto known, seen(self_->device, id));
    if (!known) {
      continue;
    }
    told.messages.push_back(id);
    if (!known->place) {
      continue;
    }
    UNHIDRA_TRY(auto message, message_at(known->place->first, known->place->second));
    if (message) {
      ++message->unread_by;
      save(*message);
      emit(event::MessageStateChanged{std::move(*message)});
    }
  }
  if (!told.messages.empty()) {
    emit(std::move(told));
  }
  return {};
}

}  // namespace unhidra::client
