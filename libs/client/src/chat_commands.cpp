// What a person does with messages: write, quote, answer in a thread, edit, delete, react.

#include "unhidra/base/text.h"
#include "unhidra/e2ee/file_name.h"

#include "engine_impl.h"

namespace unhidra::client {

// To a group, or to one person (`conversation` may be nil: not opened yet).
MessageId Engine::Impl::enqueue_content(UserId peer, ConversationId conversation,
                                        wire::Content content, std::optional<MessageId> id) {
  OutboxRecord record;
  record.id = id.value_or(MessageId::make(clock_, random_));
  record.peer = peer;
  record.conversation = conversation;
  record.sent_at = clock_.now();
  record.envelope = envelope_of(content);
  if (!peer.is_nil()) {
    content.peer_user_id = peer;
    const auto* known = conversation.is_nil() ? conversation_of(peer) : nullptr;
    record.conversation = known != nullptr ? known->id : conversation;
  }
  record.content = encode_content(std::move(content));
  const auto given = record.id;
  mark_seen(self_->device, given, {});
  enqueue(std::move(record));
  return given;
}

Result<const ConversationRecord*> Engine::Impl::writable(ConversationId id) const {
  const auto found = conversations_.find(id);
  if (found == conversations_.end()) {
    return fail(Errc::not_found, "no such conversation is known here");
  }
  const auto* hold = found->second.is_group() ? find_group(id) : nullptr;
  if (found->second.is_group() && (hold == nullptr || hold->record.is_gone())) {
    return fail(Errc::not_in_group, "this device is no longer in the group");
  }
  if (outbox_.size() >= limits_.max_outbox) {
    return fail(Errc::outbox_full, "too many messages wait to be sent already");
  }
  return &found->second;
}

Result<wire::Text> Engine::Impl::text_of(const Draft& draft, bool may_be_empty) const {
  if (!draft.text.empty() || !may_be_empty) {
    UNHIDRA_TRY_VOID(check_text(draft.text));
  }
  if (draft.mentions.size() > kMaxMentions) {
    return fail(Errc::message_too_large,
                "a message mentions at most " + std::to_string(kMaxMentions) + " people");
  }
  wire::Text out;
  out.body = draft.text;
  out.mentioned_user_ids = draft.mentions;
  out.mentions_everyone = draft.mentions_everyone;
  if (draft.imported) {
    out.imported = to_wire(*draft.imported);
    if (!is_imported(*out.imported)) {
      return fail(Errc::bad_import,
                  "no message is imported with such an author, system or "
                  "reactions");
    }
  }
  return out;
}

Result<MessageId> Engine::Impl::send_files(ConversationId id, const Draft& draft,
                                           std::vector<e2ee::AttachmentDescriptor>& files) {
  if (files.empty() || files.size() > kMaxAttachments) {
    return fail(Errc::bad_attachment,
                "a message carries 1 to " + std::to_string(kMaxAttachments) + " files");
  }
  std::vector<Bytes> attachments;
  for (auto& file : files) {
    file.name = e2ee::clean_file_name(file.name);
    if (file.verdict) {
      UNHIDRA_TRY_VOID(e2ee::sign_verdict(crypto_, self_->signing, file.object, *file.verdict));
    }
    const auto described = e2ee::encode(file);
    if (!described) {
      return fail(Errc::bad_attachment, described.error().message());
    }
    attachments.push_back(to_bytes(described->expose()));
  }
  return send(id, draft, std::move(attachments));
}

Result<MessageId> Engine::Impl::send(ConversationId id, const Draft& draft,
                                     std::vector<Bytes> attachments) {
  if (draft.id) {
    UNHIDRA_TRY(const bool sent, was_sent(id, *draft.id));
    if (sent) {
      return *draft.id;
    }
  }
  UNHIDRA_TRY(auto text, text_of(draft, !attachments.empty()));
  text.attachments = std::move(attachments);
  UNHIDRA_TRY_VOID(add_emoji(id, text));
  UNHIDRA_TRY(const auto* conversation, writable(id));
  if (draft.thread_root) {
    UNHIDRA_TRY(const auto root, target_of(id, *draft.thread_root));
    text.thread_root = to_wire(root.message.thread_root.value_or(*draft.thread_root));
  }
  if (draft.reply_to) {
    UNHIDRA_TRY_VOID(target_of(id, *draft.reply_to));
    text.reply_to = to_wire(*draft.reply_to);
  }
  wire::Content content;
  content.body = std::move(text);
  return enqueue_content(conversation->peer, id, std::move(content), draft.id);
}

Result<bool> Engine::Impl::was_sent(ConversationId id, MessageId message) const {
  UNHIDRA_TRY(const auto known, seen(self_->device, message));
  if (known && known->place && known->place->first != id) {
    return fail(Errc::bad_import, "a message of this id was sent into another conversation");
  }
  return known.has_value();
}

Result<StoredMessage> Engine::Impl::target_of(ConversationId id, const MessageRef& ref) const {
  UNHIDRA_TRY(auto stored, find_message(id, to_wire(ref)));
  if (!stored || stored->message.deleted || stored->message.state == MessageState::unreadable) {
    return fail(Errc::not_found, "that message is not in this conversation here");
  }
  return std::move(*stored);
}

Result<StoredMessage> Engine::Impl::own_target(ConversationId id, const MessageRef& ref) const {
  UNHIDRA_TRY(auto stored, target_of(id, ref));
  if (stored.message.sender_user != self_->user) {
    return fail(Errc::not_yours, "only its author may change a message");
  }
  return stored;
}

Result<MessageId> Engine::Impl::edit(ConversationId id, const MessageRef& target,
                                     const Draft& draft) {
  UNHIDRA_TRY(auto text, text_of(draft));
  UNHIDRA_TRY_VOID(add_emoji(id, text));
  UNHIDRA_TRY(const auto* conversation, writable(id));
  UNHIDRA_TRY(const auto before, own_target(id, target));
  if (before.message.brings_emoji) {
    return fail(Errc::bad_emoji, "what brings an emoji is deleted, and not changed");
  }
  wire::Content content;
  content.body = wire::Edit{to_wire(target), std::move(text)};
  return enqueue_content(conversation->peer, id, std::move(content));
}

Result<MessageId> Engine::Impl::remove(ConversationId id, const MessageRef& target) {
  UNHIDRA_TRY(const auto* conversation, writable(id));
  UNHIDRA_TRY_VOID(own_target(id, target));
  wire::Content content;
  content.body = wire::Deletion{to_wire(target)};
  return enqueue_content(conversation->peer, id, std::move(content));
}

Result<MessageId> Engine::Impl::moderate(ConversationId id, const MessageRef& target) {
  UNHIDRA_TRY(const auto* conversation, writable(id));
  UNHIDRA_TRY(const auto at, target_of(id, target));
  if (at.message.sender_user == self_->user) {
    return remove(id, target);
  }
  if (!conversation->is_group()) {
    return fail(Errc::not_yours, "nobody moderates a conversation of two");
  }
  wire::Content content;
  content.body = wire::Deletion{to_wire(target)};
  return enqueue_content(UserId(), id, std::move(content));
}

// Its record goes, and its place at the end of the history, so that what comes next stands there.
Status Engine::Impl::discard(ConversationId id, const MessageRef& target) {
  UNHIDRA_TRY(const auto stored, find_message(id, to_wire(target)));
  if (!stored) {
    return fail(Errc::not_found, "that message is not in this conversation here");
  }
  const auto& message = stored->message;
  if (message.state != MessageState::failed) {
    return fail(Errc::not_failed, "only a message that was given up can be discarded");
  }
  tx_.remove(Table::message, message_key(id, message.index));
  mark_seen(message.sender_device, message.id, {});
  auto& conversation = conversations_.at(id);
  while (conversation.next_index > 0) {
    UNHIDRA_TRY(const auto last, stored_at(id, conversation.next_index - 1));
    if (last) {
      break;
    }
    --conversation.next_index;
  }
  save(conversation);
  emit(event::MessageDiscarded{id, target});
  return forget_reply(message);
}

Result<MessageId> Engine::Impl::react(ConversationId id, const MessageRef& target,
                                      std::string_view emoji, bool present,
                                      const std::optional<Uuid>& picture) {
  if (!is_emoji(emoji)) {
    return fail(Errc::bad_emoji, "a reaction is one emoji of at most " + std::to_string(kMaxEmoji) +
                                     " bytes, or the name of one");
  }
  UNHIDRA_TRY(const auto* conversation, writable(id));
  UNHIDRA_TRY(const auto at, target_of(id, target));
  UNHIDRA_TRY(auto drawn, picture_for(at, emoji, picture));
  wire::Content content;
  content.body = wire::Reaction{to_wire(target), std::string(emoji), !present, std::move(drawn)};
  return enqueue_content(conversation->peer, id, std::move(content));
}

// The outcome of an own edit, deletion or reaction.
void Engine::Impl::tell_action(const OutboxRecord& record, const wire::Content& content,
                               std::string failure) {
  std::optional<wire::MessageRef> target;
  if (const auto* reaction = std::get_if<wire::Reaction>(&content.body)) {
    target = reaction->target;
  } else {
    target = record.envelope.refers_to;
  }
  if (target) {
    emit(event::ActionDone{record.conversation, record.id, target->message_id, std::move(failure)});
  }
}

// An accepted record that is no message: takes effect in its place of the log.
Status Engine::Impl::settle_action(const OutboxRecord& record, const wire::Accepted& accepted) {
  UNHIDRA_TRY(const auto content, wire::decode<wire::Content>(record.content.expose()));
  // What the server has taken it has allowed.
  UNHIDRA_TRY_VOID(
      apply({record.conversation, self_->user, accepted.seq, accepted.received_at, true}, content));
  tell_action(record, content, {});
  return {};
}

}  // namespace unhidra::client
