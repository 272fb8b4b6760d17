#pragma once
// What is not read of one conversation, and how much of it: counted as it comes and goes, so that
// a message costs the same however much is unread.

#include "chat_records.h"

namespace unhidra::client {

struct UnreadCounts {
  std::uint64_t messages = 0;
  std::uint64_t mentions = 0;
};

class UnreadList {
 public:
  using Entries = std::map<std::uint64_t, UnreadRecord>;  // by seq

  const Entries& entries() const { return entries_; }
  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  const UnreadRecord* find(std::uint64_t seq) const;
  void put(std::uint64_t seq, const UnreadRecord& record);
  void erase(std::uint64_t seq);

  std::uint64_t in_timeline() const { return timeline_; }
  std::uint64_t mentions() const { return mentions_; }  // in the timeline and in threads
  // By the index of the thread's root; only those with something unread.
  const std::map<std::uint64_t, UnreadCounts>& threads() const { return threads_; }
  UnreadCounts in_thread(std::uint64_t root) const;

  // As it is stored: all of a stretch of the log in one record, so that opening a store with many
  // unread messages reads few records.
  static std::uint64_t block_of(std::uint64_t seq) { return seq / kBlock; }
  std::optional<SecretBytes> encode_block(std::uint64_t block) const;  // nothing: all is read
  Status take_block(std::uint64_t block, ByteView record);

 private:
  static constexpr std::uint64_t kBlock = 32;

  Entries entries_;
  std::uint64_t timeline_ = 0;
  std::uint64_t mentions_ = 0;
  std::map<std::uint64_t, UnreadCounts> threads_;
};

}  // namespace unhidra::client
