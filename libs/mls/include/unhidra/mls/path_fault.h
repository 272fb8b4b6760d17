#pragma once
// A commit whose path secret for a member does not open, or leads to other keys than the path's
// public ones (RFC 9420 section 12.4.2). Only that member notices: the delivery service cannot see
// it and the others' secrets may be right. Here it shows the others, who followed the commit, what
// was sealed for it.
//
// The member gives the Diffie-Hellman value of that one HPKE ciphertext with a proof that it is the
// one of its public key in the tree (crypto/agreement_proof.h), which opens that ciphertext and no
// other. From it everybody computes what the member saw. Nobody can be accused of what he did not
// send: the ciphertext, the keys and the committer's signature are the commit's own, and the proof
// leaves one possible value. The member keeps its private key; what becomes known is a secret of a
// path that its own next commit replaces, so it tells only after it has come in again.

#include "unhidra/mls/hpke.h"
#include "unhidra/mls_public/proposal_list.h"

namespace unhidra::mls {

// Which ciphertext of the path, and the proof. Without one there is nothing but the member's word:
// the suites over other curves than X25519 have none here.
struct PathFault {
  std::uint32_t node = 0;   // of the path, from the committer's side
  std::uint32_t place = 0;  // in that node's encrypted_path_secret
  Bytes proof;

  static PathFault read(TlsReader& in);
  void write(TlsWriter& out) const;
};

enum class PathVerdict : std::uint8_t {
  proven,     // the commit's author sealed what no member can use
  unfounded,  // what was sealed is right, or the proof is not: the accuser is wrong
  unproven,   // no proof, or of a commit that this member cannot judge
};

// Of the followed commit that led from `before` to `after`. Whose it is and that it is this commit
// the caller has to know.
PathVerdict judge_path(const PublicState& before, const PublicState& after, LeafIndex committer,
                       const UpdatePath& path, ByteView signature, const PathFault& fault);

// The proof for the member with this key. Empty where there can be none.
Result<Bytes> prove_path_fault(const Suite& suite, RandomSource& random, const HpkeKeyPair& key,
                               ByteView kem_output, ByteView signature);

}  // namespace unhidra::mls
