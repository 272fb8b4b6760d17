// Any bytes as a ratchet message: refused, or of exactly one encoding; and refused by a session
// without a trace.
#include <cstdlib>

#include "../src/message_format.h"
#include "../tests/world.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace unhidra;
  static e2ee::World world = [] {
    e2ee::World out(1);
    out.greet();
    return out;
  }();
  const ByteView input(data, size);
  if (const auto message = e2ee::parse_ratchet_message(input)) {
    ByteWriter again;
    e2ee::write(again, message->header);
    again.raw(message->sealed);
    if (!std::equal(again.view().begin(), again.view().end(), input.begin(), input.end())) {
      std::abort();
    }
  }
  const auto before = world.bob.snapshot();
  if (world.bob.receive(world.alice.next_context(), input) || world.bob.snapshot() != before) {
    std::abort();
  }
  return 0;
}
