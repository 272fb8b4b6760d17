// A member of a device group meets any bytes as a payload and as its own stored keys: refused, and
// nothing has changed.
#include <algorithm>
#include <cstdlib>

#include "unhidra/e2ee/device_group.h"
#include "unhidra/testkit/seeded_random.h"

namespace {

using namespace unhidra;

const crypto::Provider& provider() {
  return crypto::native_provider();
}

Bytes stored_member() {
  testkit::SeededRandom random(1);
  const auto owner = crypto::Ed25519KeyPair::generate(provider(), random);
  identity::DeviceGroup roster;
  roster.group_id = DeviceGroupId(Uuid{5});
  roster.owners = {owner.public_key()};
  roster.topic_filters = {"home/#"};
  for (Byte number = 1; number <= 2; ++number) {
    Uuid id{};
    id.back() = number;
    roster.members.push_back(
        {{DeviceId(id), crypto::X25519KeyPair::generate(provider(), random).public_key(),
          crypto::Ed25519KeyPair::generate(provider(), random).public_key()},
         identity::GroupRole::device});
  }
  if (!identity::sign(provider(), owner, roster)) {
    std::abort();
  }
  auto keys =
      e2ee::DeviceGroupKeys::join(provider(), owner.public_key(), roster, random.secret_array<32>(),
                                  roster.members[0].keys.device_id);
  if (!keys) {
    std::abort();
  }
  return to_bytes(keys->serialize().expose());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Bytes kStored = stored_member();
  const ByteView input(data, size);
  auto keys = e2ee::DeviceGroupKeys::deserialize(provider(), kStored);
  if (!keys) {
    std::abort();
  }
  if (keys->open(provider(), "home/light", input, size % 2 == 0)) {
    std::abort();  // nobody has the keys
  }
  const auto after = keys->serialize();
  if (!std::ranges::equal(after.expose(), kStored)) {
    std::abort();
  }
  (void)e2ee::DeviceGroupKeys::deserialize(provider(), input);
  return 0;
}
