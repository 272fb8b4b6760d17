// A stream of packets in a version the first byte chooses, cut at a place the second one chooses.
// The cut must not change what is read; whatever is accepted must stay inside the input.
#include <algorithm>
#include <cstdlib>

#include "unhidra/mqtt/decoder.h"

namespace {

using namespace unhidra;
using namespace unhidra::mqtt;

bool accepted(const Frame& frame, Version version) {
  switch (frame.type()) {
    case PacketType::connect:
      return decode_connect(frame).has_value();
    case PacketType::connack:
      return decode_connack(frame, version).has_value();
    case PacketType::publish:
      return decode_publish(frame, version).has_value();
    case PacketType::puback:
    case PacketType::pubrec:
    case PacketType::pubrel:
    case PacketType::pubcomp:
      return decode_acknowledge(frame, version).has_value();
    case PacketType::subscribe:
      return decode_subscribe(frame, version).has_value();
    case PacketType::suback:
    case PacketType::unsuback:
      return decode_subscribe_ack(frame, version).has_value();
    case PacketType::unsubscribe:
      return decode_unsubscribe(frame, version).has_value();
    case PacketType::disconnect:
      return decode_disconnect(frame, version).has_value();
    case PacketType::auth:
      return version == Version::v5 && decode_auth(frame).has_value();
    default:
      return false;
  }
}

Bytes run(Version version, ByteView bytes, std::size_t cut) {
  FrameReader reader(4096);
  Bytes digest;
  for (auto input : {bytes.first(cut), bytes.subspan(cut)}) {
    Frame frame;
    PacketError error;
    auto state = reader.next(input, frame, error);
    for (; state == FrameReader::State::packet; state = reader.next(input, frame, error)) {
      digest.push_back(frame.first);
      digest.push_back(accepted(frame, version) ? 1 : 0);
      digest.push_back(check_from_client(frame, version) ? 1 : 0);
    }
    if (state == FrameReader::State::error) {
      digest.push_back(static_cast<Byte>(error.reason));
      break;
    }
  }
  return digest;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) {
    return 0;
  }
  const auto version = static_cast<Version>(3 + data[0] % 3);
  const ByteView bytes(data + 2, size - 2);
  const auto cut = std::min<std::size_t>(data[1], bytes.size());
  if (run(version, bytes, 0) != run(version, bytes, cut)) {
    std::abort();
  }
  return 0;
}
