#pragma once
// What is inside the encryption. Only clients read and write these. Source: content.proto.

#include "unhidra/wire/field.h"

namespace unhidra::wire {

struct Text {
  std::string body;

  friend bool operator==(const Text&, const Text&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.Text";
  static constexpr auto fields() { return std::tuple{Field{1, "body", &Text::body}}; }
};

// Move-only, as the key it carries. Whoever encodes it wipes the bytes after use.
struct AccountKeyShare {
  SecretArray<32> account_private_key;  // Ed25519 seed

  friend bool operator==(const AccountKeyShare&, const AccountKeyShare&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.AccountKeyShare";
  static constexpr auto fields() {
    return std::tuple{Field{1, "account_private_key", &AccountKeyShare::account_private_key}};
  }
};

struct SessionReset {
  std::vector<MessageId> unreadable_message_ids;

  friend bool operator==(const SessionReset&, const SessionReset&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.SessionReset";
  static constexpr auto fields() {
    return std::tuple{Field{1, "unreadable_message_ids", &SessionReset::unreadable_message_ids}};
  }
};

struct GroupProfile {
  std::string name;
  Timestamp changed_at;

  friend bool operator==(const GroupProfile&, const GroupProfile&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.GroupProfile";
  static constexpr auto fields() {
    return std::tuple{Field{1, "name", &GroupProfile::name},
                      Field{2, "changed_at", &GroupProfile::changed_at}};
  }
};

struct Content {
  std::variant<std::monostate, Text, AccountKeyShare, SessionReset> body;
  std::optional<UserId> peer_user_id;  // whom the direct conversation is with, as the sender knows
  std::optional<GroupProfile> group_profile;

  friend bool operator==(const Content&, const Content&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.Content";
  static constexpr auto fields() {
    return std::tuple{OneOf{"body", &Content::body,
                            choices(Choice{1, "text"}, Choice{2, "account_key_share"},
                                    Choice{3, "session_reset"})},
                      Field{15, "peer_user_id", &Content::peer_user_id},
                      Field{16, "group_profile", &Content::group_profile}};
  }
};

}  // namespace unhidra::wire
