// Search in what this device holds. What counts are the histories themselves, so that edits and
// deletions hold by construction and nothing on the disk could tell what was written; their texts
// are kept in memory from one search to the next (search_texts.h).

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

bool matches(const SearchText& text, const SearchQuery& query, const Wanted& wanted) {
  return text.state == SearchText::State::found && (!wanted.file || text.has_file) &&
         (!query.sender || text.sender == *query.sender) &&
         (!query.from || text.sent_at >= *query.from) &&
         (!query.until || text.sent_at < *query.until) &&
         std::ranges::all_of(wanted.words, [&](const std::string& word) {
           return text.folded.find(word) != std::string::npos;
         });
}

struct Hit {
  Timestamp sent_at;
  ConversationId conversation;
  std::uint64_t index = 0;
};

}  // namespace

Result<SearchText> Engine::Impl::search_text(ConversationId id, std::uint64_t index) const {
  UNHIDRA_TRY(const auto stored, stored_at(id, index));
  auto out =
      stored ? search_text_of(stored->message)
             : SearchText{
                   .state = SearchText::State::nothing, .sender = {}, .sent_at = {}, .folded = {}};
  search_texts_.put(id, index, out);
  return out;
}

Result<std::vector<Message>> Engine::Impl::search(const SearchQuery& query) const {
  if (query.conversation && !conversations_.contains(*query.conversation)) {
    return fail(Errc::not_found, "no such conversation is known here");
  }
  const auto wanted = wanted_of(query.words);
  const auto limit = std::min(query.limit, limits_.max_search_hits);
  std::vector<Hit> hits;
  for (const auto& [id, record] : conversations_) {
    if ((query.conversation && id != *query.conversation) || record.peer == self_->user) {
      continue;
    }
    std::size_t here = 0;
    for (auto index = record.next_index; index > 0 && here < limit; --index) {
      const auto* known = search_texts_.find(id, index - 1);
      SearchText read;
      if (known == nullptr) {
        UNHIDRA_TRY(read, search_text(id, index - 1));
        known = &read;
      }
      if (matches(*known, query, wanted)) {
        hits.push_back({known->sent_at, id, index - 1});
        ++here;
      }
    }
  }
  std::ranges::sort(hits, [](const Hit& a, const Hit& b) {
    return std::tuple(a.sent_at, a.conversation, a.index) >
           std::tuple(b.sent_at, b.conversation, b.index);
  });
  if (hits.size() > limit) {
    hits.resize(limit);
  }
  std::vector<Message> out;
  for (const auto& hit : hits) {
    UNHIDRA_TRY(const auto stored, stored_at(hit.conversation, hit.index));
    if (stored) {
      out.push_back(show(*stored));
    }
  }
  return out;
}

}  // namespace unhidra::client
