#include "search_texts.h"

#include "unhidra/base/codec.h"
#include "unhidra/base/fold_case.h"

namespace unhidra::client {

// All that it has room for: an earlier, longer text may stand behind the end.
void SearchText::wipe_text() {
  folded.resize(folded.capacity());
  wipe({reinterpret_cast<Byte*>(folded.data()), folded.size()});
  folded.clear();
}

SearchText search_text_of(const Message& message) {
  const bool empty = message.text.empty() && message.attachments.empty();
  if (message.deleted || message.state == MessageState::unreadable || empty) {
    return {.state = SearchText::State::nothing, .sender = {}, .sent_at = {}, .folded = {}};
  }
  SearchText out{.state = SearchText::State::found,
                 .has_file = !message.attachments.empty() && !message.brings_emoji,
                 .sender = message.sender_user,
                 .sent_at = message.sent_at,
                 .folded = fold_case(message.text)};
  for (const auto& file : message.attachments) {
    out.folded.append("\n").append(fold_case(file.name));
  }
  return out;
}

const SearchText* SearchTexts::find(ConversationId conversation, std::uint64_t index) const {
  const auto found = texts_.find(conversation);
  if (found == texts_.end() || index >= found->second.size()) {
    return nullptr;
  }
  const auto& text = found->second[static_cast<std::size_t>(index)];
  return text.state == SearchText::State::unknown ? nullptr : &text;
}

void SearchTexts::put(ConversationId conversation, std::uint64_t index, const SearchText& text) {
  if (index >= max_bytes_ / sizeof(SearchText)) {
    return;
  }
  const auto at = static_cast<std::size_t>(index);
  auto& all = texts_[conversation];
  const auto grown = at < all.size() ? 0 : (at + 1 - all.size()) * sizeof(SearchText);
  if (bytes_ + text.folded.size() + grown > max_bytes_) {
    return;
  }
  if (grown > 0) {
    all.resize(at + 1);
  }
  bytes_ += text.folded.size() + grown;
  bytes_ -= all[at].folded.size();
  all[at].wipe_text();
  all[at] = text;
}

void SearchTexts::forget(ByteView key) {
  ByteReader reader(key);
  const auto found = texts_.find(ConversationId(reader.array<16>()));
  const auto index = reader.u64();
  if (found != texts_.end() && index < found->second.size()) {
    auto& one = found->second[static_cast<std::size_t>(index)];
    bytes_ -= one.folded.size();
    one.wipe_text();
    one.state = SearchText::State::unknown;
  }
}

}  // namespace unhidra::client
