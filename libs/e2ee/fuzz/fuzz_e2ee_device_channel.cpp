// What a broker shows to a controller: a device's prekeys and answers, as they are and with bytes
// changed where the input says. Whatever is taken must be the good one.
#include <cstdlib>

#include "../tests/channel_device.h"

namespace {
using namespace unhidra;
using namespace unhidra::e2ee;

struct Fixture {
  testkit::SeededRandom random{7};
  TestDevice phone{1, random};
  ChannelDevice lamp{id_of<DeviceId>(2), random};
  Bytes prekeys = lamp.publish();
  SecretBytes stored;
  Bytes answer;

  Fixture() {
    DeviceChannel channel(lamp.keys());
    static_cast<void>(channel.take_prekeys(provider(), random, phone.self(), prekeys, kNow));
    const auto order = channel.seal_command(provider(), random, phone.self(),
                                            {.sent_at = kNow,
                                             .not_after = kNow,
                                             .request_id = RequestId{1},
                                             .challenge = {},
                                             .body = to_bytes("on")},
                                            kNow);
    static_cast<void>(lamp.open(phone.keys(), order.value()));
    answer = lamp.receipt(phone.device_id, {1, 1});
    stored = channel.serialize();
  }
};

Bytes changed(const Bytes& good, ByteView input) {
  auto out = good;
  for (std::size_t i = 0; i + 2 < input.size(); i += 3) {
    const auto at = (std::size_t{input[i]} << 8U | input[i + 1]) % out.size();
    out[at] = static_cast<Byte>(out[at] ^ input[i + 2]);
  }
  return out;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Fixture fixture;
  const ByteView input(data, size);
  for (const auto& document : {to_bytes(input), changed(fixture.prekeys, input)}) {
    const auto read = read_device_prekeys(provider(), fixture.lamp.keys(), document);
    if (read && document != fixture.prekeys) {
      std::abort();  // nobody but the fixture has the device's key
    }
  }
  for (const auto& payload : {to_bytes(input), changed(fixture.answer, input)}) {
    auto channel = DeviceChannel::deserialize(provider(), fixture.stored.expose()).value();
    const auto opened = channel.open(provider(), fixture.phone.self(), payload, kNow);
    if (opened && payload != fixture.answer) {
      std::abort();
    }
  }
  static_cast<void>(DeviceChannel::deserialize(provider(), input));
  static_cast<void>(read_channel_answer(input));
  return 0;
}
