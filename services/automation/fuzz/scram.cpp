// Both messages of a client that signs in by SCRAM, one a line: nothing but the right proof gets
// through, and there is none here.
#include "broker/scram.h"

#include <cstdlib>

#include "unhidra/base/text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace unhidra;
  using namespace unhidra::automation;
  static const auto verifier = make_verifier(as_bytes("pencil"), Bytes(16, 7), 1);
  const auto text = as_text(ByteView(data, size));
  const auto line = std::min(text.find('\n'), text.size());
  const auto first = parse_client_first(text.substr(0, line));
  if (!first) {
    return 0;
  }
  const ScramExchange exchange(*first, verifier, "servernonce", Bytes(32, 1), false);
  if (exchange.finish(text.substr(std::min(text.size(), line + 1)))) {
    std::abort();
  }
  return 0;
}
