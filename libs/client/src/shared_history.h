#pragma once
// History for those who come later: the setting in the group's context, the key of an epoch, and
// the box in which a message's content stands beside its MLS ciphertext. Pure. Source:
// docs/security.md, "History for newcomers"; decision 32.

#include <vector>

#include "unhidra/crypto/keys.h"
#include "unhidra/mls/group.h"

#include "message_binding.h"

namespace unhidra::client {

using HistoryKey = SecretArray<32>;

// The extension of the group context; there as long as history is shared.
struct SharedHistory {
  UserId by;
  Timestamp since{};
  friend bool operator==(const SharedHistory&, const SharedHistory&) = default;
};
mls::ExtensionType shared_history_extension();
Bytes encode(const SharedHistory& setting);
// Nothing: not shared. What cannot be read is shared by nobody in particular.
std::optional<SharedHistory> shared_history_of(const mls::ExtensionList& extensions);

// Of the group's present epoch. Whoever is in the group in a later epoch may be told it; whoever
// left before cannot derive it.
HistoryKey history_key(const mls::Group& group);

// The key of an earlier epoch, told to whoever can open the message.
struct HistoryLink {
  std::uint64_t epoch = 0;
  HistoryKey key;
  HistoryLink clone() const { return {epoch, key.clone()}; }
};
inline constexpr std::size_t kMaxHistoryLinks = 8;  // in one message

struct HistoryContent {
  std::vector<HistoryLink> links;
  SecretBytes content;     // padded
  ByteArray<32> digest{};  // what the MLS ciphertext holds instead of the content
};

// Fills `binding.shared` but for `after`. Answers what the MLS message is to hold.
Result<ByteArray<32>> seal_for_history(const crypto::Provider& crypto, RandomSource& random,
                                       const crypto::Ed25519KeyPair& signer, const HistoryKey& key,
                                       std::uint64_t epoch, const std::vector<HistoryLink>& links,
                                       ByteView content, MessageBinding& binding);

// Errc::bad_frame unless the box was made under this key, for this place, by this signer. That it
// stands in `epoch` the signer says too.
Result<HistoryContent> open_from_history(const crypto::Provider& crypto,
                                         const crypto::Ed25519PublicKey& signer,
                                         const HistoryKey& key, std::uint64_t epoch,
                                         const MessageBinding& binding);

// Signature, links and content, as they stand in a box; for its fuzz target too.
struct HistoryBody {
  crypto::Signature signature;
  std::vector<HistoryLink> links;
  ByteView signed_part;  // of the parsed bytes: everything behind the signature
  ByteView content;      // likewise
};
std::optional<HistoryBody> parse_history_body(ByteView plaintext);

}  // namespace unhidra::client
