#include "unread_list.h"

#include "record_codec.h"

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

std::optional<SecretBytes> UnreadList::encode_block(std::uint64_t block) const {
  const auto first = entries_.lower_bound(block * kBlock);
  const auto last = entries_.lower_bound((block + 1) * kBlock);
  if (first == last) {
    return std::nullopt;
  }
  auto writer = record_writer(1, 512);
  for (auto at = first; at != last; ++at) {
    const auto& [seq, one] = *at;
    writer.u8(static_cast<std::uint8_t>(seq % kBlock));
    writer.u8(static_cast<std::uint8_t>((one.mention ? 1 : 0) | (one.root ? 2 : 0)));
    if (one.root) {
      writer.varint(*one.root);
    }
  }
  return seal(std::move(writer));
}

Status UnreadList::take_block(std::uint64_t block, ByteView record) {
  auto reader = record_reader(1, record);
  while (!reader.failed() && reader.remaining() > 0) {
    const auto place = reader.u8();
    const auto what = reader.u8();
    UnreadRecord one{(what & 1) != 0, std::nullopt};
    if ((what & 2) != 0) {
      one.root = reader.varint();
    }
    if (place >= kBlock || what > 3) {
      reader.set_failed();
    }
    if (!reader.failed()) {
      put(block * kBlock + place, one);
    }
  }
  return finish_record(reader, "list of unread messages");
}

UnreadCounts UnreadList::in_thread(std::uint64_t root) const {
  const auto found = threads_.find(root);
  return found == threads_.end() ? UnreadCounts() : found->second;
}

}  // namespace unhidra::client
