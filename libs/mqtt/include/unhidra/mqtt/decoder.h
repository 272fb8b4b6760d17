#pragma once
// Bytes to packets. FrameReader cuts the stream into packets; the decode functions read one
// packet's body. Nothing is allocated in proportion to what a length field claims: only bytes that
// came are kept.

#include <expected>

#include "unhidra/mqtt/packet.h"

namespace unhidra::mqtt {

// One packet: the first byte of its fixed header, and what follows its length.
struct Frame {
  std::uint8_t first = 0;
  ByteView body;

  PacketType type() const { return static_cast<PacketType>(first >> 4); }
  std::uint8_t flags() const { return first & 0x0fU; }
};

// Section 2.1. A packet that lies whole in the input is not copied; between packets nothing is
// held.
class FrameReader {
 public:
  // Whole packets longer than this, header included, are refused.
  explicit FrameReader(std::uint32_t max_packet) : max_packet_(max_packet) {}
  void set_max_packet(std::uint32_t size) { max_packet_ = size; }
  // Whether a length in more bytes than it needs is malformed, as version 5 has it (section 1.5.5).
  void set_shortest_lengths(bool on) { shortest_lengths_ = on; }

  enum class State : std::uint8_t { packet, more, error };
  // Takes bytes from the front of `input`. On `packet`, `frame` views the input or the reader and
  // is good until the next call.
  State next(ByteView& input, Frame& frame, PacketError& error);
  // Bytes of an unfinished packet.
  std::size_t held() const { return held_.size(); }
  bool inside_packet() const { return first_known_; }

 private:
  bool read_header(ByteView& input, PacketError& error);

  Bytes held_;  // the body so far of a packet that came in pieces
  std::uint32_t max_packet_;
  std::uint32_t length_ = 0;
  std::uint8_t first_ = 0;
  std::uint8_t shift_ = 0;
  bool first_known_ = false;
  bool length_known_ = false;
  bool delivered_held_ = false;
  bool shortest_lengths_ = false;
};

// The flags of the fixed header, and whether such a packet may come from a client at all. In 3.1
// reserved flags are not looked at.
std::optional<PacketError> check_from_client(const Frame& frame, Version version);

// Also says in which version's form the client is to be answered; nullopt: not at all.
struct ConnectError : PacketError {
  std::optional<Version> version;
};
std::expected<Connect, ConnectError> decode_connect(const Frame& frame);
std::expected<Publish, PacketError> decode_publish(const Frame& frame, Version version);
std::expected<Acknowledge, PacketError> decode_acknowledge(const Frame& frame, Version version);
std::expected<Subscribe, PacketError> decode_subscribe(const Frame& frame, Version version);
std::expected<Unsubscribe, PacketError> decode_unsubscribe(const Frame& frame, Version version);
std::expected<Disconnect, PacketError> decode_disconnect(const Frame& frame, Version version);
std::expected<Auth, PacketError> decode_auth(const Frame& frame);

// What a client reads.
std::expected<Connack, PacketError> decode_connack(const Frame& frame, Version version);
std::expected<SubscribeAck, PacketError> decode_subscribe_ack(const Frame& frame, Version version);

}  // namespace unhidra::mqtt
