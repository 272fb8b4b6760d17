// Decrypted contents: what a member's broken or hostile client may send.

#include <cstdlib>

#include "content_format.h"
#include "padding.h"

using namespace unhidra;
using namespace unhidra::client;

namespace {

void check(bool holds) {
  if (!holds) {
    std::abort();
  }
}

}  // namespace

// What is taken can be written again, is taken again, and fits to its own envelope; of a format
// with numbers, to the same bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  (void)parse_content(bytes);
  auto content = parse_content(pad(bytes).expose());
  if (!content) {
    return 0;
  }
  check(fits(envelope_of(*content), *content));
  const bool numbered = content->format > 0;
  const auto again = encode_content(std::move(*content));
  check(!numbered || again.expose().size() <= size);
  const auto back = parse_content(pad(again.expose()).expose());
  check(back.has_value());
  return 0;
}
