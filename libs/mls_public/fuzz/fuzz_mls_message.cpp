// Any bytes as an MLSMessage, a ratchet tree, a commit or a leaf: refused, or of exactly one
// encoding.
#include <algorithm>
#include <cstdlib>

#include "unhidra/mls_public/framing.h"
#include "unhidra/mls_public/ratchet_tree.h"

namespace {

using namespace unhidra;

void must_be(const Bytes& again, ByteView input) {
  if (!std::ranges::equal(again, input)) {
    std::abort();
  }
}

template <class T>
void round_trip(ByteView input) {
  if (const auto value = mls_public::decode<T>(input, "fuzz input")) {
    must_be(mls_public::encode(*value), input);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  round_trip<mls_public::MlsMessage>(input);
  round_trip<mls_public::Commit>(input);
  round_trip<mls_public::Proposal>(input);
  round_trip<mls_public::AuthenticatedContent>(input);
  if (const auto leaf = mls_public::LeafNode::parse(input)) {
    must_be(to_bytes((*leaf)->encoding()), input);
  }
  if (const auto tree = mls_public::RatchetTree::parse(input)) {
    mls_public::TlsWriter out;
    tree->write(out);
    must_be(out.view(), input);
  }
  return 0;
}
