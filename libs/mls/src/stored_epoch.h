#pragma once
// Stored encodings of an epoch's parts.

#include "unhidra/mls/group.h"

namespace unhidra::mls {

std::unexpected<Error> damaged_group();
// Moves what was written into memory that is wiped.
SecretBytes sealed(TlsWriter&& out);

// Nodes of a tree, null where one is blank.
struct StoredNodes {
  std::vector<std::pair<LeafIndex, LeafNodePtr>> leaves;
  std::vector<std::pair<NodeIndex, ParentNodePtr>> parents;

  Status put(NodeIndex node, ByteView encoding);
};

// Nothing when the node is blank.
std::optional<SecretBytes> encoded_node(const RatchetTree& tree, NodeIndex node);
void write_nodes(TlsWriter& out, const RatchetTree& tree, std::span<const NodeIndex> nodes);

// Context, confirmation tag and size of the tree. The tree's nodes are elsewhere, or follow.
void write_public(TlsWriter& out, const PublicState& state);
Result<PublicState> read_public(TlsReader& in, const crypto::Provider& provider,
                                const RatchetTree& base, const StoredNodes& nodes, LeafIndex self);
// The nodes follow, as differences to `base`.
Result<PublicState> read_public(TlsReader& in, const crypto::Provider& provider,
                                const RatchetTree& base);

struct StoredSecrets {
  EpochSecrets secrets;
  PrivateTree keys;
};
void write_secrets(TlsWriter& out, const EpochSecrets& secrets, const PrivateTree& keys);
Result<StoredSecrets> read_secrets(TlsReader& in, const Suite& suite, LeafIndex self);

void write_leaves(TlsWriter& out, std::span<const LeafIndex> leaves);
std::vector<LeafIndex> read_leaves(TlsReader& in);
void write_reinit(TlsWriter& out, const std::optional<ReInit>& reinit);
std::optional<ReInit> read_reinit(TlsReader& in);

}  // namespace unhidra::mls
