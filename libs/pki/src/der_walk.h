#pragma once
// Walking over DER whose ASN.1 types OpenSSL keeps to itself. Views of the input; no recursion.

#include <optional>

#include "unhidra/base/bytes.h"

namespace unhidra::pki {

struct DerElement {
  int tag = 0;
  bool context = false;  // context-specific
  ByteView content;
  ByteView whole;
};
// The element at the beginning of `rest`, which then begins after it. Nothing at the end, for an
// indefinite length, or one that leaves the input.
std::optional<DerElement> next_element(ByteView& rest);
// The content of the one element that `bytes` is, when it has this universal tag.
std::optional<ByteView> unwrap(ByteView bytes, int universal_tag);

}  // namespace unhidra::pki
