#pragma once
// What stands in the clear beside a group's message and binds it to its place: the
// authenticated_data of its PrivateMessage. Source: docs/security.md, "Members and messages of
// groups" and "History for newcomers".

#include <optional>

#include "unhidra/identity/member_name.h"

#include "group_records.h"

namespace unhidra::client {

// While a group shares its history: the content, for those who come later too.
struct SharedContent {
  std::uint64_t after = 0;  // its sender had read the log up to here
  ByteArray<16> salt{};     // of the box's key
  Bytes box;
};

struct MessageBinding {
  ConversationId conversation;
  MessageId message;
  identity::MemberName sender;
  Timestamp sent_at{};
  EpochTag tag{};
  std::optional<SharedContent> shared;

  Bytes encode() const;
  // Everything but the box: what the box's key and its signature cover.
  Bytes bound() const;
  static std::optional<MessageBinding> decode(ByteView bytes);
};

}  // namespace unhidra::client
