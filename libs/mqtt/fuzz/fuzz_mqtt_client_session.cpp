// What a server says to a client, cut at a place the first byte chooses: the cut changes nothing,
// and nothing follows the end.
#include <cstdlib>

#include "unhidra/mqtt/client_session.h"

namespace {
using namespace unhidra;
using namespace unhidra::mqtt;

std::vector<ClientEvent> played(ByteView first, ByteView second) {
  const SteadyTime now{};
  ClientSession session({.client_id = "client"}, now);
  session.subscribe({"a/#"});
  session.publish("a/b", as_bytes("payload"), false);
  std::vector<ClientEvent> out;
  bool ended = false;
  for (const auto part : {first, second}) {
    for (auto& event : session.receive(part, now)) {
      if (ended) {
        std::abort();
      }
      ended = event.kind == ClientEvent::Kind::disconnected;
      out.push_back(std::move(event));
    }
  }
  if (ended && (session.connected() || session.publish("a", {}, false) != 0)) {
    std::abort();
  }
  return out;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const ByteView input(data + 1, size - 1);
  const auto cut = input.empty() ? 0 : data[0] % (input.size() + 1);
  const auto whole = played(input, {});
  const auto parts = played(input.first(cut), input.subspan(cut));
  if (whole.size() != parts.size()) {
    std::abort();
  }
  for (std::size_t i = 0; i < whole.size(); ++i) {
    if (whole[i].kind != parts[i].kind || whole[i].topic != parts[i].topic ||
        whole[i].payload != parts[i].payload || whole[i].reason != parts[i].reason) {
      std::abort();
    }
  }
  return 0;
}
