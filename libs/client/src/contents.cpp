// What was inside the encryption.

#include "engine_impl.h"

namespace unhidra::client {

namespace {

constexpr std::size_t kMaxResetIds = 100;

}  // namespace

Status Engine::Impl::on_content(const wire::InboxEntry& entry, ByteView plaintext) {
  const auto refuse = [&](UnreadableReason reason) {
    mark_seen(entry.sender_device_id, entry.message_id, {});
    return unreadable(entry, reason);
  };
  auto content = parse_content(plaintext);
  if (!content || !content->peer_user_id) {
    return refuse(!content && content.error() == Errc::unsupported ? UnreadableReason::unsupported
                                                                   : UnreadableReason::malformed);
  }
  if (!fits({entry.message_kind, entry.refers_to}, *content)) {
    return refuse(UnreadableReason::mislabelled);
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
  want_name(peer);  // it may be a copy of what another own device wrote to somebody new
  auto& record = conversation_record(entry.conversation_id, peer);
  record.note_seq(entry.seq);
  if (const auto* text = std::get_if<wire::Text>(&content->body)) {
    return on_text(message_of(entry), *text, peer);
  }
  save(record);
  mark_seen(entry.sender_device_id, entry.message_id, {});
  if (const auto* share = std::get_if<wire::AccountKeyShare>(&content->body)) {
    return copy ? adopt_account_key(share->account_private_key) : Status();
  }
  if (const auto* reset = std::get_if<wire::SessionReset>(&content->body)) {
    return on_session_reset(entry, *reset);
  }
  if (const auto* history = std::get_if<wire::HistoryTransfer>(&content->body)) {
    return on_history(entry, *history);
  }
  return apply({entry.conversation_id, entry.sender_user_id, entry.seq, entry.received_at},
               *content);
}

Status Engine::Impl::on_text(Message message, const wire::Text& text, UserId peer) {
  message.state = MessageState::received;
  fill_text(message, text);
  return place(std::move(message), peer);
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
    UNHIDRA_TRY(auto stored, stored_at(known->place->first, known->place->second));
    if (stored) {
      ++stored->message.unread_by;
      save(*stored);
      emit(event::MessageStateChanged{show(*stored)});
    }
  }
  if (!told.messages.empty()) {
    emit(std::move(told));
  }
  return {};
}

}  // namespace unhidra::client
