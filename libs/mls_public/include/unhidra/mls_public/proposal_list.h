#pragma once
// The public half of an epoch change (RFC 9420 sections 12.2 to 12.4): which proposals a commit
// covers, whether the list is valid, what it makes of the tree, and the update path's public part.
// Members and delivery services use the same code; what takes secrets is the room mls.

#include "unhidra/mls_public/tree_validation.h"

namespace unhidra::mls_public {

// The public state of an epoch.
struct PublicState {
  Suite suite;
  GroupContext context;
  Bytes encoded_context;
  RatchetTree tree;
  Bytes interim_transcript_hash;
  Bytes confirmation_tag;
};

struct QueuedProposal {
  ProposalPtr proposal;
  Sender sender;
  ProposalRef reference;  // empty when it came by value
};

// The proposals that were sent in the current epoch, oldest first.
class ProposalStore {
 public:
  static constexpr std::size_t kLimit = 10'000;
  // Errc::invalid_proposal when full; the same proposal again changes nothing.
  Status add(QueuedProposal proposal);
  const QueuedProposal* find(ByteView reference) const;
  const std::vector<QueuedProposal>& items() const { return items_; }
  void clear() { items_.clear(); }

 private:
  std::vector<QueuedProposal> items_;
};

// Sections 6 and 6.1: group, epoch, who may send what, and the signature.
Status verify_content(const PublicState& state, const AuthenticatedContent& content);

// Whether a proposal that was sent by itself is one that this group can commit (section 12.1).
Status validate_proposal(const PublicState& state, const Proposal& proposal, const Sender& sender,
                         const ValidationRules& rules);

struct AppliedProposals {
  RatchetTree tree;
  ExtensionList extensions{};
  std::vector<LeafIndex> added{};  // ascending, the leaves of `key_packages`
  std::vector<KeyPackagePtr> key_packages{};
  std::vector<LeafIndex> removed{};
  std::vector<LeafIndex> updated{};
  std::vector<PreSharedKeyId> psks{};
  std::optional<Bytes> external_init{};
  std::optional<ReInit> reinit{};
  bool path_required = false;
};

// What the commit names, in its order. Errc::unknown_proposal for a reference not seen.
Result<std::vector<QueuedProposal>> resolve_proposals(const Commit& commit,
                                                      const ProposalStore& store,
                                                      const Sender& committer);

// Where a list is used: PSKs with usage reinit and branch belong to the first commit of a linked
// group alone (sections 11.2 and 11.3).
enum class CommitUse : std::uint8_t { ordinary, linked_group };

// Validates and applies (sections 12.2 and 12.3). `state` stays as it is.
Result<AppliedProposals> apply_proposals(const PublicState& state,
                                         std::span<const QueuedProposal> proposals,
                                         const Sender& committer, const ValidationRules& rules,
                                         CommitUse use = CommitUse::ordinary);

struct AppliedPath {
  LeafIndex sender;
  std::vector<PathStep> steps;
};
// Validates the path and puts it into applied.tree (section 12.4.2).

Result<AppliedPath> apply_path(const PublicState& state, AppliedProposals& applied,
                               const Sender& committer, const UpdatePath& path,
                               const ValidationRules& rules);
// Section 12.4: a path when one is needed; then what the leaves must be together.
Status check_path_presence(const Commit& commit, const AppliedProposals& applied,
                           const Sender& committer);

}  // namespace unhidra::mls_public
