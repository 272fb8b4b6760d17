// Bytes from a client: what the gateway and the roles behind it read.
#include <cstdlib>

#include "unhidra/wire/codec.h"
#include "unhidra/wire/frames.h"
#include "unhidra/wire/internal.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace unhidra;
  const ByteView bytes(data, size);
  const auto peeked = wire::peek_request(bytes);
  if (const auto frame = wire::decode<wire::ClientFrame>(bytes)) {
    if (!(*wire::decode<wire::ClientFrame>(wire::encode(*frame)) == *frame)) {
      std::abort();
    }
  }
  if (const auto routed = wire::decode<wire::RoutedRequest>(bytes)) {
    if (!(*wire::decode<wire::RoutedRequest>(wire::encode(*routed)) == *routed)) {
      std::abort();
    }
  }
  if (peeked && wire::make_request(peeked->request_id, peeked->field, peeked->body).empty()) {
    std::abort();
  }
  return 0;
}
