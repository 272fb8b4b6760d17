#pragma once
// What the histories say as it is searched: folded, in memory alone, and wiped when it goes. Filled
// as searches go through histories; what the store changes is read again by the next one.

#include <deque>
#include <map>
#include <optional>
#include <string>

#include "unhidra/base/bytes.h"
#include "unhidra/client/model.h"

namespace unhidra::client {

// Of one message.
struct SearchText {
  enum class State : std::uint8_t { unknown, nothing, found };
  State state = State::unknown;  // nothing: there is none to be found at that index
  bool has_file = false;
  UserId sender;
  Timestamp sent_at;
  std::string folded;  // the text, and names of files beside it

  ~SearchText() { wipe_text(); }  // so it is copied, never moved: a short text would stay behind
  void wipe_text();
};

// What of a message can be found.
SearchText search_text_of(const Message& message);

class SearchTexts {
 public:
  // Of texts; what is beyond is read anew by each search.
  explicit SearchTexts(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  const SearchText* find(ConversationId conversation, std::uint64_t index) const;
  void put(ConversationId conversation, std::uint64_t index, const SearchText& text);
  // `key`: of a record in Table::message.
  void forget(ByteView key);

 private:
  std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  std::map<ConversationId, std::deque<SearchText>> texts_;  // does not move what grows
};

}  // namespace unhidra::client
