#include "unhidra/mls_public/proposal_list.h"

#include <algorithm>
#include <set>

namespace unhidra::mls_public {
namespace {

std::unexpected<Error> bad_list(std::string message) {
  return fail(Errc::invalid_proposal, std::move(message));
}
std::unexpected<Error> bad_commit(std::string message) {
  return fail(Errc::invalid_commit, std::move(message));
}

bool external_may_send(ProposalType type) {
  return type == ProposalType::add || type == ProposalType::remove || type == ProposalType::psk ||
         type == ProposalType::reinit || type == ProposalType::group_context_extensions;
}

// The key that must have signed (section 6.1), or why this sender may not send this content.
Result<Bytes> signature_key_of(const PublicState& state, const FramedContent& content) {
  const Proposal* proposal = content.proposal();
  switch (content.sender.type) {
    case SenderType::member: {
      const LeafNode* leaf = state.tree.leaf(content.sender.leaf());
      if (leaf == nullptr) {
        return fail(Errc::not_a_member, "the sender's leaf is blank");
      }
      return to_bytes(leaf->signature_key());
    }
    case SenderType::external: {
      UNHIDRA_TRY(const auto senders, external_senders(state.context.extensions));
      if (proposal == nullptr || !external_may_send(proposal->type())) {
        return fail(Errc::malformed, "an external sender may not send this");
      }
      if (!senders || content.sender.index >= senders->senders.size()) {
        return fail(Errc::not_a_member, "the group has no such external sender");
      }
      return senders->senders[content.sender.index].signature_key;
    }
    case SenderType::new_member_commit: {
      const Commit* commit = content.commit();
      if (commit == nullptr || !commit->path) {
        return bad_commit("an external commit needs a path");
      }
      return to_bytes(commit->path->leaf_node->signature_key());
    }
    case SenderType::new_member_proposal:
      break;
  }
  const Add* add = proposal != nullptr ? proposal->as<Add>() : nullptr;
  if (add == nullptr) {
    return fail(Errc::malformed, "a new member may propose its own Add alone");
  }
  return to_bytes(add->key_package->leaf_node->signature_key());
}

Status check_psk(const Suite& suite, const PreSharedKeyId& psk, CommitUse use) {
  if (psk.psk_nonce.size() != suite.hash_size()) {
    return bad_list("a psk_nonce has another length than KDF.Nh");
  }
  if (use == CommitUse::ordinary &&
      (psk.is_resumption(ResumptionUsage::reinit) || psk.is_resumption(ResumptionUsage::branch))) {
    return bad_list("a PSK of usage reinit or branch outside of the first commit of such a group");
  }
  return {};
}

// One pass over the list, which collects by kind and finds what may not stand together.
class ListChecker {
 public:
  ListChecker(const PublicState& state, const Sender& committer, const ValidationRules& rules,
              CommitUse use)
      : state_(state), committer_(committer), rules_(rules), use_(use) {}

  Status take(const QueuedProposal& queued) {
    queued_ = &queued;
    return std::visit([this](const auto& content) { return check(content); },
                      queued.proposal->content);
  }

  Status finish(std::size_t count) const {
    if (reinit != nullptr && count != 1) {
      return bad_list("a ReInit stands beside other proposals");
    }
    if (external_init == nullptr && committer_.type == SenderType::new_member_commit) {
      return bad_list("an external commit has no ExternalInit");
    }
    return {};
  }

  std::vector<const KeyPackagePtr*> adds;
  std::vector<std::pair<LeafIndex, LeafNodePtr>> updates;
  std::vector<LeafIndex> removes;
  std::vector<PreSharedKeyId> psks;
  const ReInit* reinit = nullptr;
  const ExternalInit* external_init = nullptr;
  const GroupContextExtensions* extensions = nullptr;

 private:
  bool is_external() const { return committer_.type == SenderType::new_member_commit; }
  Status only_members(std::string_view what) const {
    if (is_external()) {
      return bad_list("an external commit may not cover " + std::string(what));
    }
    return {};
  }
  Status once(LeafIndex leaf) {
    if (!changed_.insert(leaf).second) {
      return bad_list("several Updates or Removes of one leaf");
    }
    return {};
  }

  Status check(const Add& add) {
    UNHIDRA_TRY_VOID(only_members("an Add"));
    UNHIDRA_TRY_VOID(validate_key_package(state_.suite, *add.key_package, rules_));
    adds.push_back(&add.key_package);
    return {};
  }
  Status check(const Update& update) {
    UNHIDRA_TRY_VOID(only_members("an Update"));
    const Sender& sender = queued_->sender;
    if (!sender.is_member() || sender == committer_) {
      return bad_list("an Update by the committer, or by no member");
    }
    UNHIDRA_TRY_VOID(once(sender.leaf()));
    UNHIDRA_TRY_VOID(check_update(sender.leaf(), *update.leaf_node));
    updates.emplace_back(sender.leaf(), update.leaf_node);
    return {};
  }
  Status check_update(LeafIndex index, const LeafNode& leaf) const {
    const LeafNode* before = state_.tree.leaf(index);
    if (before == nullptr) {
      return fail(Errc::not_a_member, "an Update of a blank leaf");
    }
    if (std::ranges::equal(before->encryption_key(), leaf.encryption_key())) {
      return fail(Errc::invalid_leaf_node, "an Update that keeps the encryption key");
    }
    UNHIDRA_TRY_VOID(validate_leaf_node(state_.suite, leaf, LeafOrigin::update,
                                        {state_.context.group_id, index}, rules_));
    UNHIDRA_TRY_VOID(keeps_group_parameters(state_.suite, before, leaf));
    return rules_.authentication == nullptr
               ? Status{}
               : rules_.authentication->validate_successor(*before, leaf);
  }
  Status check(const Remove& remove) {
    if (state_.tree.leaf(remove.removed) == nullptr) {
      return bad_list("a Remove of a blank leaf");
    }
    if (committer_.is_member() && remove.removed == committer_.leaf()) {
      return bad_list("a Remove of the committer");
    }
    if (is_external() && !removes.empty()) {
      return bad_list("an external commit removes more than one leaf");
    }
    UNHIDRA_TRY_VOID(once(remove.removed));
    removes.push_back(remove.removed);
    return {};
  }
  Status check(const PreSharedKey& psk) {
    UNHIDRA_TRY_VOID(check_psk(state_.suite, psk.psk, use_));
    if (!psk_ids_.insert(encode(psk.psk)).second) {
      return bad_list("one PreSharedKeyID twice");
    }
    psks.push_back(psk.psk);
    return {};
  }
  Status check(const ReInit& value) {
    UNHIDRA_TRY_VOID(only_members("a ReInit"));
    if (value.version < ProtocolVersion::mls10) {
      return bad_list("a ReInit to an earlier version");
    }
    reinit = &value;
    return {};
  }
  Status check(const ExternalInit& init) {
    if (!is_external() || external_init != nullptr) {
      return bad_list("an ExternalInit outside of an external commit, or a second one");
    }
    external_init = &init;
    return {};
  }
  Status check(const GroupContextExtensions& value) {
    UNHIDRA_TRY_VOID(only_members("GroupContextExtensions"));
    if (extensions != nullptr) {
      return bad_list("several GroupContextExtensions");
    }
    UNHIDRA_TRY_VOID(validate_group_extensions(value.extensions, rules_));
    extensions = &value;
    return {};
  }

  const PublicState& state_;
  const Sender& committer_;
  const ValidationRules& rules_;
  CommitUse use_;
  const QueuedProposal* queued_ = nullptr;
  std::set<LeafIndex> changed_;
  std::set<Bytes> psk_ids_;
};

// Keys that the list brought in may stand nowhere else (section 7.3).
Status check_new_leaves(const AppliedProposals& applied) {
  if (applied.tree.leaf_count() > RatchetTree::kMaxLeaves) {
    return bad_list("the group has more leaves than are taken");
  }
  const auto unique = [&](LeafIndex index) {
    const LeafNode* leaf = applied.tree.leaf(index);
    return leaf != nullptr && applied.tree.count_encryption_key(leaf->encryption_key()) == 1 &&
           applied.tree.count_signature_key(leaf->signature_key()) == 1;
  };
  if (!std::ranges::all_of(applied.added, unique) ||
      !std::ranges::all_of(applied.updated, unique)) {
    return bad_list("a key of a new leaf is in the group already");
  }
  return {};
}

// Section 12.4.2: the path's shape, and keys that are nowhere in the tree.
Status check_path_shape(const AppliedProposals& applied, const UpdatePath& path,
                        std::span<const PathStep> steps) {
  if (path.nodes.size() != steps.size()) {
    return bad_commit("the path is not as long as the filtered direct path");
  }
  std::set<ByteView, decltype([](ByteView a, ByteView b) {
             return std::ranges::lexicographical_compare(a, b);
           })>
      keys{path.leaf_node->encryption_key()};
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const UpdatePathNode& node = path.nodes[i];
    const std::size_t wanted = applied.tree.resolution(steps[i].copath, applied.added).size();
    if (node.encrypted_path_secret.size() != wanted) {
      return bad_commit("a path node has not one ciphertext for each node of the resolution");
    }
    keys.insert(node.encryption_key);
  }
  if (keys.size() != path.nodes.size() + 1 || std::ranges::any_of(keys, [&](ByteView key) {
        return applied.tree.count_encryption_key(key) != 0;
      })) {
    return bad_commit("a key of the path is in the tree already");
  }
  return {};
}

}  // namespace

Status ProposalStore::add(QueuedProposal proposal) {
  if (find(proposal.reference) != nullptr) {
    return {};
  }
  if (items_.size() >= kLimit) {
    return bad_list("more proposals in one epoch than are kept");
  }
  items_.push_back(std::move(proposal));
  return {};
}

const QueuedProposal* ProposalStore::find(ByteView reference) const {
  const auto found = std::ranges::find_if(items_, [&](const QueuedProposal& item) {
    return std::ranges::equal(item.reference, reference);
  });
  return found == items_.end() ? nullptr : &*found;
}

Status verify_content(const PublicState& state, const AuthenticatedContent& content) {
  if (content.content.group_id != state.context.group_id) {
    return fail(Errc::wrong_group, "a message of another group");
  }
  if (content.content.epoch != state.context.epoch) {
    return fail(Errc::wrong_epoch, "a message of another epoch");
  }
  if (!content.content.sender.is_member() &&
      content.wire_format != WireFormat::mls_public_message) {
    return fail(Errc::malformed, "who is no member sends PublicMessages");
  }
  UNHIDRA_TRY(const Bytes key, signature_key_of(state, content.content));
  return content.verify_signature(state.suite, key, state.encoded_context);
}

Status validate_proposal(const PublicState& state, const Proposal& proposal, const Sender& sender,
                         const ValidationRules& rules) {
  // Any other member may commit it: nobody is the committer here.
  const Sender anyone{SenderType::member, ~std::uint32_t{0}};
  ListChecker checker(state, anyone, rules, CommitUse::ordinary);
  const QueuedProposal queued{std::make_shared<const Proposal>(proposal), sender, {}};
  return checker.take(queued);
}

Result<std::vector<QueuedProposal>> resolve_proposals(const Commit& commit,
                                                      const ProposalStore& store,
                                                      const Sender& committer) {
  std::vector<QueuedProposal> out;
  for (const ProposalOrRef& item : commit.proposals) {
    if (const auto* proposal = std::get_if<ProposalPtr>(&item.content)) {
      out.push_back({*proposal, committer, {}});
      continue;
    }
    if (!committer.is_member()) {
      return bad_commit("an external commit covers proposals by reference");
    }
    const QueuedProposal* found = store.find(std::get<ProposalRef>(item.content));
    if (found == nullptr) {
      return fail(Errc::unknown_proposal, "the commit covers a proposal that was not seen");
    }
    const bool twice = std::ranges::any_of(
        out, [&](const QueuedProposal& q) { return q.reference == found->reference; });
    if (twice) {
      return bad_list("one proposal is covered twice");
    }
    out.push_back(*found);
  }
  return out;
}

Result<AppliedProposals> apply_proposals(const PublicState& state,
                                         std::span<const QueuedProposal> proposals,
                                         const Sender& committer, const ValidationRules& rules,
                                         CommitUse use) {
  ListChecker list(state, committer, rules, use);
  AppliedProposals out{.tree = state.tree, .extensions = state.context.extensions};
  for (const QueuedProposal& queued : proposals) {
    UNHIDRA_TRY_VOID(list.take(queued));
    out.path_required = out.path_required || requires_path(queued.proposal->type());
  }
  UNHIDRA_TRY_VOID(list.finish(proposals.size()));
  out.path_required = out.path_required || proposals.empty();
  if (list.extensions != nullptr) {
    out.extensions = list.extensions->extensions;
  }
  for (const auto& [index, leaf] : list.updates) {
    out.tree.update(index, leaf);
    out.updated.push_back(index);
  }
  for (const LeafIndex index : list.removes) {
    out.tree.remove(index);
  }
  out.removed = list.removes;
  if (!out.removed.empty()) {
    out.tree.truncate();
  }
  for (const KeyPackagePtr* key_package : list.adds) {
    out.added.push_back(out.tree.add((*key_package)->leaf_node));
    out.key_packages.push_back(*key_package);
  }
  out.psks = std::move(list.psks);
  if (list.external_init != nullptr) {
    out.external_init = list.external_init->kem_output;
  }
  if (list.reinit != nullptr) {
    out.reinit = *list.reinit;
  }
  UNHIDRA_TRY_VOID(check_new_leaves(out));
  if (!out.path_required) {
    UNHIDRA_TRY_VOID(validate_members_together(out.tree, out.extensions));
  }
  return out;
}

Status check_path_presence(const Commit& commit, const AppliedProposals& applied,
                           const Sender& committer) {
  if (!commit.path && (applied.path_required || !committer.is_member())) {
    return bad_commit("the commit lacks the path that its proposals require");
  }
  return {};
}

Result<AppliedPath> apply_path(const PublicState& state, AppliedProposals& applied,
                               const Sender& committer, const UpdatePath& path,
                               const ValidationRules& rules) {
  RatchetTree& tree = applied.tree;
  const LeafNode& leaf = *path.leaf_node;
  AppliedPath out;
  LeafNodePtr before;
  if (committer.is_member()) {
    out.sender = committer.leaf();
    before = tree.leaf_ptr(out.sender);
    if (!before) {
      return fail(Errc::not_a_member, "the committer is no member");
    }
  } else {
    before = applied.removed.empty() ? nullptr : state.tree.leaf_ptr(applied.removed.front());
  }
  if (before && std::ranges::equal(before->encryption_key(), leaf.encryption_key())) {
    return bad_commit("the path keeps the leaf's encryption key");
  }
  if (before && rules.authentication != nullptr) {
    UNHIDRA_TRY_VOID(rules.authentication->validate_successor(*before, leaf));
  }
  // Whoever rejoins from outside may take its own old leaf out and nobody else's (section 12.2).
  // Without a service that knows who is who, the same credential it must be.
  if (before && rules.authentication == nullptr && !committer.is_member() &&
      !std::ranges::equal(before->encoded_credential(), leaf.encoded_credential())) {
    return bad_commit("an external commit removes a leaf that is not the committer's own");
  }
  UNHIDRA_TRY_VOID(keeps_group_parameters(state.suite, before.get(), leaf));
  if (tree.count_encryption_key(leaf.encryption_key()) != 0) {
    return bad_commit("the leaf's encryption key is in the tree already");
  }
  if (!committer.is_member()) {
    out.sender = tree.add(path.leaf_node);
    if (tree.leaf_count() > RatchetTree::kMaxLeaves) {
      return bad_commit("the group has more leaves than are taken");
    }
  }
  UNHIDRA_TRY_VOID(validate_leaf_node(state.suite, leaf, LeafOrigin::commit,
                                      {state.context.group_id, out.sender}, rules));
  out.steps = tree.filtered_direct_path(out.sender);
  if (!committer.is_member()) {
    tree.set_leaf(out.sender, nullptr);  // so that the check of keys does not meet the leaf itself
  }
  const Status shape = check_path_shape(applied, path, out.steps);
  UNHIDRA_TRY_VOID(shape);
  std::vector<ByteView> keys;
  for (const UpdatePathNode& node : path.nodes) {
    UNHIDRA_TRY_VOID(state.suite.check_hpke_key(node.encryption_key));
    keys.emplace_back(node.encryption_key);
  }
  const Digest expected = tree.set_path(state.suite, out.sender, out.steps, keys);
  if (!std::ranges::equal(expected.view(), leaf.parent_hash())) {
    return bad_commit("the leaf's parent hash does not match the path");
  }
  tree.set_leaf(out.sender, path.leaf_node);
  if (tree.count_signature_key(leaf.signature_key()) != 1) {
    return bad_commit("the leaf's signature key is in the group already");
  }
  UNHIDRA_TRY_VOID(validate_members_together(tree, applied.extensions));
  return out;
}

}  // namespace unhidra::mls_public
