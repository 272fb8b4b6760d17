#pragma once
// A group as seen by one who is no member and can decrypt nothing: a delivery service that keeps
// the public tree, orders commits and checks a commit's bundle before it takes it. What takes
// secrets (membership tag, confirmation tag, path secrets) it cannot check; members do.

#include "unhidra/mls_public/proposal_list.h"

namespace unhidra::mls_public {

// What a commit changes, for the checks of the delivery service.
struct PublicCommit {
  PublicState next;  // without the tag's own proof
  Sender sender;
  LeafIndex committer;  // also of an external commit
  std::vector<LeafIndex> added;
  std::vector<KeyPackagePtr> key_packages;  // of `added`
  std::vector<LeafIndex> removed;
  std::vector<LeafIndex> updated;
  std::vector<ProposalRef> covered;  // by reference
  bool external = false;
  std::optional<ReInit> reinit;
};

class PublicGroup {
 public:
  // From a GroupInfo with its tree, in the extension or beside it; all of it is checked.
  static Result<PublicGroup> from_group_info(const crypto::Provider& provider,
                                             const GroupInfo& group_info,
                                             const std::optional<RatchetTree>& tree,
                                             const ValidationRules& rules);

  // From what was checked before and stored since: the GroupInfo of an epoch and its tree. Checks
  // that the two belong together, and nothing else.
  static Result<PublicGroup> restore(const crypto::Provider& provider, const GroupInfo& group_info,
                                     RatchetTree tree);
  // A copy of a state that stands elsewhere, without its proposals.
  static PublicGroup of(PublicState state) { return PublicGroup(std::move(state)); }

  const PublicState& state() const { return state_; }
  const ProposalStore& proposals() const { return proposals_; }

  // A proposal of the current epoch; kept for the commit that covers it.
  Result<ProposalRef> add_proposal(const PublicMessage& message, const ValidationRules& rules);
  // Checks a commit of the current epoch; changes nothing.
  Result<PublicCommit> check_commit(const PublicMessage& message,
                                    const ValidationRules& rules) const;
  // The GroupInfo that came with a commit describes the epoch that the commit begins.
  static Status check_group_info(const PublicCommit& commit, const GroupInfo& group_info);
  // The Welcomes reach each new member once and nobody else.
  static Status check_welcomes(const PublicCommit& commit, std::span<const Welcome> welcomes);
  // Errc::invalid_commit when a proposal of the epoch is not covered, for services that ask it; but
  // for those that the committer cannot cover (section 12.2): its own Updates, and Updates of
  // leaves that it removes.
  Status check_covers_all(const PublicCommit& commit) const;
  // Takes the commit's effect; `commit` came from check_commit() in this same epoch.
  Status apply(PublicCommit commit);

 private:
  explicit PublicGroup(PublicState state) : state_(std::move(state)) {}

  PublicState state_;
  ProposalStore proposals_;
};

}  // namespace unhidra::mls_public
