#pragma once
// What a group keeps to itself, for tests that forge messages and that look for traces.

#include "unhidra/mls/group.h"

namespace unhidra::mls {

struct GroupInside {
  static const EpochSecrets& secrets(const Group& group) { return group.epoch_.secrets; }
  static SecretTree& messages(Group& group) { return group.epoch_.messages; }
  static const SignatureKeyPair& signer(const Group& group) { return group.signer_; }

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
