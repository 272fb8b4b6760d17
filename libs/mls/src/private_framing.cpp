#include "unhidra/mls/private_framing.h"

#include <algorithm>

#include "unhidra/mls/errc.h"

namespace unhidra::mls {
namespace {

RatchetKind kind_of(ContentType type) {
  return type == ContentType::application ? RatchetKind::application : RatchetKind::handshake;
}

// The first three fields of the message; SenderDataAAD.
Bytes sender_data_aad(const PrivateMessage& message) {
  TlsWriter out;
  out.opaque(message.group_id)
      .u64(message.epoch)
      .u8(static_cast<std::uint8_t>(message.content_type));
  return std::move(out).take();
}

Bytes content_aad(const PrivateMessage& message) {
  TlsWriter out;
  out.raw(sender_data_aad(message)).opaque(message.authenticated_data);
  return std::move(out).take();
}

SecretBytes guarded(const SecretBytes& nonce, const ByteArray<4>& guard) {
  SecretBytes out = nonce.clone();
  for (std::size_t i = 0; i < guard.size(); ++i) {
    out.expose_mutable()[i] = static_cast<Byte>(out.expose()[i] ^ guard[i]);
  }
  return out;
}

Result<Bytes> seal(const Suite& suite, ByteView key, ByteView nonce, ByteView aad, ByteView text) {
  Bytes out(text.size() + crypto::kAeadTagSize);
  UNHIDRA_TRY_VOID(suite.provider().aead_seal(suite.parameters().aead, key, nonce, aad, text, out));
  return out;
}

Result<SecretBytes> open(const Suite& suite, ByteView key, ByteView nonce, ByteView aad,
                         ByteView ciphertext) {
  if (ciphertext.size() < crypto::kAeadTagSize) {
    return fail(PublicErrc::bad_tag, "too short to hold a tag");
  }
  SecretBytes out(ciphertext.size() - crypto::kAeadTagSize);
  if (!suite.provider().aead_open(suite.parameters().aead, key, nonce, aad, ciphertext,
                                  out.expose_mutable())) {
    return fail(PublicErrc::bad_tag, "a PrivateMessage does not decrypt");
  }
  return out;
}

}  // namespace

Result<AuthenticatedContent> sign_content(const Suite& suite, const SignatureKeyPair& key,
                                          WireFormat format, FramedContent content,
                                          ByteView group_context) {
  AuthenticatedContent out{format, std::move(content), {}};
  UNHIDRA_TRY(out.auth.signature,
              key.sign(suite, "FramedContentTBS", out.to_be_signed(group_context)));
  return out;
}

Result<PublicMessage> protect_public(const Suite& suite, const AuthenticatedContent& content,
                                     ByteView membership_key, ByteView group_context) {
  if (content.content.type() == ContentType::application ||
      content.wire_format != WireFormat::mls_public_message) {
    return fail(PublicErrc::malformed, "this content cannot travel as a PublicMessage");
  }
  PublicMessage out{content.content, content.auth, {}};
  if (content.content.sender.is_member()) {
    out.membership_tag = mac(suite, membership_key, content.to_be_macked(group_context)).copy();
  }
  return out;
}

Status verify_membership_tag(const Suite& suite, const PublicMessage& message,
                             ByteView membership_key, ByteView group_context) {
  if (message.content.type() == ContentType::application) {
    return fail(PublicErrc::malformed, "application data must be encrypted");
  }
  if (message.content.sender.is_member()) {
    const Digest expected =
        mac(suite, membership_key, message.authenticated().to_be_macked(group_context));
    if (!constant_time_equal(expected.view(), message.membership_tag)) {
      return fail(PublicErrc::bad_tag, "the membership tag does not match");
    }
  }
  return {};
}

SenderDataKey sender_data_key(const Suite& suite, ByteView secret, ByteView ciphertext) {
  const ByteView sample = ciphertext.first(std::min(ciphertext.size(), suite.hash_size()));
  return {expand_with_label(suite, secret, "key", sample, suite.key_size()),
          expand_with_label(suite, secret, "nonce", sample, crypto::kAeadNonceSize)};
}

Result<PrivateMessage> protect_private(const Suite& suite, RandomSource& random,
                                       const AuthenticatedContent& content, ByteView sender_secret,
                                       SecretTree& keys, std::size_t padding) {
  const FramedContent& framed = content.content;
  Ratchet* ratchet = framed.sender.is_member()
                         ? keys.ratchet(suite, framed.sender.leaf(), kind_of(framed.type()))
                         : nullptr;
  if (ratchet == nullptr || content.wire_format != WireFormat::mls_private_message) {
    return fail(PublicErrc::malformed, "this content cannot travel as a PrivateMessage");
  }
  UNHIDRA_TRY(const auto next, ratchet->next(suite));
  PrivateMessage out{framed.group_id,           framed.epoch, framed.type(),
                     framed.authenticated_data, {},           {}};
  TlsWriter plain;
  framed.write_content(plain);
  content.auth.write(framed.type(), plain);
  Bytes text = std::move(plain).take();
  text.resize(text.size() + padding);
  const SenderData sender{framed.sender.leaf(), next.first, random.array<4>()};
  const Status sealed = seal_content(suite, out, sender, next.second, text);
  wipe(text);
  UNHIDRA_TRY_VOID(sealed);
  UNHIDRA_TRY_VOID(seal_sender_data(suite, out, sender, sender_secret));
  return out;
}

Status seal_content(const Suite& suite, PrivateMessage& message, const SenderData& sender,
                    const MessageKey& key, ByteView text) {
  UNHIDRA_TRY(message.ciphertext,
              seal(suite, key.key.expose(), guarded(key.nonce, sender.reuse_guard).expose(),
                   content_aad(message), text));
  return {};
}

Status seal_sender_data(const Suite& suite, PrivateMessage& message, const SenderData& sender,
                        ByteView sender_secret) {
  TlsWriter plain(12);
  plain.u32(sender.leaf.value).u32(sender.generation).raw(sender.reuse_guard);
  const SenderDataKey key = sender_data_key(suite, sender_secret, message.ciphertext);
  UNHIDRA_TRY(message.encrypted_sender_data, seal(suite, key.key.expose(), key.nonce.expose(),
                                                  sender_data_aad(message), plain.view()));
  return {};
}

Result<SenderData> open_sender_data(const Suite& suite, const PrivateMessage& message,
                                    ByteView sender_secret) {
  const SenderDataKey key = sender_data_key(suite, sender_secret, message.ciphertext);
  UNHIDRA_TRY(const SecretBytes plain,
              open(suite, key.key.expose(), key.nonce.expose(), sender_data_aad(message),
                   message.encrypted_sender_data));
  TlsReader in(plain.expose());
  SenderData out;
  out.leaf = {in.u32()};
  out.generation = in.u32();
  std::ranges::copy(in.raw(4), out.reuse_guard.begin());
  UNHIDRA_TRY_VOID(in.finish("SenderData"));
  return out;
}

Result<AuthenticatedContent> open_content(const Suite& suite, const PrivateMessage& message,
                                          const SenderData& sender, const MessageKey& key) {
  UNHIDRA_TRY(const SecretBytes plain,
              open(suite, key.key.expose(), guarded(key.nonce, sender.reuse_guard).expose(),
                   content_aad(message), message.ciphertext));
  TlsReader in(plain.expose());
  AuthenticatedContent out{WireFormat::mls_private_message,
                           {message.group_id,
                            message.epoch,
                            Sender::member(sender.leaf),
                            message.authenticated_data,
                            {}},
                           {}};
  out.content.read_content(message.content_type, in);
  out.auth = FramedContentAuthData::read(message.content_type, in);
  UNHIDRA_TRY_VOID(in.check("a PrivateMessageContent"));
  if (std::ranges::any_of(in.rest(), [](Byte byte) { return byte != 0; })) {
    return fail(PublicErrc::malformed, "the padding is not all zero");
  }
  return out;
}

}  // namespace unhidra::mls
