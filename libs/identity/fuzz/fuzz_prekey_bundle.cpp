// Any bytes as a prekey bundle: refused, or of exactly one encoding.
#include <cstdlib>

#include "unhidra/identity/prekeys.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace unhidra;
  const ByteView input(data, size);
  const auto bundle = identity::decode_prekey_bundle(input);
  if (!bundle) {
    return 0;
  }
  const Bytes again = identity::encode(*bundle);
  if (!std::equal(again.begin(), again.end(), input.begin(), input.end())) {
    std::abort();
  }
  (void)identity::verify(crypto::native_provider(), bundle->device, *bundle);
  return 0;
}
