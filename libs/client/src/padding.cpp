#include "padding.h"

#include <algorithm>

#include "unhidra/client/errc.h"
#include "unhidra/e2ee/padme.h"

namespace unhidra::client {

std::size_t padded_size(std::size_t size) {
  const std::size_t least = size + 1;  // the byte 0x80
  if (least <= kSmallestPadded) {
    return kSmallestPadded;
  }
  return static_cast<std::size_t>(e2ee::padme(least));
}

SecretBytes pad(ByteView content) {
  SecretBytes out(padded_size(content.size()));
  const auto target = out.expose_mutable();
  std::copy(content.begin(), content.end(), target.begin());
  target[content.size()] = 0x80;
  std::fill(target.begin() + static_cast<std::ptrdiff_t>(content.size()) + 1, target.end(),
            Byte{0});
  return out;
}

Result<ByteView> unpad(ByteView padded) {
  std::size_t end = padded.size();
  while (end > 0 && padded[end - 1] == 0) {
    --end;
  }
  if (end == 0 || padded[end - 1] != 0x80 || padded_size(end - 1) != padded.size()) {
    return fail(Errc::bad_frame, "the content's padding is not canonical");
  }
  return padded.first(end - 1);
}

}  // namespace unhidra::client
