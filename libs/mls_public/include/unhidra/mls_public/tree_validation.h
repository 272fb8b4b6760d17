#pragma once
// What a newcomer checks of a ratchet tree (RFC 9420 sections 7.3, 7.9.2 and 12.4.3.1).

#include "unhidra/mls_public/authentication.h"
#include "unhidra/mls_public/framing.h"
#include "unhidra/mls_public/ratchet_tree.h"

namespace unhidra::mls_public {

// Section 7.9.2: every parent node is covered by exactly one chain of parent hashes. Computes the
// tree hashes that are missing.
Status verify_parent_hashes(const Suite& suite, RatchetTree& tree);

// Section 12.4.3.1: unmerged leaves are members below their node, nodes in between agree, and no
// key appears twice.
Status verify_tree_structure(const RatchetTree& tree);

// Section 11.1: all members support the group's version and cipher suite. Not all list them.
bool lists_group_parameters(const Suite& suite, const LeafNode& leaf);
// Whoever listed them goes on to. `before` is the leaf that is replaced, null for a newcomer.
Status keeps_group_parameters(const Suite& suite, const LeafNode* before, const LeafNode& leaf);

// Where a leaf was met (section 7.3).
enum class LeafOrigin : std::uint8_t { key_package, update, commit, tree };

// Everything that section 7.3 says about one leaf by itself: source, signature, keys of the suite,
// lifetime, capabilities that cover its own credential and extensions.
Status validate_leaf_node(const Suite& suite, const LeafNode& leaf, LeafOrigin origin,
                          const LeafPlace& place, const ValidationRules& rules);
// Section 10.1.
Status validate_key_package(const Suite& suite, const KeyPackage& key_package,
                            const ValidationRules& rules);
// The group's extensions that this room knows are well formed, and the application accepts its
// external senders (sections 5.3.1 and 12.1.8.1).
Status validate_group_extensions(const ExtensionList& extensions, const ValidationRules& rules);
// What section 7.3 says about the leaves together, and sections 11.1, 12.1.7 and 13.4 about the
// group's extensions: credential types, required capabilities, extensions that all support.
Status validate_members_together(const RatchetTree& tree, const ExtensionList& group_extensions);
// All of the above for a tree that was received.
Status validate_tree(const Suite& suite, RatchetTree& tree, const GroupContext& context,
                     const ValidationRules& rules);

}  // namespace unhidra::mls_public
