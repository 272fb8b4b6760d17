#pragma once
// RFC 6455 framing without I/O: bytes in, events out. One decoder a connection; between messages it
// holds no heap memory. No extension is spoken, so every reserved bit is an error.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "unhidra/base/bytes.h"
#include "unhidra/net/websocket.h"

namespace unhidra::net {

enum class WebSocketRole : std::uint8_t { server, client };

enum class Opcode : std::uint8_t {
  continuation = 0x0,
  text = 0x1,
  binary = 0x2,
  close = 0x8,
  ping = 0x9,
  pong = 0xa,
};

using MaskKey = std::array<Byte, 4>;
inline constexpr std::size_t kMaxControlPayload = 125;  // section 5.5
inline constexpr std::size_t kMaxFrameHeader = 14;

// Appends one whole, unfragmented frame. Clients give a mask, servers none (section 5.1).
void append_frame(Bytes& out, Opcode opcode, ByteView payload, const std::optional<MaskKey>& mask);
// A close frame; the reason is cut to 123 bytes at a character boundary. `no_status` gives an empty
// frame.
void append_close_frame(Bytes& out, CloseCode code, std::string_view reason,
                        const std::optional<MaskKey>& mask);
// Whether the code may stand in a close frame (section 7.4).
bool is_sendable(CloseCode code);

// UTF-8 that arrives in pieces (RFC 3629): false as soon as no continuation could make it valid.
class Utf8Stream {
 public:
  bool feed(ByteView bytes);
  bool complete() const { return missing_ == 0; }

 private:
  std::uint8_t missing_ = 0;
  Byte low_ = 0x80;  // the range of the next byte
  Byte high_ = 0xbf;
};

class WebSocketDecoder {
 public:
  class Events {
   public:
    virtual ~Events() = default;
    virtual void on_message(ByteView message, MessageKind kind) = 0;
    virtual void on_ping(ByteView payload) = 0;
    virtual void on_pong(ByteView payload) = 0;
    // The peer's close frame; nothing comes after it. `no_status` when it was empty.
    virtual void on_peer_close(CloseCode code, std::string_view reason) = 0;
  };
  struct Violation {
    CloseCode code;
    std::string_view what;
  };

  enum class Delivery : std::uint8_t {
    messages,
    pieces,  // of binary messages, as they arrive and however long; text is refused
  };
  WebSocketDecoder(WebSocketRole role, std::size_t max_frame, std::size_t max_message,
                   std::uint32_t max_fragments, Delivery delivery = Delivery::messages)
      : max_frame_(max_frame),
        max_message_(max_message),
        max_fragments_(max_fragments),
        role_(role),
        delivery_(delivery) {}

  // Takes all of `data` and removes the mask in place. After a violation, a close frame or stop()
  // everything further is ignored.
  std::optional<Violation> feed(MutableByteView data, Events& events);
  // May be called from within an event.
  void stop() { stopped_ = true; }

 private:
  std::optional<Violation> take_header(MutableByteView& data, Events& events);
  std::optional<Violation> check_first_bytes() const;
  std::size_t header_length() const;
  std::optional<Violation> start_frame();
  std::optional<Violation> start_data_frame();
  std::optional<Violation> take_payload(MutableByteView& data, Events& events);
  void end_data_frame();
  std::optional<Violation> finish_frame(ByteView whole, Events& events);
  std::optional<Violation> finish_control(Events& events);
  std::optional<Violation> finish_close(Events& events);
  void unmask(MutableByteView bytes);
  bool is_control() const { return (static_cast<std::uint8_t>(opcode_) & 0x8) != 0; }

  std::size_t max_frame_;
  std::size_t max_message_;
  std::uint64_t remaining_ = 0;  // payload bytes of this frame still to come
  Bytes message_;                // what came of a message that is not whole yet
  Bytes control_;                // payload of a control frame
  std::uint32_t max_fragments_;
  std::uint32_t fragments_ = 0;
  std::array<Byte, kMaxFrameHeader> header_{};
  std::uint8_t header_size_ = 0;
  MaskKey mask_{};
  std::uint8_t mask_at_ = 0;
  Utf8Stream utf8_;
  WebSocketRole role_;
  Delivery delivery_;
  Opcode opcode_ = Opcode::continuation;
  MessageKind kind_ = MessageKind::binary;
  bool final_ = false;
  bool in_payload_ = false;
  bool in_message_ = false;
  bool stopped_ = false;
};

}  // namespace unhidra::net
