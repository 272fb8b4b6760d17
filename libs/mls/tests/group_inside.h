#pragma once
// What a group keeps to itself, for tests that forge messages and that look for traces.

#include <cstdlib>

#include "unhidra/mls/group.h"

namespace unhidra::mls {

struct GroupInside {
  static const EpochSecrets& secrets(const Group& group) { return group.epoch_.secrets; }
  static SecretTree& messages(Group& group) { return group.epoch_.messages; }
  static const SignatureKeyPair& signer(const Group& group) { return group.signer_; }

  // Signed and tagged as the group's member would, whatever it says.
  static PublicMessage protect(const Group& group, FramedContent content, Bytes confirmation_tag) {
    const PublicState& state = group.epoch_.pub;
    AuthenticatedContent made =
        sign_content(state.suite, group.signer_, WireFormat::mls_public_message, std::move(content),
                     state.encoded_context)
            .value();
    made.auth.confirmation_tag = std::move(confirmation_tag);
    Bytes tag = mac(state.suite, group.epoch_.secrets.membership_key.expose(),
                    made.to_be_macked(state.encoded_context))
                    .copy();
    return {std::move(made.content), std::move(made.auth), std::move(tag)};
  }
  // A PrivateMessage of any plaintext, with the member's next key.
  static PrivateMessage seal(Group& group, RandomSource& random, ContentType type, ByteView text) {
    const Suite& suite = group.epoch_.pub.suite;
    const RatchetKind kind =
        type == ContentType::application ? RatchetKind::application : RatchetKind::handshake;
    const auto next = group.epoch_.messages.ratchet(suite, group.self(), kind)->next(suite).value();
    const SenderData sender{group.self(), next.first, random.array<4>()};
    PrivateMessage out{group.context().group_id, group.context().epoch, type, {}, {}, {}};
    if (!seal_content(suite, out, sender, next.second, text) ||
        !seal_sender_data(suite, out, sender, group.epoch_.secrets.sender_data_secret.expose())) {
      std::abort();
    }
    return out;
  }

  // Everything that a message could change, as bytes.
  static Bytes snapshot(const Group& group) {
    TlsWriter out;
    out.raw(group.state_record().expose());
    write(out, group.epoch_.pub);
    group.epoch_.messages.write(out);
    for (const Group::PastEpoch& past : group.past_) {
      write(out, past.pub);
      out.opaque(past.sender_data_secret.expose());
      past.messages.write(out);
    }
    out.present(group.pending_.has_value());
    if (group.pending_) {
      write(out, group.pending_->next.pub);
      group.pending_->next.messages.write(out);
    }
    return std::move(out).take();
  }

 private:
  static void write(TlsWriter& out, const PublicState& state) {
    out.opaque(state.encoded_context).opaque(state.interim_transcript_hash);
    out.opaque(state.confirmation_tag);
    state.tree.write(out);
    RatchetTree tree = state.tree;  // a copy: hashing fills its cache
    out.raw(tree.root_hash(state.suite).view());
  }
};

}  // namespace unhidra::mls
