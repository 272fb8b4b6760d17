#include "unhidra/mls_public/commit.h"

namespace unhidra::mls_public {

HpkeCiphertext HpkeCiphertext::read(TlsReader& in) {
  HpkeCiphertext out;
  out.kem_output = in.opaque_copy();
  out.ciphertext = in.opaque_copy();
  return out;
}

void HpkeCiphertext::write(TlsWriter& out) const {
  out.opaque(kem_output).opaque(ciphertext);
}

UpdatePathNode UpdatePathNode::read(TlsReader& in) {
  UpdatePathNode out;
  out.encryption_key = in.opaque_copy();
  in.vector(
      [&](TlsReader& item) { out.encrypted_path_secret.push_back(HpkeCiphertext::read(item)); });
  return out;
}

void UpdatePathNode::write(TlsWriter& out) const {
  out.opaque(encryption_key).vector([&](TlsWriter& list) {
    for (const HpkeCiphertext& ciphertext : encrypted_path_secret) {
      ciphertext.write(list);
    }
  });
}

UpdatePath UpdatePath::read(TlsReader& in) {
  UpdatePath out;
  out.leaf_node = LeafNode::read(in);
  in.vector([&](TlsReader& item) { out.nodes.push_back(UpdatePathNode::read(item)); });
  return out;
}

void UpdatePath::write(TlsWriter& out) const {
  leaf_node->write(out);
  out.vector([&](TlsWriter& list) {
    for (const UpdatePathNode& node : nodes) {
      node.write(list);
    }
  });
}

Commit Commit::read(TlsReader& in) {
  Commit out;
  in.vector([&](TlsReader& item) { out.proposals.push_back(ProposalOrRef::read(item)); });
  if (in.present()) {
    out.path = UpdatePath::read(in);
  }
  return out;
}

void Commit::write(TlsWriter& out) const {
  out.vector([&](TlsWriter& list) {
    for (const ProposalOrRef& proposal : proposals) {
      proposal.write(list);
    }
  });
  out.present(path.has_value());
  if (path) {
    path->write(out);
  }
}

}  // namespace unhidra::mls_public
