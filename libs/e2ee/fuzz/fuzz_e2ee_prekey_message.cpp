// Any bytes as a prekey message: refused, or of exactly one encoding; and refused by a device
// without a trace.
#include <cstdlib>

#include "../src/message_format.h"
#include "../tests/world.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace unhidra;
  static e2ee::World world(1);
  const ByteView input(data, size);
  if (const auto parsed = e2ee::parse_prekey_message(input)) {
    ByteWriter again;
    e2ee::write(again, parsed->header);
    e2ee::write(again, parsed->message.header);
    again.raw(parsed->message.sealed);
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
