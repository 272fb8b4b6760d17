#pragma once
// What is inside the encryption. Only clients read and write these. Source: content.proto.

#include "unhidra/wire/conversations.h"

namespace unhidra::wire {

struct ImportedReaction {
  std::string emoji;
  std::vector<std::string> names;  // of those who reacted

  friend bool operator==(const ImportedReaction&, const ImportedReaction&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.ImportedReaction";
  static constexpr auto fields() {
    return std::tuple{Field{1, "emoji", &ImportedReaction::emoji},
                      Field{2, "names", &ImportedReaction::names}};
  }
};

// Of a message that was written in another system, as its sender says.
struct Imported {
  std::string system;
  std::string author;
  Timestamp written_at;
  std::vector<ImportedReaction> reactions;

  friend bool operator==(const Imported&, const Imported&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.Imported";
  static constexpr auto fields() {
    return std::tuple{Field{1, "system", &Imported::system}, Field{2, "author", &Imported::author},
                      Field{3, "written_at", &Imported::written_at},
                      Field{4, "reactions", &Imported::reactions}};
  }
};

// An emoji that has a picture.
struct CustomEmoji {
  std::string name;
  Bytes picture;  // a description, as of attachments

  friend bool operator==(const CustomEmoji&, const CustomEmoji&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.CustomEmoji";
  static constexpr auto fields() {
    return std::tuple{Field{1, "name", &CustomEmoji::name},
                      Field{2, "picture", &CustomEmoji::picture}};
  }
};

struct Text {
  std::string body;
  std::optional<MessageRef> thread_root;  // never a reply itself
  std::optional<MessageRef> reply_to;     // what is quoted
  std::vector<UserId> mentioned_user_ids;
  bool mentions_everyone = false;
  std::vector<Bytes> attachments;  // each a description as docs/security.md, "Files", has it
  std::optional<Imported> imported;
  std::string brings_emoji;        // its name; its picture is the one attachment
  std::vector<CustomEmoji> emoji;  // that stand in the body between colons

  friend bool operator==(const Text&, const Text&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.Text";
  static constexpr auto fields() {
    return std::tuple{Field{1, "body", &Text::body},
                      Field{2, "thread_root", &Text::thread_root},
                      Field{3, "reply_to", &Text::reply_to},
                      Field{4, "mentioned_user_ids", &Text::mentioned_user_ids},
                      Field{5, "mentions_everyone", &Text::mentions_everyone},
                      Field{6, "attachments", &Text::attachments},
                      Field{7, "imported", &Text::imported},
                      Field{8, "brings_emoji", &Text::brings_emoji},
                      Field{9, "emoji", &Text::emoji}};
  }
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

struct Reaction {
  std::optional<MessageRef> target;
  std::string emoji;
  bool removed = false;
  Bytes picture;  // of the name of one that has a picture: a description, as of attachments

  friend bool operator==(const Reaction&, const Reaction&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.Reaction";
  static constexpr auto fields() {
    return std::tuple{Field{1, "target", &Reaction::target}, Field{2, "emoji", &Reaction::emoji},
                      Field{3, "removed", &Reaction::removed},
                      Field{4, "picture", &Reaction::picture}};
  }
};

struct Edit {
  std::optional<MessageRef> target;
  std::optional<Text> text;  // the whole new one

  friend bool operator==(const Edit&, const Edit&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.Edit";
  static constexpr auto fields() {
    return std::tuple{Field{1, "target", &Edit::target}, Field{2, "text", &Edit::text}};
  }
};

struct Deletion {
  std::optional<MessageRef> target;

  friend bool operator==(const Deletion&, const Deletion&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.Deletion";
  static constexpr auto fields() { return std::tuple{Field{1, "target", &Deletion::target}}; }
};

// Up to and with these messages.
struct Receipt {
  std::optional<MessageRef> delivered;
  std::optional<MessageRef> read;

  friend bool operator==(const Receipt&, const Receipt&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.Receipt";
  static constexpr auto fields() {
    return std::tuple{Field{1, "delivered", &Receipt::delivered}, Field{2, "read", &Receipt::read}};
  }
};

enum class ThreadFollowing : std::uint8_t { unchanged = 0, yes = 1, no = 2 };

struct ReadMark {
  ConversationId conversation_id;
  std::uint64_t up_to_seq = 0;
  std::optional<MessageRef> thread_root;  // absent: of the timeline
  ThreadFollowing following = ThreadFollowing::unchanged;

  friend bool operator==(const ReadMark&, const ReadMark&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.ReadMark";
  static constexpr auto fields() {
    return std::tuple{Field{1, "conversation_id", &ReadMark::conversation_id},
                      Field{2, "up_to_seq", &ReadMark::up_to_seq},
                      Field{3, "thread_root", &ReadMark::thread_root},
                      Field{4, "following", &ReadMark::following}};
  }
};

struct FollowRule {
  std::optional<ConversationId> conversation_id;  // absent: of all that have no rule of their own
  bool inherited = false;
  bool on_reply = false;
  bool on_mention = false;
  Timestamp changed_at;

  friend bool operator==(const FollowRule&, const FollowRule&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.FollowRule";
  static constexpr auto fields() {
    return std::tuple{Field{1, "conversation_id", &FollowRule::conversation_id},
                      Field{2, "inherited", &FollowRule::inherited},
                      Field{3, "on_reply", &FollowRule::on_reply},
                      Field{4, "on_mention", &FollowRule::on_mention},
                      Field{5, "changed_at", &FollowRule::changed_at}};
  }
};

struct ReceiptWish {
  bool sent = false;
  Timestamp changed_at;

  friend bool operator==(const ReceiptWish&, const ReceiptWish&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.ReceiptWish";
  static constexpr auto fields() {
    return std::tuple{Field{1, "sent", &ReceiptWish::sent},
                      Field{2, "changed_at", &ReceiptWish::changed_at}};
  }
};

struct ReadState {
  std::vector<ReadMark> marks;
  std::vector<FollowRule> follow_rules;
  std::optional<ReceiptWish> receipts;

  friend bool operator==(const ReadState&, const ReadState&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.ReadState";
  static constexpr auto fields() {
    return std::tuple{Field{1, "marks", &ReadState::marks},
                      Field{2, "follow_rules", &ReadState::follow_rules},
                      Field{3, "receipts", &ReadState::receipts}};
  }
};

// Numbers are never used again.
enum class HistoryStage : std::int32_t {
  unspecified = 0,
  request = 1,    // to the old device; value: the new one's commitment
  challenge = 2,  // to the new device; value: the old one's nonce
  reveal = 3,     // to the old device; value: the new one's nonce
  chunk = 4,      // to the new device; number: its place
  next = 5,       // to the old device; number: of the chunk that is wanted next
  end = 6,        // called off
};
struct HistoryTransfer {
  ByteArray<16> transfer_id{};
  HistoryStage stage = HistoryStage::unspecified;
  Bytes value;
  std::uint64_t number = 0;
  bool again = false;  // that chunk was lost

  friend bool operator==(const HistoryTransfer&, const HistoryTransfer&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.HistoryTransfer";
  static constexpr auto fields() {
    return std::tuple{
        Field{1, "transfer_id", &HistoryTransfer::transfer_id},
        Field{2, "stage", &HistoryTransfer::stage}, Field{3, "value", &HistoryTransfer::value},
        Field{4, "number", &HistoryTransfer::number}, Field{5, "again", &HistoryTransfer::again}};
  }
};

// A commit whose path secret for the reporting device cannot be used (docs/security.md, "A commit
// that somebody cannot follow"). `commit` and `fault` are there together or not at all.
struct CommitFault {
  UserId user_id;  // who made it, and with which device, as the reporter says
  DeviceId device_id;
  std::uint64_t epoch = 0;  // that it ended
  Bytes commit;             // MLSMessage
  Bytes fault;

  friend bool operator==(const CommitFault&, const CommitFault&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.CommitFault";
  static constexpr auto fields() {
    return std::tuple{
        Field{1, "user_id", &CommitFault::user_id}, Field{2, "device_id", &CommitFault::device_id},
        Field{3, "epoch", &CommitFault::epoch}, Field{4, "commit", &CommitFault::commit},
        Field{5, "fault", &CommitFault::fault}};
  }
};

struct GroupProfile {
  std::string name;
  Timestamp changed_at;
  std::string topic;
  std::string description;

  friend bool operator==(const GroupProfile&, const GroupProfile&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.GroupProfile";
  static constexpr auto fields() {
    return std::tuple{Field{1, "name", &GroupProfile::name},
                      Field{2, "changed_at", &GroupProfile::changed_at},
                      Field{3, "topic", &GroupProfile::topic},
                      Field{4, "description", &GroupProfile::description}};
  }
};

struct Content {
  std::variant<std::monostate, Text, AccountKeyShare, SessionReset, Reaction, Edit, Deletion,
               Receipt, ReadState, HistoryTransfer, CommitFault>
      body;
  std::optional<UserId> peer_user_id;  // whom the direct conversation is with, as the sender knows
  std::optional<GroupProfile> group_profile;
  std::uint32_t format = 0;  // what a reader has to know: content.proto

  friend bool operator==(const Content&, const Content&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.Content";
  static constexpr auto fields() {
    return std::tuple{
        OneOf{"body", &Content::body,
              choices(Choice{1, "text"}, Choice{2, "account_key_share"}, Choice{3, "session_reset"},
                      Choice{4, "reaction"}, Choice{5, "edit"}, Choice{6, "deletion"},
                      Choice{7, "receipt"}, Choice{8, "read_state"}, Choice{9, "history_transfer"},
                      Choice{10, "commit_fault"})},
        Field{15, "peer_user_id", &Content::peer_user_id},
        Field{16, "group_profile", &Content::group_profile}, Field{17, "format", &Content::format}};
  }
};

}  // namespace unhidra::wire
