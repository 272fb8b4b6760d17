// Any bytes as a sealed MQTT payload: refused, or of exactly one encoding.
#include <cstdlib>

#include "unhidra/identity/group_payload.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace unhidra;
  const ByteView input(data, size);
  const auto payload = identity::parse_group_payload(input);
  if (!payload) {
    return 0;
  }
  ByteWriter again;
  identity::write(again, payload->header);
  again.raw(payload->sealed);
  if (payload->signature) {
    again.raw(payload->signature->bytes());
  }
  if (!std::equal(again.view().begin(), again.view().end(), input.begin(), input.end())) {
    std::abort();
  }
  return 0;
}
