#pragma once
// Messages about conversations, the log and the device's inbox. Source: gateway.proto.

#include "unhidra/wire/field.h"

namespace unhidra::wire {

struct OpenDirectConversation {
  UserId user_id;

  friend bool operator==(const OpenDirectConversation&, const OpenDirectConversation&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.OpenDirectConversation";
  static constexpr auto fields() {
    return std::tuple{Field{1, "user_id", &OpenDirectConversation::user_id}};
  }
};

enum class ConversationKind : std::uint8_t { direct = 0, group = 1 };

struct Conversation {
  ConversationId conversation_id;
  std::vector<UserId> member_user_ids;  // of a direct one
  std::uint64_t head_seq = 0;           // 0: no message yet
  Timestamp created_at;
  ConversationKind kind = ConversationKind::direct;

  friend bool operator==(const Conversation&, const Conversation&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.Conversation";
  static constexpr auto fields() {
    return std::tuple{Field{1, "conversation_id", &Conversation::conversation_id},
                      Field{2, "member_user_ids", &Conversation::member_user_ids},
                      Field{3, "head_seq", &Conversation::head_seq},
                      Field{4, "created_at", &Conversation::created_at},
                      Field{5, "kind", &Conversation::kind}};
  }
};

struct ListConversations {
  Bytes cursor;
  std::uint32_t limit = 0;  // 0: the server's default

  friend bool operator==(const ListConversations&, const ListConversations&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.ListConversations";
  static constexpr auto fields() {
    return std::tuple{Field{1, "cursor", &ListConversations::cursor},
                      Field{2, "limit", &ListConversations::limit}};
  }
};

struct Conversations {
  std::vector<Conversation> conversations;
  Bytes next_cursor;  // empty: no more

  friend bool operator==(const Conversations&, const Conversations&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.Conversations";
  static constexpr auto fields() {
    return std::tuple{Field{1, "conversations", &Conversations::conversations},
                      Field{2, "next_cursor", &Conversations::next_cursor}};
  }
};

// A message is named by its id and the device that made it.
struct MessageRef {
  MessageId message_id;
  DeviceId sender_device_id;

  friend bool operator==(const MessageRef&, const MessageRef&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.MessageRef";
  static constexpr auto fields() {
    return std::tuple{Field{1, "message_id", &MessageRef::message_id},
                      Field{2, "sender_device_id", &MessageRef::sender_device_id}};
  }
};

using FileId = Id<struct FileIdTag>;
inline constexpr std::size_t kMaxMessageFiles = 32;  // thumbnails included

// What the server is told about a ciphertext.
enum class MessageKind : std::uint8_t { content = 0, edit = 1, deletion = 2, signal = 3 };

struct DeviceCiphertext {
  DeviceId device_id;
  Bytes ciphertext;

  friend bool operator==(const DeviceCiphertext&, const DeviceCiphertext&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.DeviceCiphertext";
  static constexpr auto fields() {
    return std::tuple{Field{1, "device_id", &DeviceCiphertext::device_id},
                      Field{2, "ciphertext", &DeviceCiphertext::ciphertext}};
  }
};

struct SendMessage {
  ConversationId conversation_id;
  MessageId message_id;
  Timestamp sent_at;
  std::vector<DeviceCiphertext> ciphertexts;
  MessageKind kind = MessageKind::content;
  std::optional<MessageRef> refers_to;  // of edits and deletions alone
  std::vector<FileId> file_ids;         // that the message carries; they go when it goes

  friend bool operator==(const SendMessage&, const SendMessage&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.SendMessage";
  static constexpr auto fields() {
    return std::tuple{Field{1, "conversation_id", &SendMessage::conversation_id},
                      Field{2, "message_id", &SendMessage::message_id},
                      Field{3, "sent_at", &SendMessage::sent_at},
                      Field{4, "ciphertexts", &SendMessage::ciphertexts},
                      Field{5, "kind", &SendMessage::kind},
                      Field{6, "refers_to", &SendMessage::refers_to},
                      Field{7, "file_ids", &SendMessage::file_ids}};
  }
};

struct Accepted {
  std::uint64_t seq = 0;
  Timestamp received_at;

  friend bool operator==(const Accepted&, const Accepted&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.Accepted";
  static constexpr auto fields() {
    return std::tuple{Field{1, "seq", &Accepted::seq},
                      Field{2, "received_at", &Accepted::received_at}};
  }
};

struct MissingDevice {
  UserId user_id;
  DeviceId device_id;

  friend bool operator==(const MissingDevice&, const MissingDevice&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.MissingDevice";
  static constexpr auto fields() {
    return std::tuple{Field{1, "user_id", &MissingDevice::user_id},
                      Field{2, "device_id", &MissingDevice::device_id}};
  }
};

struct StaleDevices {
  std::vector<MissingDevice> missing;
  std::vector<DeviceId> extra_device_ids;

  friend bool operator==(const StaleDevices&, const StaleDevices&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.StaleDevices";
  static constexpr auto fields() {
    return std::tuple{Field{1, "missing", &StaleDevices::missing},
                      Field{2, "extra_device_ids", &StaleDevices::extra_device_ids}};
  }
};

struct SendOutcome {
  std::variant<std::monostate, Accepted, StaleDevices> result;

  friend bool operator==(const SendOutcome&, const SendOutcome&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.SendOutcome";
  static constexpr auto fields() {
    return std::tuple{
        OneOf{"result", &SendOutcome::result, choices(Choice{1, "accepted"}, Choice{2, "stale"})}};
  }
};

struct FetchInbox {
  std::uint64_t after = 0;
  std::uint32_t limit = 0;  // 0: the server's default

  friend bool operator==(const FetchInbox&, const FetchInbox&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.FetchInbox";
  static constexpr auto fields() {
    return std::tuple{Field{1, "after", &FetchInbox::after}, Field{2, "limit", &FetchInbox::limit}};
  }
};

enum class InboxKind : std::uint8_t { message = 0, welcome = 1 };

struct InboxEntry {
  std::uint64_t position = 0;
  ConversationId conversation_id;
  std::uint64_t seq = 0;
  MessageId message_id;
  UserId sender_user_id;
  DeviceId sender_device_id;
  Timestamp sent_at;
  Timestamp received_at;
  Bytes ciphertext;
  InboxKind kind = InboxKind::message;
  MessageKind message_kind = MessageKind::content;
  std::optional<MessageRef> refers_to;

  friend bool operator==(const InboxEntry&, const InboxEntry&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.InboxEntry";
  static constexpr auto fields() {
    return std::tuple{Field{1, "position", &InboxEntry::position},
                      Field{2, "conversation_id", &InboxEntry::conversation_id},
                      Field{3, "seq", &InboxEntry::seq},
                      Field{4, "message_id", &InboxEntry::message_id},
                      Field{5, "sender_user_id", &InboxEntry::sender_user_id},
                      Field{6, "sender_device_id", &InboxEntry::sender_device_id},
                      Field{7, "sent_at", &InboxEntry::sent_at},
                      Field{8, "received_at", &InboxEntry::received_at},
                      Field{9, "ciphertext", &InboxEntry::ciphertext},
                      Field{10, "kind", &InboxEntry::kind},
                      Field{11, "message_kind", &InboxEntry::message_kind},
                      Field{12, "refers_to", &InboxEntry::refers_to}};
  }
};

struct Inbox {
  std::vector<InboxEntry> entries;
  std::uint64_t head = 0;

  friend bool operator==(const Inbox&, const Inbox&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.Inbox";
  static constexpr auto fields() {
    return std::tuple{Field{1, "entries", &Inbox::entries}, Field{2, "head", &Inbox::head}};
  }
};

struct AcknowledgeInbox {
  std::uint64_t up_to = 0;

  friend bool operator==(const AcknowledgeInbox&, const AcknowledgeInbox&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.AcknowledgeInbox";
  static constexpr auto fields() { return std::tuple{Field{1, "up_to", &AcknowledgeInbox::up_to}}; }
};

struct FetchLog {
  ConversationId conversation_id;
  std::uint64_t after_seq = 0;
  std::uint32_t limit = 0;  // 0: the server's default

  friend bool operator==(const FetchLog&, const FetchLog&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.FetchLog";
  static constexpr auto fields() {
    return std::tuple{Field{1, "conversation_id", &FetchLog::conversation_id},
                      Field{2, "after_seq", &FetchLog::after_seq},
                      Field{3, "limit", &FetchLog::limit}};
  }
};

struct LogEntry {
  std::uint64_t seq = 0;
  MessageId message_id;
  UserId sender_user_id;
  DeviceId sender_device_id;
  Timestamp sent_at;
  Timestamp received_at;

  friend bool operator==(const LogEntry&, const LogEntry&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.LogEntry";
  static constexpr auto fields() {
    return std::tuple{Field{1, "seq", &LogEntry::seq},
                      Field{2, "message_id", &LogEntry::message_id},
                      Field{3, "sender_user_id", &LogEntry::sender_user_id},
                      Field{4, "sender_device_id", &LogEntry::sender_device_id},
                      Field{5, "sent_at", &LogEntry::sent_at},
                      Field{6, "received_at", &LogEntry::received_at}};
  }
};

struct Log {
  std::vector<LogEntry> entries;
  std::uint64_t head_seq = 0;

  friend bool operator==(const Log&, const Log&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.Log";
  static constexpr auto fields() {
    return std::tuple{Field{1, "entries", &Log::entries}, Field{2, "head_seq", &Log::head_seq}};
  }
};

}  // namespace unhidra::wire
