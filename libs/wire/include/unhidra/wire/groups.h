#pragma once
// Messages about groups: the delivery service of MLS (RFC 9420). Source: gateway.proto.

#include "unhidra/wire/conversations.h"

namespace unhidra::wire {

struct PublishKeyPackages {
  std::vector<Bytes> key_packages;

  friend bool operator==(const PublishKeyPackages&, const PublishKeyPackages&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.PublishKeyPackages";
  static constexpr auto fields() {
    return std::tuple{Field{1, "key_packages", &PublishKeyPackages::key_packages}};
  }
};

struct CountKeyPackages {
  std::uint32_t cipher_suite = 0;

  friend bool operator==(const CountKeyPackages&, const CountKeyPackages&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.CountKeyPackages";
  static constexpr auto fields() {
    return std::tuple{Field{1, "cipher_suite", &CountKeyPackages::cipher_suite}};
  }
};

struct KeyPackageCount {
  std::uint32_t cipher_suite = 0;
  std::uint32_t one_time = 0;
  bool last_resort = false;

  friend bool operator==(const KeyPackageCount&, const KeyPackageCount&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.KeyPackageCount";
  static constexpr auto fields() {
    return std::tuple{Field{1, "cipher_suite", &KeyPackageCount::cipher_suite},
                      Field{2, "one_time", &KeyPackageCount::one_time},
                      Field{3, "last_resort", &KeyPackageCount::last_resort}};
  }
};

struct KeyPackagesLow {
  std::uint32_t cipher_suite = 0;
  std::uint32_t one_time = 0;

  friend bool operator==(const KeyPackagesLow&, const KeyPackagesLow&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.KeyPackagesLow";
  static constexpr auto fields() {
    return std::tuple{Field{1, "cipher_suite", &KeyPackagesLow::cipher_suite},
                      Field{2, "one_time", &KeyPackagesLow::one_time}};
  }
};

struct ClaimKeyPackages {
  UserId user_id;
  std::uint32_t cipher_suite = 0;

  friend bool operator==(const ClaimKeyPackages&, const ClaimKeyPackages&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.ClaimKeyPackages";
  static constexpr auto fields() {
    return std::tuple{Field{1, "user_id", &ClaimKeyPackages::user_id},
                      Field{2, "cipher_suite", &ClaimKeyPackages::cipher_suite}};
  }
};

struct KeyPackageOf {
  DeviceId device_id;
  Bytes key_package;  // MLSMessage

  friend bool operator==(const KeyPackageOf&, const KeyPackageOf&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.KeyPackageOf";
  static constexpr auto fields() {
    return std::tuple{Field{1, "device_id", &KeyPackageOf::device_id},
                      Field{2, "key_package", &KeyPackageOf::key_package}};
  }
};

struct KeyPackages {
  UserId user_id;
  std::vector<KeyPackageOf> key_packages;

  friend bool operator==(const KeyPackages&, const KeyPackages&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.KeyPackages";
  static constexpr auto fields() {
    return std::tuple{Field{1, "user_id", &KeyPackages::user_id},
                      Field{2, "key_packages", &KeyPackages::key_packages}};
  }
};

struct CreateGroup {
  ConversationId conversation_id;
  Bytes group_info;  // MLSMessage, without the tree
  Bytes ratchet_tree;

  friend bool operator==(const CreateGroup&, const CreateGroup&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.CreateGroup";
  static constexpr auto fields() {
    return std::tuple{Field{1, "conversation_id", &CreateGroup::conversation_id},
                      Field{2, "group_info", &CreateGroup::group_info},
                      Field{3, "ratchet_tree", &CreateGroup::ratchet_tree}};
  }
};

struct CommitGroup {
  ConversationId conversation_id;
  std::uint64_t after_seq = 0;
  Bytes commit;      // MLSMessage, public
  Bytes welcome;     // MLSMessage, without the tree; empty: none
  Bytes group_info;  // MLSMessage, without the tree

  friend bool operator==(const CommitGroup&, const CommitGroup&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.CommitGroup";
  static constexpr auto fields() {
    return std::tuple{Field{1, "conversation_id", &CommitGroup::conversation_id},
                      Field{2, "after_seq", &CommitGroup::after_seq},
                      Field{3, "commit", &CommitGroup::commit},
                      Field{4, "welcome", &CommitGroup::welcome},
                      Field{5, "group_info", &CommitGroup::group_info}};
  }
};

struct ProposeToGroup {
  ConversationId conversation_id;
  std::uint64_t after_seq = 0;
  std::vector<Bytes> proposals;  // MLSMessage, public

  friend bool operator==(const ProposeToGroup&, const ProposeToGroup&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.ProposeToGroup";
  static constexpr auto fields() {
    return std::tuple{Field{1, "conversation_id", &ProposeToGroup::conversation_id},
                      Field{2, "after_seq", &ProposeToGroup::after_seq},
                      Field{3, "proposals", &ProposeToGroup::proposals}};
  }
};

struct SendGroupMessage {
  ConversationId conversation_id;
  std::uint64_t after_seq = 0;
  MessageId message_id;
  Timestamp sent_at;
  Bytes ciphertext;  // MLSMessage, private
  MessageKind kind = MessageKind::content;
  std::optional<MessageRef> refers_to;  // of edits and deletions alone
  std::vector<FileId> file_ids;         // that the message carries; they go when it goes

  friend bool operator==(const SendGroupMessage&, const SendGroupMessage&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.SendGroupMessage";
  static constexpr auto fields() {
    return std::tuple{Field{1, "conversation_id", &SendGroupMessage::conversation_id},
                      Field{2, "after_seq", &SendGroupMessage::after_seq},
                      Field{3, "message_id", &SendGroupMessage::message_id},
                      Field{4, "sent_at", &SendGroupMessage::sent_at},
                      Field{5, "ciphertext", &SendGroupMessage::ciphertext},
                      Field{6, "kind", &SendGroupMessage::kind},
                      Field{7, "refers_to", &SendGroupMessage::refers_to},
                      Field{8, "file_ids", &SendGroupMessage::file_ids}};
  }
};

enum class GroupEntryKind : std::uint8_t { message = 0, proposal = 1, commit = 2, reset = 3 };

struct GroupEntry {
  ConversationId conversation_id;
  std::uint64_t seq = 0;
  GroupEntryKind kind = GroupEntryKind::message;
  std::uint64_t epoch = 0;               // in which it was made
  std::optional<MessageId> message_id;   // of messages
  std::optional<UserId> sender_user_id;  // absent: the server itself
  std::optional<DeviceId> sender_device_id;
  Timestamp sent_at;
  Timestamp received_at;
  Bytes content;                                    // MLSMessage
  MessageKind message_kind = MessageKind::content;  // of messages
  std::optional<MessageRef> refers_to;
  bool by_moderator = false;  // of a deletion, as the server says

  friend bool operator==(const GroupEntry&, const GroupEntry&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.GroupEntry";
  static constexpr auto fields() {
    return std::tuple{Field{1, "conversation_id", &GroupEntry::conversation_id},
                      Field{2, "seq", &GroupEntry::seq},
                      Field{3, "kind", &GroupEntry::kind},
                      Field{4, "epoch", &GroupEntry::epoch},
                      Field{5, "message_id", &GroupEntry::message_id},
                      Field{6, "sender_user_id", &GroupEntry::sender_user_id},
                      Field{7, "sender_device_id", &GroupEntry::sender_device_id},
                      Field{8, "sent_at", &GroupEntry::sent_at},
                      Field{9, "received_at", &GroupEntry::received_at},
                      Field{10, "content", &GroupEntry::content},
                      Field{11, "message_kind", &GroupEntry::message_kind},
                      Field{12, "refers_to", &GroupEntry::refers_to},
                      Field{13, "by_moderator", &GroupEntry::by_moderator}};
  }
};

struct StaleGroup {
  std::uint64_t epoch = 0;  // the present one
  std::vector<GroupEntry> missing;
  std::uint64_t head_seq = 0;

  friend bool operator==(const StaleGroup&, const StaleGroup&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.StaleGroup";
  static constexpr auto fields() {
    return std::tuple{Field{1, "epoch", &StaleGroup::epoch},
                      Field{2, "missing", &StaleGroup::missing},
                      Field{3, "head_seq", &StaleGroup::head_seq}};
  }
};

struct GroupOutcome {
  std::variant<std::monostate, Accepted, StaleGroup> result;

  friend bool operator==(const GroupOutcome&, const GroupOutcome&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.GroupOutcome";
  static constexpr auto fields() {
    return std::tuple{
        OneOf{"result", &GroupOutcome::result, choices(Choice{1, "accepted"}, Choice{2, "stale"})}};
  }
};

struct FetchGroupLog {
  ConversationId conversation_id;
  std::uint64_t after_seq = 0;
  std::uint32_t limit = 0;  // 0: the server's default

  friend bool operator==(const FetchGroupLog&, const FetchGroupLog&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.FetchGroupLog";
  static constexpr auto fields() {
    return std::tuple{Field{1, "conversation_id", &FetchGroupLog::conversation_id},
                      Field{2, "after_seq", &FetchGroupLog::after_seq},
                      Field{3, "limit", &FetchGroupLog::limit}};
  }
};

struct GroupLog {
  ConversationId conversation_id;
  std::vector<GroupEntry> entries;
  std::uint64_t head_seq = 0;

  friend bool operator==(const GroupLog&, const GroupLog&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.GroupLog";
  static constexpr auto fields() {
    return std::tuple{Field{1, "conversation_id", &GroupLog::conversation_id},
                      Field{2, "entries", &GroupLog::entries},
                      Field{3, "head_seq", &GroupLog::head_seq}};
  }
};

struct FetchGroupInfo {
  ConversationId conversation_id;

  friend bool operator==(const FetchGroupInfo&, const FetchGroupInfo&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.FetchGroupInfo";
  static constexpr auto fields() {
    return std::tuple{Field{1, "conversation_id", &FetchGroupInfo::conversation_id}};
  }
};

struct GroupInfo {
  ConversationId conversation_id;
  std::uint64_t seq = 0;  // of the commit that began the epoch
  Bytes group_info;       // MLSMessage, without the tree

  friend bool operator==(const GroupInfo&, const GroupInfo&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.GroupInfo";
  static constexpr auto fields() {
    return std::tuple{Field{1, "conversation_id", &GroupInfo::conversation_id},
                      Field{2, "seq", &GroupInfo::seq},
                      Field{3, "group_info", &GroupInfo::group_info}};
  }
};

struct FetchRatchetTree {
  ConversationId conversation_id;
  std::uint64_t seq = 0;  // of the commit
  std::uint64_t offset = 0;

  friend bool operator==(const FetchRatchetTree&, const FetchRatchetTree&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.FetchRatchetTree";
  static constexpr auto fields() {
    return std::tuple{Field{1, "conversation_id", &FetchRatchetTree::conversation_id},
                      Field{2, "seq", &FetchRatchetTree::seq},
                      Field{3, "offset", &FetchRatchetTree::offset}};
  }
};

struct RatchetTree {
  ConversationId conversation_id;
  std::uint64_t seq = 0;  // of the commit
  std::uint64_t offset = 0;
  std::uint64_t size = 0;  // of the whole
  Bytes piece;

  friend bool operator==(const RatchetTree&, const RatchetTree&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.RatchetTree";
  static constexpr auto fields() {
    return std::tuple{Field{1, "conversation_id", &RatchetTree::conversation_id},
                      Field{2, "seq", &RatchetTree::seq}, Field{3, "offset", &RatchetTree::offset},
                      Field{4, "size", &RatchetTree::size}, Field{5, "piece", &RatchetTree::piece}};
  }
};

struct ResetGroup {
  ConversationId conversation_id;
  std::uint64_t after_seq = 0;
  Bytes group_info;  // MLSMessage, without the tree
  Bytes ratchet_tree;
  std::vector<UserId> member_user_ids;

  friend bool operator==(const ResetGroup&, const ResetGroup&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.ResetGroup";
  static constexpr auto fields() {
    return std::tuple{Field{1, "conversation_id", &ResetGroup::conversation_id},
                      Field{2, "after_seq", &ResetGroup::after_seq},
                      Field{3, "group_info", &ResetGroup::group_info},
                      Field{4, "ratchet_tree", &ResetGroup::ratchet_tree},
                      Field{5, "member_user_ids", &ResetGroup::member_user_ids}};
  }
};

}  // namespace unhidra::wire
