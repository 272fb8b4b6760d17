#pragma once
// Commits and update paths (RFC 9420 sections 7.6 and 12.4).

#include "unhidra/mls_public/proposal.h"

namespace unhidra::mls_public {

struct HpkeCiphertext {
  Bytes kem_output;
  Bytes ciphertext;

  static HpkeCiphertext read(TlsReader& in);
  void write(TlsWriter& out) const;
};

struct UpdatePathNode {
  Bytes encryption_key;
  std::vector<HpkeCiphertext> encrypted_path_secret;

  static UpdatePathNode read(TlsReader& in);
  void write(TlsWriter& out) const;
};

struct UpdatePath {
  LeafNodePtr leaf_node;
  std::vector<UpdatePathNode> nodes;

  static UpdatePath read(TlsReader& in);
  void write(TlsWriter& out) const;
};

struct Commit {
  std::vector<ProposalOrRef> proposals;
  std::optional<UpdatePath> path;

  static Commit read(TlsReader& in);
  void write(TlsWriter& out) const;
};

}  // namespace unhidra::mls_public
