#pragma once
// Signing, and protecting as PublicMessage or PrivateMessage (RFC 9420 sections 6.1 to 6.3).

#include "unhidra/mls/secret_tree.h"

namespace unhidra::mls {

// `group_context` is the encoded context of the epoch.
Result<AuthenticatedContent> sign_content(const Suite& suite, const SignatureKeyPair& key,
                                          WireFormat format, FramedContent content,
                                          ByteView group_context);

// Application data is refused: section 6 wants it encrypted.
Result<PublicMessage> protect_public(const Suite& suite, const AuthenticatedContent& content,
                                     ByteView membership_key, ByteView group_context);
// Checks the membership tag of members; signature and confirmation tag are the caller's.
Status verify_membership_tag(const Suite& suite, const PublicMessage& message,
                             ByteView membership_key, ByteView group_context);

// Takes the next key of the sender's ratchet.
Result<PrivateMessage> protect_private(const Suite& suite, RandomSource& random,
                                       const AuthenticatedContent& content,
                                       ByteView sender_data_secret, SecretTree& keys,
                                       std::size_t padding);

struct SenderData {
  LeafIndex leaf;
  std::uint32_t generation = 0;
  ByteArray<4> reuse_guard{};
};
struct SenderDataKey {
  SecretBytes key;
  SecretBytes nonce;
};
SenderDataKey sender_data_key(const Suite& suite, ByteView sender_data_secret, ByteView ciphertext);
// Fills the message's encrypted_sender_data; its ciphertext, of which a sample goes in, is there.
Status seal_sender_data(const Suite& suite, PrivateMessage& message, const SenderData& sender,
                        ByteView sender_data_secret);
Result<SenderData> open_sender_data(const Suite& suite, const PrivateMessage& message,
                                    ByteView sender_data_secret);
// Fills the message's ciphertext; `text` is a PrivateMessageContent with its padding.
Status seal_content(const Suite& suite, PrivateMessage& message, const SenderData& sender,
                    const MessageKey& key, ByteView text);
// The content that a key opens; refuses padding other than zeros. The signature is the caller's.
Result<AuthenticatedContent> open_content(const Suite& suite, const PrivateMessage& message,
                                          const SenderData& sender, const MessageKey& key);

}  // namespace unhidra::mls
