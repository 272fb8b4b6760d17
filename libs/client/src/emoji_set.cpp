#include "emoji_set.h"

#include <algorithm>

#include "emoji_rules.h"
#include "record_codec.h"

namespace unhidra::client {

const EmojiSet::Entry* EmojiSet::named(std::string_view name) const {
  const Entry* seen = nullptr;
  for (const auto& entry : entries_) {
    if (entry.taken_back || entry.name != name) {
      continue;
    }
    if (entry.brought_in) {
      return &entry;
    }
    seen = seen != nullptr ? seen : &entry;
  }
  return seen;
}

const EmojiSet::Entry* EmojiSet::of_file(const Uuid& file) const {
  const auto found = std::ranges::find(entries_, file, &Entry::file);
  return found == entries_.end() ? nullptr : &*found;
}

std::size_t EmojiSet::size() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(entries_, [](const Entry& one) { return !one.taken_back; }));
}

bool EmojiSet::bring(Entry entry) {
  const auto known = std::ranges::find(entries_, entry.file, &Entry::file);
  if (known != entries_.end()) {
    // It was used before its bringer was read; nobody else may claim it afterwards.
    const bool claimed = known->brought_in || known->taken_back;
    if (!claimed) {
      *known = std::move(entry);
    }
    return !claimed;
  }
  return add(std::move(entry));
}

bool EmojiSet::learn(std::string_view name, const Attachment& picture) {
  if (of_file(picture.file_id) != nullptr) {
    return false;
  }
  Entry entry;
  entry.name = name;
  entry.picture = picture.description;
  entry.file = picture.file_id;
  return add(std::move(entry));
}

// What was taken back makes room first.
bool EmojiSet::add(Entry entry) {
  if (entries_.size() >= kMost) {
    const auto gone = std::ranges::find(entries_, true, &Entry::taken_back);
    if (gone == entries_.end()) {
      return false;
    }
    entries_.erase(gone);
  }
  entries_.push_back(std::move(entry));
  return true;
}

bool EmojiSet::take_back(const MessageRef& brought_in) {
  const auto found = std::ranges::find(entries_, std::optional(brought_in), &Entry::brought_in);
  if (found == entries_.end() || found->taken_back) {
    return false;
  }
  found->taken_back = true;
  found->picture.clear();  // with its key
  return true;
}

SecretBytes EmojiSet::encode() const {
  auto writer = record_writer(1, 16 + entries_.size() * (128 + kMaxEmojiDescription));
  writer.varint(entries_.size());
  for (const auto& entry : entries_) {
    writer.text(entry.name).bytes(entry.picture).raw(entry.file);
    write_id(writer, entry.brought_by);
    write_ref(writer, entry.brought_in);
    writer.u8(entry.taken_back ? 1 : 0);
  }
  return seal(std::move(writer));
}

Result<EmojiSet> EmojiSet::decode(ByteView bytes) {
  auto reader = record_reader(1, bytes);
  EmojiSet out;
  const auto count = reader.varint();
  for (std::uint64_t i = 0; i < count && !reader.failed(); ++i) {
    Entry entry;
    entry.name = reader.text(kMaxEmojiName);
    entry.picture = to_bytes(reader.bytes(kMaxEmojiDescription));
    entry.file = reader.array<16>();
    entry.brought_by = read_id<UserId>(reader);
    entry.brought_in = read_optional_ref(reader);
    entry.taken_back = read_bool(reader);
    out.entries_.push_back(std::move(entry));
  }
  UNHIDRA_TRY_VOID(finish_record(reader, "set of emoji"));
  return out;
}

}  // namespace unhidra::client
