#include "unhidra/mqtt/decoder.h"

namespace unhidra::mqtt {
namespace {

constexpr PacketError kSilent{ReasonCode::malformed_packet, true};
constexpr PacketError kMalformed{ReasonCode::malformed_packet, false};
constexpr PacketError kProtocol{ReasonCode::protocol_error, false};

}  // namespace

bool FrameReader::read_header(ByteView& input, PacketError& error) {
  if (!first_known_) {
    first_ = input.front();
    input = input.subspan(1);
    first_known_ = true;
    length_ = 0;
    shift_ = 0;
    if ((first_ >> 4) == 0) {
      error = kProtocol;  // type 0 is reserved (section 2.1.2): no need to wait for the rest
      return false;
    }
  }
  while (!length_known_ && !input.empty()) {
    const std::uint8_t byte = input.front();
    input = input.subspan(1);
    length_ |= std::uint32_t{byte & 0x7fU} << shift_;
    shift_ = static_cast<std::uint8_t>(shift_ + 7);
    if ((byte & 0x80) == 0) {
      length_known_ = true;
      if (byte == 0 && shift_ > 7 && shortest_lengths_) {
        error = kMalformed;
        return false;
      }
    } else if (shift_ == 28) {
      error = kSilent;  // a fifth byte of length: this is not MQTT
      return false;
    }
  }
  if (length_known_ && length_ + 1ULL + shift_ / 7ULL > max_packet_) {
    error = {ReasonCode::packet_too_large, false};
    return false;
  }
  return true;
}

FrameReader::State FrameReader::next(ByteView& input, Frame& frame, PacketError& error) {
  if (delivered_held_) {
    Bytes().swap(held_);
    delivered_held_ = false;
  }
  if (!length_known_) {
    if (input.empty()) {
      return State::more;
    }
    if (!read_header(input, error)) {
      return State::error;
    }
    if (!length_known_) {
      return State::more;
    }
  }
  const std::size_t missing = length_ - held_.size();
  if (input.size() < missing) {
    held_.insert(held_.end(), input.begin(), input.end());
    input = {};
    return State::more;
  }
  frame.first = first_;
  if (held_.empty()) {
    frame.body = input.first(missing);
  } else {
    held_.insert(held_.end(), input.begin(), input.begin() + static_cast<std::ptrdiff_t>(missing));
    frame.body = held_;
    delivered_held_ = true;
  }
  input = input.subspan(missing);
  first_known_ = false;
  length_known_ = false;
  return State::packet;
}

std::optional<PacketError> check_from_client(const Frame& frame, Version version) {
  const auto flags = frame.flags();
  const bool strict = version != Version::v3_1;
  switch (frame.type()) {
    case PacketType::publish:
      return std::nullopt;  // its flags mean something
    case PacketType::pubrel:
      return flags != 2 && strict ? std::optional(kProtocol) : std::nullopt;
    case PacketType::subscribe:
    case PacketType::unsubscribe:
      return flags != 2 && strict ? std::optional(kMalformed) : std::nullopt;
    case PacketType::puback:
    case PacketType::pubrec:
    case PacketType::pubcomp:
      return flags != 0 && strict ? std::optional(kMalformed) : std::nullopt;
    case PacketType::pingreq:
    case PacketType::pingresp:
      if (!frame.body.empty()) {
        return kSilent;
      }
      if (flags != 0 && strict) {
        return kMalformed;
      }
      return frame.type() == PacketType::pingresp ? std::optional(kProtocol) : std::nullopt;
    case PacketType::disconnect:
      return flags != 0 && strict ? std::optional(kProtocol) : std::nullopt;
    case PacketType::auth:
      return flags != 0 || version != Version::v5 ? std::optional(kProtocol) : std::nullopt;
    case PacketType::suback:
    case PacketType::unsuback:
      return flags != 0 ? kMalformed : kProtocol;
    case PacketType::reserved:
    case PacketType::connect:  // the second one (section 3.1)
    case PacketType::connack:
      break;
  }
  return kProtocol;
}

}  // namespace unhidra::mqtt
