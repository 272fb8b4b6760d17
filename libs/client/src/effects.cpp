// What contents do to messages that are there already: reactions, edits, deletions. Each may come
// from its author alone, a deletion also from whom the server says to moderate, and the order of
// the server's log decides, so that all devices end alike.

#include "emoji_rules.h"
#include "engine_impl.h"
#include "files.h"

namespace unhidra::client {

namespace {

constexpr std::size_t kMaxEarlierTexts = 50;
constexpr std::size_t kMaxEarlierBytes = 128 * 1024;  // beside the first one

}  // namespace

Result<std::optional<StoredMessage>> Engine::Impl::find_message(ConversationId conversation,
                                                                const wire::MessageRef& ref) const {
  UNHIDRA_TRY(const auto known, seen(ref.sender_device_id, ref.message_id));
  if (!known || !known->place || known->place->first != conversation) {
    return std::optional<StoredMessage>();
  }
  return stored_at(conversation, known->place->second);
}

// The text and what belongs to it.
void Engine::Impl::fill_text(Message& message, const wire::Text& text) const {
  const auto ref = [](const std::optional<wire::MessageRef>& from) {
    return from ? std::optional(from_wire(*from)) : std::nullopt;
  };
  message.text = text.body;
  message.thread_root = ref(text.thread_root);
  message.reply_to = ref(text.reply_to);
  message.mentions = text.mentioned_user_ids;
  message.mentions_everyone = text.mentions_everyone;
  message.emoji = emoji_of(text);
  message.brings_emoji =
      text.brings_emoji.empty() ? std::nullopt : std::optional(text.brings_emoji);
  message.imported = text.imported ? std::optional(from_wire(*text.imported)) : std::nullopt;
  if (!text.attachments.empty()) {
    message.attachments =
        attachments_of(crypto_, text, signing_key_of(message.sender_user, message.sender_device));
  }
}

std::optional<crypto::Ed25519PublicKey> Engine::Impl::signing_key_of(UserId user,
                                                                     DeviceId device) const {
  if (device == self_->device) {
    return self_->signing.public_key();
  }
  const auto known = users_.find(user);
  if (known == users_.end()) {
    return std::nullopt;
  }
  const auto* keys = known->second.list ? known->second.list->find(device) : nullptr;
  if (keys != nullptr) {
    return keys->signing_key;
  }
  const auto former = known->second.former.find(device);
  return former == known->second.former.end() ? std::nullopt : std::optional(former->second);
}

bool Engine::Impl::mentions_me(const Message& message) const {
  return message.mentions_everyone ||
         std::ranges::find(message.mentions, self_->user) != message.mentions.end();
}

// Everything but a text, in the log's order; also what this device itself has sent.
Status Engine::Impl::apply(const Origin& origin, const wire::Content& content) {
  UNHIDRA_TRY(bool kept, keep_for_history(origin, content));
  if (auto* hold = find_group(origin.conversation); !kept && hold != nullptr) {
    UNHIDRA_TRY(kept, keep_for_earlier(*hold, origin, content));
  }
  return kept ? Status() : apply_now(origin, content);
}

Status Engine::Impl::apply_now(const Origin& origin, const wire::Content& content) {
  if (const auto* reaction = std::get_if<wire::Reaction>(&content.body)) {
    return apply_reaction(origin, *reaction);
  }
  if (const auto* edit = std::get_if<wire::Edit>(&content.body)) {
    return apply_edit(origin, *edit);
  }
  if (const auto* deletion = std::get_if<wire::Deletion>(&content.body)) {
    return apply_deletion(origin, *deletion);
  }
  if (const auto* receipt = std::get_if<wire::Receipt>(&content.body)) {
    return apply_receipt(origin, *receipt);
  }
  if (const auto* state = std::get_if<wire::ReadState>(&content.body)) {
    return apply_read_state(origin, *state);
  }
  return {};
}

Status Engine::Impl::apply_reaction(const Origin& origin, const wire::Reaction& reaction) {
  UNHIDRA_TRY(auto stored, find_message(origin.conversation, *reaction.target));
  if (!stored || stored->message.deleted || stored->message.state == MessageState::unreadable) {
    return {};
  }
  const auto picture = read_emoji_picture(reaction.picture);
  const auto file = picture ? picture->file_id : Uuid{};
  auto mark = std::ranges::find_if(stored->marks, [&](const ReactionMark& one) {
    return one.user == origin.user && one.emoji == reaction.emoji && one.picture == file;
  });
  if (mark == stored->marks.end()) {
    const bool fresh = picture && !stored->pictures.contains(file);
    if (stored->marks.size() >= limits_.max_reactions ||
        (fresh && stored->pictures.size() >= limits_.max_reaction_pictures)) {
      return {};
    }
    if (fresh) {
      stored->pictures.emplace(file, reaction.picture);
    }
    stored->marks.push_back({origin.user, reaction.emoji, 0, false, file});
    mark = stored->marks.end() - 1;
  }
  if (origin.seq <= mark->seq) {
    return {};  // something later is known
  }
  // Again what is there keeps its place.
  const bool news = mark->present == reaction.removed;
  mark->seq = origin.seq;
  mark->present = !reaction.removed;
  save(*stored);
  if (picture && !reaction.removed) {
    UNHIDRA_TRY_VOID(
        learn_emoji(origin.conversation, *name_between_colons(reaction.emoji), *picture));
  }
  if (news) {
    emit(event::MessageChanged{show(*stored)});
  }
  return {};
}

namespace {

// What it said until now. The first text stays, and of those after it the newest.
void keep_text(StoredMessage& stored) {
  const auto& message = stored.message;
  stored.earlier.push_back(
      {message.text, message.edits == 0 ? message.received_at : message.edited_at});
  const auto size = [&] {
    std::size_t out = 0;
    for (const auto& one : stored.earlier) {
      out += one.text.size();
    }
    return out;
  };
  while (stored.earlier.size() > 1 &&
         (stored.earlier.size() > kMaxEarlierTexts || size() > kMaxEarlierBytes)) {
    stored.earlier.erase(stored.earlier.begin() + 1);
  }
}

}  // namespace

Status Engine::Impl::apply_edit(const Origin& origin, const wire::Edit& edit) {
  UNHIDRA_TRY(auto stored, find_message(origin.conversation, *edit.target));
  if (!stored || stored->message.sender_user != origin.user || stored->message.deleted ||
      stored->message.brings_emoji || stored->message.state == MessageState::unreadable ||
      origin.seq <= stored->edit_seq) {
    return {};
  }
  auto& message = stored->message;
  keep_text(*stored);
  message.text = edit.text->body;
  message.mentions = edit.text->mentioned_user_ids;
  message.mentions_everyone = edit.text->mentions_everyone;
  message.emoji = emoji_of(*edit.text);
  ++message.edits;
  message.edited_at = origin.received_at;
  stored->edit_seq = origin.seq;
  save(*stored);
  UNHIDRA_TRY_VOID(note_emoji(message));
  note_mention_changed(message);
  emit(event::MessageChanged{show(*stored)});
  return {};
}

Status Engine::Impl::apply_deletion(const Origin& origin, const wire::Deletion& deletion) {
  UNHIDRA_TRY(auto stored, find_message(origin.conversation, *deletion.target));
  if (!stored || stored->message.deleted) {
    return {};
  }
  auto& message = stored->message;
  const bool others = message.sender_user != origin.user;
  if (others && !origin.by_moderator) {
    return {};
  }
  message.deleted_by = others ? origin.user : UserId();
  UNHIDRA_TRY_VOID(forget_emoji(message));
  message.deleted = true;
  message.text.clear();
  message.imported.reset();
  message.mentions.clear();
  message.mentions_everyone = false;
  message.attachments.clear();
  message.emoji.clear();
  message.brings_emoji.reset();
  stored->marks.clear();
  stored->pictures.clear();
  stored->earlier.clear();
  save(*stored);
  forget_unread(message.conversation, message.seq);
  emit(event::MessageChanged{show(*stored)});
  return {};
}

// ---- what the model shows of it ----

Message Engine::Impl::show(const StoredMessage& stored) const {
  Message out = stored.message;
  auto marks = stored.marks;
  std::erase_if(marks, [](const ReactionMark& mark) { return !mark.present; });
  std::ranges::sort(marks, {}, &ReactionMark::seq);
  for (auto& mark : marks) {
    auto found = std::ranges::find_if(out.reactions, [&](const Reaction& one) {
      return one.emoji == mark.emoji &&
             (one.picture ? one.picture->file_id : Uuid{}) == mark.picture;
    });
    if (found == out.reactions.end()) {
      const auto picture = stored.pictures.find(mark.picture);
      out.reactions.push_back({std::move(mark.emoji), {}, std::nullopt});
      if (picture != stored.pictures.end()) {
        out.reactions.back().picture = read_emoji_picture(picture->second);
      }
      found = out.reactions.end() - 1;
    }
    found->users.push_back(mark.user);
  }
  if (const auto* thread = find_thread(out.conversation, out.index)) {
    out.thread = summary(*thread);
  }
  const auto receipts = receipts_.find(out.conversation);
  if (out.sender_user == self_->user && out.seq != 0 && !out.notice &&
      receipts != receipts_.end()) {
    for (const auto& [user, state] : receipts->second.people) {
      out.delivered_to += state.delivered_seq >= out.seq ? 1 : 0;
      out.read_by += state.read_seq >= out.seq ? 1 : 0;
    }
  }
  if (const auto count = receipt_counts_.of(out.conversation, out.seq); count && !out.notice) {
    out.delivered_to = count->delivered;
    out.read_by = count->read;
    out.receipts_of = count->people;
  }
  return out;
}

Result<std::vector<MessageText>> Engine::Impl::texts(ConversationId conversation,
                                                     const MessageRef& ref) const {
  UNHIDRA_TRY(const auto stored, find_message(conversation, to_wire(ref)));
  if (!stored) {
    return fail(Errc::not_found, "that message is not in this conversation here");
  }
  const auto& message = stored->message;
  auto out = stored->earlier;
  if (!message.deleted && message.state != MessageState::unreadable) {
    out.push_back({message.text, message.edits == 0 ? message.received_at : message.edited_at});
  }
  return out;
}

Result<std::optional<Message>> Engine::Impl::message(ConversationId conversation,
                                                     const MessageRef& ref) const {
  UNHIDRA_TRY(const auto stored, find_message(conversation, to_wire(ref)));
  return stored ? std::optional(show(*stored)) : std::nullopt;
}

}  // namespace unhidra::client
