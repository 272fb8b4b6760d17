// PROXY headers, cut at a place the input chooses. The cut must not change the outcome, and nothing
// behind the header is taken.
#include <cstdlib>
#include <string>

#include "proxy_header.h"

namespace {

using namespace unhidra;
using namespace unhidra::net;

std::string run(ByteView bytes, std::size_t cut) {
  ProxyHeader header;
  std::size_t taken = 0;
  for (const auto end : {cut, bytes.size()}) {
    const auto size = header.feed(bytes.first(end).subspan(std::min(taken, end)));
    if (!size) {
      return "refused";
    }
    taken += *size;
    if (!header.complete() && taken != end) {
      std::abort();
    }
    if (header.complete()) {
      break;
    }
  }
  std::string out = std::to_string(header.complete()) + std::to_string(taken);
  if (const auto& source = header.source()) {
    out += std::to_string(source->port) + std::to_string(source->v6);
    out += as_text(source->address);
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) {
    return 0;
  }
  const ByteView bytes(data + 1, size - 1);
  const std::size_t cut = data[0] % (bytes.size() + 1);
  if (run(bytes, 0) != run(bytes, cut)) {
    std::abort();
  }
  return 0;
}
