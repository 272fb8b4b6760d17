// Search in what this device holds. It reads the histories themselves, so that edits and deletions
// count by construction and there is no index that could tell what was written.

#include "unhidra/base/fold_case.h"

#include "engine_impl.h"

namespace unhidra::client {

namespace {

constexpr std::string_view kHasFile = "has:file";

struct Wanted {
  std::vector<std::string> words;
  bool file = false;
};

Wanted wanted_of(std::string_view text) {
  Wanted out{.words = split_words(fold_case(text)), .file = false};
  out.file = std::erase(out.words, kHasFile) > 0;
  return out;
}

// Names of files are found like words beside them.
std::string searched(const Message& message) {
  auto out = fold_case(message.text);
  for (const auto& file : message.attachments) {
    out.append("\n").append(fold_case(file.name));
  }
  return out;
}

bool matches(const Message& message, const SearchQuery& query, const Wanted& wanted) {
  const bool files = !message.attachments.empty() && !message.brings_emoji;
  const bool empty = message.text.empty() && message.attachments.empty();
  if (message.deleted || message.state == MessageState::unreadable || empty ||
      (wanted.file && !files) || (query.sender && message.sender_user != *query.sender) ||
      (query.from && message.sent_at < *query.from) ||
      (query.until && message.sent_at >= *query.until)) {
    return false;
  }
  if (wanted.words.empty()) {
    return true;
  }
  const auto text = searched(message);
  return std::ranges::all_of(
      wanted.words, [&](const std::string& word) { return text.find(word) != std::string::npos; });
}

}  // namespace

Result<std::vector<Message>> Engine::Impl::search(const SearchQuery& query) const {
  if (query.conversation && !conversations_.contains(*query.conversation)) {
    return fail(Errc::not_found, "no such conversation is known here");
  }
  const auto wanted = wanted_of(query.words);
  const auto limit = std::min(query.limit, limits_.max_search_hits);
  std::vector<Message> out;
  for (const auto& [id, record] : conversations_) {
    if ((query.conversation && id != *query.conversation) || record.peer == self_->user) {
      continue;
    }
    std::size_t hits = 0;
    for (auto index = record.next_index; index > 0 && hits < limit; --index) {
      UNHIDRA_TRY(const auto stored, stored_at(id, index - 1));
      if (stored && matches(stored->message, query, wanted)) {
        out.push_back(show(*stored));
        ++hits;
      }
    }
  }
  std::ranges::sort(out, [](const Message& a, const Message& b) {
    return std::tuple(a.sent_at, a.conversation, a.index) >
           std::tuple(b.sent_at, b.conversation, b.index);
  });
  if (out.size() > limit) {
    out.resize(limit);
  }
  return out;
}

}  // namespace unhidra::client
