// Any bytes as stored sessions: refused, or read and written again as they were, and usable
// without a crash.
#include <cstdlib>

#include "../tests/world.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace unhidra;
  static e2ee::World world(1);
  const ByteView input(data, size);
  auto sessions = e2ee::PeerSessions::deserialize(e2ee::provider(), input, 0);
  if (!sessions) {
    return 0;
  }
  const auto again = sessions->serialize();
  const auto bytes = again.expose();
  if (!std::equal(bytes.begin(), bytes.end(), input.begin(), input.end())) {
    std::abort();
  }
  auto context = world.alice.next_context();
  context.recipient_device = sessions->peer().device_id;
  (void)sessions->encrypt(e2ee::provider(), world.random, world.alice_device.self(), context,
                          as_bytes("text"), e2ee::kNow);
  return 0;
}
