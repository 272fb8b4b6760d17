// Any bytes as a device list: refused, or of exactly one encoding.
#include <cstdlib>

#include "unhidra/identity/device_list.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace unhidra;
  const ByteView input(data, size);
  const auto list = identity::decode_device_list(input);
  if (!list) {
    return 0;
  }
  const Bytes again = identity::encode(*list);
  if (!std::equal(again.begin(), again.end(), input.begin(), input.end())) {
    std::abort();
  }
  (void)identity::verify(crypto::native_provider(), *list);
  return 0;
}
