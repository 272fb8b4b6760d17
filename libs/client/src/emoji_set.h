#pragma once
// The emoji with pictures that a conversation has here. Table::emoji; key: conversation id; read by
// key only.

#include <optional>
#include <string>
#include <vector>

#include "unhidra/base/secret.h"
#include "unhidra/client/model.h"

namespace unhidra::client {

class EmojiSet {
 public:
  // Entries, those that were taken back included; more are not learnt. Brought by this device: so
  // many, that others' find room.
  static constexpr std::size_t kMost = 300;
  static constexpr std::size_t kMostBrought = 100;

  struct Entry {
    std::string name;
    Bytes picture;  // the description of its file
    Uuid file{};
    UserId brought_by;  // nil: it was only seen in use
    std::optional<MessageRef> brought_in;
    bool taken_back = false;  // never shown again, also when somebody still uses it
  };

  const std::vector<Entry>& entries() const { return entries_; }
  std::size_t size() const;  // without those that were taken back
  // Of several of one name the first that was brought; else the first that was seen.
  const Entry* named(std::string_view name) const;
  const Entry* of_file(const Uuid& file) const;

  // Answer whether something has changed.
  bool bring(Entry entry);
  bool learn(std::string_view name, const Attachment& picture);
  bool take_back(const MessageRef& brought_in);

  SecretBytes encode() const;
  static Result<EmojiSet> decode(ByteView bytes);

 private:
  bool add(Entry entry);

  std::vector<Entry> entries_;
};

}  // namespace unhidra::client
