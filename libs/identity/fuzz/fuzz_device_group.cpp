// Any bytes as the roster of a device group: refused, or of exactly one encoding.
#include <cstdlib>

#include "unhidra/identity/device_group.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace unhidra;
  const ByteView input(data, size);
  const auto group = identity::decode_device_group(input);
  if (!group) {
    return 0;
  }
  const Bytes again = identity::encode(*group);
  if (!std::equal(again.begin(), again.end(), input.begin(), input.end())) {
    std::abort();
  }
  (void)identity::verify(crypto::native_provider(), *group);
  return 0;
}
