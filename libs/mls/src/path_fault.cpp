#include "unhidra/mls/path_fault.h"

#include <algorithm>

#include "unhidra/crypto/agreement_proof.h"
#include "unhidra/mls/group.h"

#include "epoch.h"

namespace unhidra::mls {
namespace {

// The leaves that a commit has added: they took no part in its path.
std::vector<LeafIndex> added_by(const PublicState& before, const PublicState& after) {
  std::vector<LeafIndex> out;
  after.tree.each_member([&](LeafIndex index, const LeafNode& leaf) {
    const LeafNode* old = before.tree.leaf(index);
    if (leaf.source() == LeafNodeSource::key_package &&
        (old == nullptr || !std::ranges::equal(old->encoding(), leaf.encoding()))) {
      out.push_back(index);
    }
  });
  return out;
}

// Section 7.4: whether a path secret gives the public keys from its node up to the root.
bool leads_to(const Suite& suite, ByteView path_secret, std::span<const UpdatePathNode> nodes) {
  const auto path = derive_path(suite, SecretBytes::copy_of(path_secret), nodes.size());
  return path && std::ranges::equal(path->keys, nodes, {}, &HpkeKeyPair::public_key,
                                    &UpdatePathNode::encryption_key);
}

}  // namespace

PathFault PathFault::read(TlsReader& in) {
  PathFault out;
  out.node = in.u32();
  out.place = in.u32();
  out.proof = in.opaque_copy();
  return out;
}

void PathFault::write(TlsWriter& out) const {
  out.u32(node).u32(place).opaque(proof);
}

Result<Bytes> prove_path_fault(const Suite& suite, RandomSource& random, const HpkeKeyPair& key,
                               ByteView kem_output, ByteView signature) {
  // A kem_output that is no public key convicts by itself.
  if (suite.parameters().kem != Kem::x25519 || !crypto::is_x25519_public_key(kem_output)) {
    return Bytes();
  }
  UNHIDRA_TRY(const auto proof,
              crypto::prove_agreement(random, key.private_key().expose().first<32>(),
                                      kem_output.first<32>(), signature));
  return to_bytes(proof);
}

PathVerdict judge_path(const PublicState& before, const PublicState& after, LeafIndex committer,
                       const UpdatePath& path, ByteView signature, const PathFault& fault) {
  const Suite& suite = before.suite;
  const auto steps = after.tree.filtered_direct_path(committer);
  if (suite.parameters().kem != Kem::x25519 || steps.size() != path.nodes.size()) {
    return PathVerdict::unproven;
  }
  if (fault.node >= steps.size()) {
    return PathVerdict::unfounded;
  }
  const auto& sealed = path.nodes[fault.node].encrypted_path_secret;
  const auto targets = after.tree.resolution(steps[fault.node].copath, added_by(before, after));
  if (targets.size() != sealed.size()) {
    return PathVerdict::unproven;
  }
  if (fault.place >= sealed.size()) {
    return PathVerdict::unfounded;
  }
  const HpkeCiphertext& ciphertext = sealed[fault.place];
  if (!crypto::is_x25519_public_key(ciphertext.kem_output) ||
      ciphertext.ciphertext.size() != suite.hash_size() + crypto::kAeadTagSize) {
    return PathVerdict::proven;  // for all to see
  }
  if (fault.proof.empty()) {
    return PathVerdict::unproven;
  }
  const ByteView public_key = after.tree.encryption_key(targets[fault.place]);
  const auto agreed = crypto::verify_agreement(
      public_key.first<32>(), ByteView(ciphertext.kem_output).first<32>(), signature, fault.proof);
  if (!agreed) {
    return PathVerdict::unfounded;
  }
  // Section 12.4.1: of the epoch that begins, with the transcript of the one that ends.
  GroupContext context = after.context;
  context.confirmed_transcript_hash = before.context.confirmed_transcript_hash;
  const auto info = encrypt_context(suite, "UpdatePathNode", encode(context));
  if (!info) {
    return PathVerdict::unproven;
  }
  const auto secret = hpke_open_agreed(suite, agreed->expose(), public_key, *info, {}, ciphertext);
  const bool right =
      secret && leads_to(suite, secret->expose(), std::span(path.nodes).subspan(fault.node));
  return right ? PathVerdict::unfounded : PathVerdict::proven;
}

Result<PathFault> Group::path_fault(const Environment& env, const PublicMessage& message) const {
  const AuthenticatedContent content = message.authenticated();
  const Commit* commit = content.content.commit();
  if (commit == nullptr || !commit->path) {
    return fail(PublicErrc::malformed, "not a commit with a path");
  }
  UNHIDRA_TRY_VOID(verify_membership_tag(epoch_.pub.suite, message,
                                         epoch_.secrets.membership_key.expose(),
                                         epoch_.pub.encoded_context));
  UNHIDRA_TRY_VOID(verify_content(epoch_.pub, content));
  const Sender& sender = content.content.sender;
  UNHIDRA_TRY(const auto proposals, resolve_proposals(*commit, proposals_, sender));
  UNHIDRA_TRY(AppliedProposals applied, apply_proposals(epoch_.pub, proposals, sender, env.rules));
  if (applied.tree.leaf(self()) == nullptr) {
    return fail(Errc::removed, "the commit removes this member");
  }
  const PrivateTree keys = keys_before(applied);
  UNHIDRA_TRY(const AppliedPath path,
              apply_path(epoch_.pub, applied, sender, *commit->path, env.rules));
  UNHIDRA_TRY(const SealedForUs ours,
              find_path_secret(keys, applied.tree, path.steps, applied.added));
  const auto& sealed = commit->path->nodes[ours.step].encrypted_path_secret[ours.place];
  PathFault out{static_cast<std::uint32_t>(ours.step), static_cast<std::uint32_t>(ours.place), {}};
  UNHIDRA_TRY(out.proof, prove_path_fault(suite(), env.random, *ours.key, sealed.kem_output,
                                          content.auth.signature));
  return out;
}

const PublicState* Group::public_state(std::uint64_t epoch) const {
  if (epoch == context().epoch) {
    return &epoch_.pub;
  }
  const auto past =
      std::ranges::find(past_, epoch, [](const PastEpoch& p) { return p.pub.context.epoch; });
  return past == past_.end() ? nullptr : &past->pub;
}

PathJudgement Group::judge(const PublicMessage& message, const PathFault& fault) const {
  const AuthenticatedContent content = message.authenticated();
  const FramedContent& framed = content.content;
  const Commit* commit = framed.commit();
  const PublicState* before = public_state(framed.epoch);
  const PublicState* after = public_state(framed.epoch + 1);
  if (commit == nullptr || !commit->path || before == nullptr || after == nullptr ||
      framed.group_id != before->context.group_id) {
    return {};
  }
  // The commit that this member has followed, signature included: it verified that one.
  const Digest transcript =
      confirmed_transcript_hash(before->suite, before->interim_transcript_hash, content);
  if (!std::ranges::equal(transcript.view(), after->context.confirmed_transcript_hash)) {
    return {};
  }
  const LeafNodePtr& leaf = commit->path->leaf_node;
  const auto committer = after->tree.find_signature_key(leaf->signature_key());
  if (!committer) {
    return {};
  }
  return {judge_path(*before, *after, *committer, *commit->path, content.auth.signature, fault),
          leaf};
}

}  // namespace unhidra::mls
