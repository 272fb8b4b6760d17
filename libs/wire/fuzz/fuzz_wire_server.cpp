// Bytes from a server, and decrypted content from a peer: what a client reads.
#include <cstdlib>

#include "unhidra/wire/codec.h"
#include "unhidra/wire/content.h"
#include "unhidra/wire/frames.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace unhidra;
  const ByteView bytes(data, size);
  if (const auto frame = wire::decode<wire::ServerFrame>(bytes)) {
    if (!(*wire::decode<wire::ServerFrame>(wire::encode(*frame)) == *frame)) {
      std::abort();
    }
  }
  if (const auto content = wire::decode<wire::Content>(bytes)) {
    if (!(*wire::decode<wire::Content>(wire::encode(*content)) == *content)) {
      std::abort();
    }
  }
  return 0;
}
