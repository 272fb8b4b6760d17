// A delivery of group keys from anybody: as it is, and a good one whose bytes are changed where the
// input says. Whatever opens must be the good one.
#include <cstdlib>

#include "unhidra/e2ee/epoch_delivery.h"

#include "../tests/world.h"

namespace {
using namespace unhidra;
using namespace unhidra::e2ee;

struct Fixture {
  testkit::SeededRandom random{7};
  crypto::Ed25519KeyPair owner = crypto::Ed25519KeyPair::generate(provider(), random);
  TestDevice phone{1, random};
  TestDevice lamp{2, random};
  EpochSecret secret = random.secret_array<32>();
  Bytes good;

  Fixture() {
    identity::DeviceGroup roster;
    roster.group_id = id_of<DeviceGroupId>(5);
    roster.issued_at = kNow;
    roster.owners = {owner.public_key()};
    roster.topic_filters = {"devices/#"};
    roster.members = {{phone.keys(), identity::GroupRole::controller},
                      {lamp.keys(), identity::GroupRole::device}};
    static_cast<void>(identity::sign(provider(), owner, roster));
    good = seal_epoch(provider(), random, roster, secret, phone.device_id, phone.signing(),
                      lamp.device_id)
               .value();
  }
};
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Fixture fixture;
  const auto open = [&](ByteView bytes) {
    return open_epoch(provider(), bytes, fixture.lamp.device_id, fixture.lamp.self().identity_key);
  };
  if (open(ByteView(data, size))) {
    std::abort();  // nobody but the fixture has the controller's key
  }
  auto changed = fixture.good;
  for (std::size_t i = 0; i + 2 < size; i += 3) {
    const auto at = (std::size_t{data[i]} << 8U | data[i + 1]) % changed.size();
    changed[at] = static_cast<Byte>(changed[at] ^ data[i + 2]);
  }
  const auto opened = open(changed);
  if (opened && (changed != fixture.good || !(opened->secret == fixture.secret))) {
    std::abort();
  }
  return 0;
}
