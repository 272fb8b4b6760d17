#pragma once
// The content envelope: from the padded plaintext to a checked wire::Content and back. Pure; every
// client reads and writes contents through here. Source: content.proto, docs/security.md ("Content
// of messages").

#include "unhidra/base/secret.h"
#include "unhidra/client/model.h"
#include "unhidra/wire/content.h"

namespace unhidra::client {

inline constexpr std::uint32_t kContentFormat = 7;
inline constexpr std::size_t kMaxEmoji = 64;      // bytes: a sequence, or the name of a custom one
inline constexpr std::size_t kMaxMentions = 200;  // of one message
inline constexpr std::size_t kMaxReadMarks = 200;
inline constexpr std::size_t kMaxTopic = 1024;
inline constexpr std::size_t kMaxDescription = 4096;

inline constexpr std::size_t kMaxAttachments = 10;  // of one message

// Of an imported message.
inline constexpr std::size_t kMaxImportedName = 256;  // bytes
inline constexpr std::size_t kMaxImportedReactions = 100;
inline constexpr std::size_t kMaxImportedNames = 1000;  // of all its reactions together
inline constexpr std::size_t kMaxImportedBytes = std::size_t{16} * 1024;  // of these names

// What the server is told about a ciphertext, and what it tells the recipients.
struct Envelope {
  wire::MessageKind kind = wire::MessageKind::content;
  std::optional<wire::MessageRef> refers_to;
  friend bool operator==(const Envelope&, const Envelope&) = default;
};

Envelope envelope_of(const wire::Content& content);
// Whether what the server told fits to what was inside.
bool fits(const Envelope& told, const wire::Content& content);

// Errc::bad_frame: padding, encoding, or a value that no content may have. Errc::unsupported: made
// by a newer version.
Result<wire::Content> parse_content(ByteView padded);

// Sets the format; the encoding, not padded, in memory that is wiped.
SecretBytes encode_content(wire::Content content);

bool is_imported(const wire::Imported& imported);

// An emoji, or the name of a custom one between colons: one word without controls.
bool is_emoji(std::string_view text);

inline wire::MessageRef to_wire(const MessageRef& ref) {
  return {ref.id, ref.sender_device};
}
// Of a text that was checked (emoji_rules.h).
std::vector<CustomEmoji> emoji_of(const wire::Text& text);
wire::Imported to_wire(const Imported& imported);
Imported from_wire(const wire::Imported& imported);
inline MessageRef from_wire(const wire::MessageRef& ref) {
  return {ref.message_id, ref.sender_device_id};
}

}  // namespace unhidra::client
