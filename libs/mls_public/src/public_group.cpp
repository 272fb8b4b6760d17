#include "unhidra/mls_public/public_group.h"

#include <algorithm>
#include <set>

namespace unhidra::mls_public {
namespace {

std::unexpected<Error> bad_info(std::string message) {
  return fail(Errc::invalid_group_info, std::move(message));
}

Result<RatchetTree> tree_of(const GroupInfo& info, const std::optional<RatchetTree>& tree) {
  if (const Bytes* extension = info.extensions.find(ExtensionType::ratchet_tree)) {
    return RatchetTree::parse(*extension);
  }
  if (!tree) {
    return bad_info("no ratchet tree came with the GroupInfo");
  }
  return *tree;
}

PublicState state_of(const Suite& suite, const GroupInfo& info, RatchetTree tree) {
  const Digest interim = interim_transcript_hash(
      suite, info.group_context.confirmed_transcript_hash, info.confirmation_tag);
  return {suite,           info.group_context, encode(info.group_context),
          std::move(tree), interim.copy(),     info.confirmation_tag};
}

}  // namespace

Result<PublicGroup> PublicGroup::from_group_info(const crypto::Provider& provider,
                                                 const GroupInfo& info,
                                                 const std::optional<RatchetTree>& beside,
                                                 const ValidationRules& rules) {
  UNHIDRA_TRY(const Suite suite, Suite::of(provider, info.group_context.cipher_suite));
  UNHIDRA_TRY(RatchetTree tree, tree_of(info, beside));
  const LeafNode* signer = tree.leaf(info.signer);
  if (signer == nullptr) {
    return bad_info("the signer of the GroupInfo is no member");
  }
  UNHIDRA_TRY_VOID(info.verify_signature(suite, signer->signature_key()));
  UNHIDRA_TRY_VOID(validate_tree(suite, tree, info.group_context, rules));
  return PublicGroup(state_of(suite, info, std::move(tree)));
}

Result<PublicGroup> PublicGroup::restore(const crypto::Provider& provider, const GroupInfo& info,
                                         RatchetTree tree) {
  UNHIDRA_TRY(const Suite suite, Suite::of(provider, info.group_context.cipher_suite));
  if (!std::ranges::equal(tree.root_hash(suite).view(), info.group_context.tree_hash)) {
    return fail(Errc::invalid_tree, "the tree is not the one of the GroupInfo");
  }
  return PublicGroup(state_of(suite, info, std::move(tree)));
}

Result<ProposalRef> PublicGroup::add_proposal(const PublicMessage& message,
                                              const ValidationRules& rules) {
  const Proposal* proposal = message.content.proposal();
  if (proposal == nullptr) {
    return fail(Errc::malformed, "the message holds no proposal");
  }
  const AuthenticatedContent content = message.authenticated();
  UNHIDRA_TRY_VOID(verify_content(state_, content));
  UNHIDRA_TRY_VOID(validate_proposal(state_, *proposal, message.content.sender, rules));
  ProposalRef reference = content.proposal_ref(state_.suite);
  UNHIDRA_TRY_VOID(proposals_.add(
      {std::get<ProposalPtr>(message.content.content), message.content.sender, reference}));
  return reference;
}

Result<PublicCommit> PublicGroup::check_commit(const PublicMessage& message,
                                               const ValidationRules& rules) const {
  const Commit* commit = message.content.commit();
  if (commit == nullptr) {
    return fail(Errc::malformed, "the message holds no commit");
  }
  const Sender& sender = message.content.sender;
  const AuthenticatedContent content = message.authenticated();
  UNHIDRA_TRY_VOID(verify_content(state_, content));
  UNHIDRA_TRY(const auto proposals, resolve_proposals(*commit, proposals_, sender));
  UNHIDRA_TRY(AppliedProposals applied, apply_proposals(state_, proposals, sender, rules));
  UNHIDRA_TRY_VOID(check_path_presence(*commit, applied, sender));
  LeafIndex committer = sender.leaf();
  if (commit->path) {
    UNHIDRA_TRY(const AppliedPath path, apply_path(state_, applied, sender, *commit->path, rules));
    committer = path.sender;
  }
  PublicState next{state_.suite, state_.context, {}, std::move(applied.tree), {}, {}};
  ++next.context.epoch;
  next.context.extensions = applied.extensions;
  next.context.tree_hash = next.tree.root_hash(next.suite).copy();
  next.context.confirmed_transcript_hash =
      confirmed_transcript_hash(next.suite, state_.interim_transcript_hash, content).copy();
  next.encoded_context = encode(next.context);
  next.confirmation_tag = content.auth.confirmation_tag;
  next.interim_transcript_hash =
      interim_transcript_hash(next.suite, next.context.confirmed_transcript_hash,
                              next.confirmation_tag)
          .copy();
  PublicCommit out{std::move(next),
                   sender,
                   committer,
                   std::move(applied.added),
                   std::move(applied.key_packages),
                   std::move(applied.removed),
                   std::move(applied.updated),
                   {},
                   !sender.is_member(),
                   applied.reinit};
  for (const QueuedProposal& proposal : proposals) {
    if (!proposal.reference.empty()) {
      out.covered.push_back(proposal.reference);
    }
  }
  return out;
}

Status PublicGroup::check_group_info(const PublicCommit& commit, const GroupInfo& info) {
  const LeafNode* signer = commit.next.tree.leaf(info.signer);
  if (signer == nullptr || info.signer != commit.committer) {
    return bad_info("the GroupInfo is not signed by the committer");
  }
  if (encode(info.group_context) != commit.next.encoded_context ||
      info.confirmation_tag != commit.next.confirmation_tag) {
    return bad_info("the GroupInfo does not describe the epoch that the commit begins");
  }
  if (const Bytes* extension = info.extensions.find(ExtensionType::ratchet_tree)) {
    TlsWriter tree;
    commit.next.tree.write(tree);
    if (tree.view() != *extension) {
      return bad_info("the tree of the GroupInfo is not the group's");
    }
  }
  return info.verify_signature(commit.next.suite, signer->signature_key());
}

Status PublicGroup::check_welcomes(const PublicCommit& commit, std::span<const Welcome> welcomes) {
  std::multiset<Bytes> wanted;
  for (const KeyPackagePtr& key_package : commit.key_packages) {
    wanted.insert(key_package->reference(commit.next.suite).copy());
  }
  for (const Welcome& welcome : welcomes) {
    if (welcome.cipher_suite != commit.next.suite.id()) {
      return fail(Errc::invalid_commit, "a Welcome names another cipher suite");
    }
    for (const EncryptedGroupSecrets& secrets : welcome.secrets) {
      const auto found = wanted.find(secrets.new_member);
      if (found == wanted.end()) {
        return fail(Errc::invalid_commit, "a Welcome is for someone whom the commit did not add");
      }
      wanted.erase(found);
    }
  }
  if (!wanted.empty()) {
    return fail(Errc::invalid_commit, "a new member has no Welcome");
  }
  return {};
}

Status PublicGroup::check_covers_all(const PublicCommit& commit) const {
  const bool all = std::ranges::all_of(proposals_.items(), [&](const QueuedProposal& queued) {
    const bool cannot =
        queued.proposal->as<Update>() != nullptr &&
        (queued.sender == commit.sender ||
         std::ranges::find(commit.removed, queued.sender.leaf()) != commit.removed.end());
    return cannot || std::ranges::find(commit.covered, queued.reference) != commit.covered.end();
  });
  if (!all) {
    return fail(Errc::invalid_commit, "the commit leaves out a proposal of the epoch");
  }
  return {};
}

Status PublicGroup::apply(PublicCommit commit) {
  if (commit.next.context.epoch != state_.context.epoch + 1 ||
      commit.next.context.group_id != state_.context.group_id) {
    return fail(Errc::wrong_epoch, "the commit was checked in another epoch");
  }
  state_ = std::move(commit.next);
  proposals_.clear();
  return {};
}

}  // namespace unhidra::mls_public
