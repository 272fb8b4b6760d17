// Emoji with pictures. A message brings one into its conversation; whoever uses it sends its name
// and the description of its picture along, so that everybody who reads that can draw it, whenever
// he came in. A conversation's set is what its messages have brought or used.

#include "unhidra/e2ee/file_name.h"

#include "emoji_rules.h"
#include "engine_impl.h"

namespace unhidra::client {

// ---- the set of a conversation ----

Result<EmojiSet> Engine::Impl::emoji_set(ConversationId id) const {
  UNHIDRA_TRY(const auto stored, tx_.get(Table::emoji, id.bytes()));
  if (!stored) {
    return EmojiSet();
  }
  return EmojiSet::decode(stored->expose());
}

void Engine::Impl::save(ConversationId id, const EmojiSet& set) {
  tx_.put(Table::emoji, id.bytes(), set.encode());
}

// What a message brings or uses is known from then on.
Status Engine::Impl::note_emoji(const Message& message) {
  if (message.deleted || (!message.brings_emoji && message.emoji.empty())) {
    return {};
  }
  UNHIDRA_TRY(auto set, emoji_set(message.conversation));
  bool news = false;
  if (message.brings_emoji && message.attachments.size() == 1) {
    EmojiSet::Entry entry;
    entry.name = *message.brings_emoji;
    entry.picture = message.attachments.front().description;
    entry.file = message.attachments.front().file_id;
    entry.brought_by = message.sender_user;
    entry.brought_in = message.ref();
    news = set.bring(std::move(entry));
  }
  for (const auto& one : message.emoji) {
    news = set.learn(one.name, one.picture) || news;
  }
  if (news) {
    save(message.conversation, set);
    emit(event::EmojiChanged{message.conversation});
  }
  return {};
}

Status Engine::Impl::learn_emoji(ConversationId id, std::string_view name,
                                 const Attachment& picture) {
  UNHIDRA_TRY(auto set, emoji_set(id));
  if (set.learn(name, picture)) {
    save(id, set);
    emit(event::EmojiChanged{id});
  }
  return {};
}

// Of a message that is deleted, or was never sent.
Status Engine::Impl::forget_emoji(const Message& message) {
  if (!message.brings_emoji) {
    return {};
  }
  UNHIDRA_TRY(auto set, emoji_set(message.conversation));
  if (set.take_back(message.ref())) {
    save(message.conversation, set);
    emit(event::EmojiChanged{message.conversation});
  }
  return {};
}

Result<std::vector<ConversationEmoji>> Engine::Impl::emoji(ConversationId id) const {
  if (!conversations_.contains(id)) {
    return fail(Errc::not_found, "no such conversation is known here");
  }
  UNHIDRA_TRY(const auto set, emoji_set(id));
  std::vector<ConversationEmoji> out;
  for (const auto& entry : set.entries()) {
    auto picture = read_emoji_picture(entry.picture);  // none of what was taken back
    if (picture) {
      out.push_back({{entry.name, std::move(*picture)}, entry.brought_by, entry.brought_in});
    }
  }
  std::ranges::stable_sort(out, {}, [](const ConversationEmoji& one) { return one.emoji.name; });
  return out;
}

Result<MessageId> Engine::Impl::bring_emoji(ConversationId id, std::string_view name,
                                            e2ee::AttachmentDescriptor& picture) {
  if (!is_emoji_name(name)) {
    return fail(Errc::bad_emoji, "the name of an emoji has " + std::to_string(kMinEmojiName) +
                                     " to " + std::to_string(kMaxEmojiName) +
                                     " of the characters a to z, 0 to 9, _, + and -");
  }
  UNHIDRA_TRY(const auto* conversation, writable(id));
  UNHIDRA_TRY(const auto set, emoji_set(id));
  if (set.named(name) != nullptr) {
    return fail(Errc::emoji_exists, "there is an emoji of that name here already");
  }
  if (set.size() >= EmojiSet::kMostBrought) {
    return fail(Errc::bad_emoji, "a conversation has at most " +
                                     std::to_string(EmojiSet::kMostBrought) + " emoji of its own");
  }
  picture.name = e2ee::clean_file_name(picture.name);
  const auto described = e2ee::encode(picture);
  if (!described || !read_emoji_picture(described->expose())) {
    return fail(Errc::bad_attachment, "the picture of an emoji is a PNG, WebP or GIF of at most " +
                                          std::to_string(kMaxEmojiPicture / 1024) + " KiB and " +
                                          std::to_string(kMaxEmojiSide) + " pixels a side");
  }
  wire::Text text;
  text.brings_emoji = name;
  text.attachments.push_back(to_bytes(described->expose()));
  wire::Content content;
  content.body = std::move(text);
  return enqueue_content(conversation->peer, id, std::move(content));
}

// Those of the conversation that stand in the text, as far as one message carries them.
Status Engine::Impl::add_emoji(ConversationId id, wire::Text& text) const {
  if (text.body.find(':') == std::string::npos) {
    return {};
  }
  UNHIDRA_TRY(const auto set, emoji_set(id));
  for (const auto& entry : set.entries()) {
    const bool shadowed = entry.taken_back || set.named(entry.name) != &entry;
    if (!shadowed && text.emoji.size() < kMaxTextEmoji &&
        text.body.find(between_colons(entry.name)) != std::string::npos) {
      text.emoji.push_back({entry.name, entry.picture});
    }
  }
  return {};
}

// The picture that a reaction shows: the named one, of those that stand at the message or that the
// conversation has; else the conversation's own of that name. Empty: it has none.
Result<Bytes> Engine::Impl::picture_for(const StoredMessage& target, std::string_view emoji,
                                        const std::optional<Uuid>& file) const {
  const auto name = name_between_colons(emoji);
  if (!name) {
    return Bytes();
  }
  if (file) {
    for (const auto& mark : target.marks) {
      if (mark.emoji == emoji && mark.picture == *file) {
        return target.pictures.at(mark.picture);
      }
    }
  }
  UNHIDRA_TRY(const auto set, emoji_set(target.message.conversation));
  const auto* entry = file ? set.of_file(*file) : set.named(*name);
  if (entry == nullptr || entry->taken_back || entry->name != *name) {
    return file ? Result<Bytes>(fail(Errc::not_found, "there is no such emoji here")) : Bytes();
  }
  return entry->picture;
}

std::vector<CustomEmoji> emoji_of(const wire::Text& text) {
  std::vector<CustomEmoji> out;
  for (const auto& one : text.emoji) {
    if (auto picture = read_emoji_picture(one.picture)) {
      out.push_back({one.name, std::move(*picture)});
    }
  }
  return out;
}

}  // namespace unhidra::client
