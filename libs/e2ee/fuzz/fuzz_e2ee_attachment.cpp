// Any bytes as the description of a file, as its name, and as one of its pieces: what is taken has
// one encoding, a name is clean, and a piece that nobody sealed does not open.
#include <algorithm>
#include <cstdlib>

#include "unhidra/e2ee/attachment_descriptor.h"
#include "unhidra/e2ee/file_name.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace unhidra;
  const ByteView input(data, size);
  if (const auto descriptor = e2ee::decode_attachment(input)) {
    const auto again = e2ee::encode(*descriptor);
    if (!again || !std::ranges::equal(again->expose(), input)) {
      std::abort();
    }
  }
  const auto name = e2ee::clean_file_name(as_text(input));
  if (e2ee::clean_file_name(name) != name || name.find_first_of("/\\") != std::string::npos) {
    std::abort();
  }
  const auto layout = e2ee::AttachmentLayout::of(size, e2ee::kMinAttachmentPiece);
  const e2ee::AttachmentKey key;
  const e2ee::AttachmentOpener opener(crypto::native_provider(), key, *layout);
  if (opener.open(0, input)) {
    std::abort();
  }
  return 0;
}
