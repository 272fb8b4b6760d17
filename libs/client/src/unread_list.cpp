#include "unread_list.h"

namespace unhidra::client {

const UnreadRecord* UnreadList::find(std::uint64_t seq) const {
  const auto found = entries_.find(seq);
  return found == entries_.end() ? nullptr : &found->second;
}

void UnreadList::put(std::uint64_t seq, const UnreadRecord& record) {
  if (!entries_.empty() && seq <= entries_.rbegin()->first) {
    erase(seq);
  }
  entries_.emplace_hint(entries_.end(), seq, record);  // nearly always the newest
  const std::uint64_t mentions = record.mention ? 1 : 0;
  mentions_ += mentions;
  if (record.root) {
    auto& thread = threads_[*record.root];
    ++thread.messages;
    thread.mentions += mentions;
  } else {
    ++timeline_;
  }
}

void UnreadList::erase(std::uint64_t seq) {
  const auto found = entries_.find(seq);
  if (found == entries_.end()) {
    return;
  }
  const auto record = found->second;
  entries_.erase(found);
  const std::uint64_t mentions = record.mention ? 1 : 0;
  mentions_ -= mentions;
  if (!record.root) {
    --timeline_;
    return;
  }
  const auto thread = threads_.find(*record.root);
  thread->second.mentions -= mentions;
  if (--thread->second.messages == 0) {
    threads_.erase(thread);
  }
}

UnreadCounts UnreadList::in_thread(std::uint64_t root) const {
  const auto found = threads_.find(root);
  return found == threads_.end() ? UnreadCounts() : found->second;
}

}  // namespace unhidra::client
