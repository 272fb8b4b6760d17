#pragma once
// What a member sends to change a group: commit, Welcome and GroupInfo, checked against each other
// and against the group's public state. Everything that needs no database but the authentication
// of leaves; bytes from outside come in here.

#include "unhidra/identity/member_name.h"
#include "unhidra/mls_public/public_group.h"
#include "unhidra/wire/groups.h"

namespace unhidra::chat {

// An extension list and a leaf have no bound of their own in the RFC.
inline constexpr std::size_t kMaxGroupInfoBytes = 64 * 1024;

struct NewMember {
  identity::MemberName name;
  Bytes welcome;  // MLSMessage, for this device alone
};
struct CheckedCommit {
  mls_public::PublicCommit commit;
  identity::MemberName committer;
  std::vector<NewMember> added;               // without the committer of an external commit
  std::vector<identity::MemberName> removed;  // as they stood before
};

// The message as a commit, for what is asked before it is checked. Errc::bad_commit.
Result<mls_public::PublicMessage> parse_commit(ByteView bytes);

// Errc::bad_commit names what is wrong. `group` holds every proposal of the epoch.
Result<CheckedCommit> check_bundle(const mls_public::PublicGroup& group,
                                   const mls_public::PublicMessage& commit,
                                   const wire::CommitGroup& bundle,
                                   const mls_public::ValidationRules& rules);

// A group of one device, in epoch 0, under this id. Errc::bad_group.
struct CheckedGroup {
  mls_public::PublicGroup group;
  identity::MemberName creator;
};
Result<CheckedGroup> check_new_group(const crypto::Provider& provider, ByteView group_id,
                                     ByteView group_info, ByteView ratchet_tree,
                                     const mls_public::ValidationRules& rules);

// A Remove or an Update of a member, in a PublicMessage. Adds go into commits, where they can be
// measured by what the device lists say at that moment. Errc::bad_proposal.
Result<mls_public::PublicMessage> parse_proposal(ByteView bytes);

}  // namespace unhidra::chat
