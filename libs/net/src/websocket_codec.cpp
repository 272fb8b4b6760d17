#include "websocket_codec.h"

#include <algorithm>
#include <cstring>

namespace unhidra::net {
namespace {

using Violation = WebSocketDecoder::Violation;

void apply_mask(MutableByteView bytes, const MaskKey& key, std::uint8_t& at) {
  std::size_t i = 0;
  for (; i < bytes.size() && at != 0; ++i) {
    bytes[i] ^= key[at];
    at = static_cast<std::uint8_t>((at + 1) & 3);
  }
  std::uint64_t wide = 0;
  std::memcpy(&wide, key.data(), 4);
  std::memcpy(reinterpret_cast<Byte*>(&wide) + 4, key.data(), 4);
  for (; i + 8 <= bytes.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, 8);
    word ^= wide;
    std::memcpy(bytes.data() + i, &word, 8);
  }
  for (; i < bytes.size(); ++i) {
    bytes[i] ^= key[at];
    at = static_cast<std::uint8_t>((at + 1) & 3);
  }
}

void append_length(Bytes& out, std::size_t size, Byte mask_bit) {
  if (size <= kMaxControlPayload) {
    out.push_back(static_cast<Byte>(mask_bit | size));
    return;
  }
  const bool wide = size > 0xffff;
  out.push_back(static_cast<Byte>(mask_bit | (wide ? 127 : 126)));
  for (int shift = wide ? 56 : 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<Byte>(static_cast<std::uint64_t>(size) >> shift));
  }
}

// The longest prefix of at most `max` bytes that does not cut a character.
std::string_view cut_utf8(std::string_view text, std::size_t max) {
  if (text.size() <= max) {
    return text;
  }
  while (max > 0 && (static_cast<Byte>(text[max]) & 0xc0) == 0x80) {
    --max;
  }
  return text.substr(0, max);
}

}  // namespace

void append_frame(Bytes& out, Opcode opcode, ByteView payload, const std::optional<MaskKey>& mask) {
  out.reserve(out.size() + payload.size() + kMaxFrameHeader);
  out.push_back(static_cast<Byte>(0x80 | static_cast<Byte>(opcode)));
  append_length(out, payload.size(), mask ? 0x80 : 0x00);
  if (!mask) {
    append(out, payload);
    return;
  }
  append(out, *mask);
  const auto start = out.size();
  append(out, payload);
  std::uint8_t at = 0;
  apply_mask(MutableByteView(out).subspan(start), *mask, at);
}

void append_close_frame(Bytes& out, CloseCode code, std::string_view reason,
                        const std::optional<MaskKey>& mask) {
  Bytes payload;
  if (code != CloseCode::no_status) {
    const auto number = static_cast<std::uint16_t>(code);
    payload = {static_cast<Byte>(number >> 8), static_cast<Byte>(number & 0xff)};
    append(payload, as_bytes(cut_utf8(reason, kMaxControlPayload - 2)));
  }
  append_frame(out, Opcode::close, payload, mask);
}

bool is_sendable(CloseCode code) {
  const auto number = static_cast<std::uint16_t>(code);
  // 1004 is reserved, 1005, 1006 and 1015 are for local use only.
  const bool defined = (number >= 1000 && number <= 1003) || (number >= 1007 && number <= 1014);
  return defined || (number >= 3000 && number <= 4999);
}

bool Utf8Stream::feed(ByteView bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const Byte byte = bytes[i];
    if (missing_ > 0) {
      if (byte < low_ || byte > high_) {
        return false;
      }
      low_ = 0x80;
      high_ = 0xbf;
      --missing_;
      continue;
    }
    if (byte < 0x80) {
      continue;
    }
    if (byte < 0xc2 || byte > 0xf4) {
      return false;  // a stray continuation, an overlong form, or above U+10FFFF
    }
    missing_ = byte < 0xe0 ? 1 : (byte < 0xf0 ? 2 : 3);
    low_ = byte == 0xe0 ? 0xa0 : (byte == 0xf0 ? 0x90 : 0x80);   // overlong
    high_ = byte == 0xed ? 0x9f : (byte == 0xf4 ? 0x8f : 0xbf);  // surrogates, above U+10FFFF
  }
  return true;
}

std::optional<Violation> WebSocketDecoder::feed(MutableByteView data, Events& events) {
  while (!data.empty() && !stopped_) {
    auto violation = in_payload_ ? take_payload(data, events) : take_header(data, events);
    if (violation) {
      stopped_ = true;
      return violation;
    }
  }
  return std::nullopt;
}

std::size_t WebSocketDecoder::header_length() const {
  const auto length = header_[1] & 0x7f;
  const std::size_t extended = length == 126 ? 2 : (length == 127 ? 8 : 0);
  return 2 + extended + ((header_[1] & 0x80) != 0 ? 4 : 0);
}

std::optional<Violation> WebSocketDecoder::take_header(MutableByteView& data, Events& events) {
  while (!data.empty()) {
    header_[header_size_++] = data.front();
    data = data.subspan(1);
    if (header_size_ == 2) {
      if (auto violation = check_first_bytes()) {
        return violation;
      }
    }
    if (header_size_ >= 2 && header_size_ == header_length()) {
      if (auto violation = start_frame()) {
        return violation;
      }
      // A frame without payload is whole already.
      return remaining_ == 0 ? finish_frame({}, events) : std::nullopt;
    }
  }
  return std::nullopt;
}

// What can be refused before the length is known (section 5.2).
std::optional<Violation> WebSocketDecoder::check_first_bytes() const {
  if ((header_[0] & 0x70) != 0) {
    return Violation{CloseCode::protocol_error, "a reserved bit is set"};
  }
  const auto opcode = header_[0] & 0x0f;
  const auto length = header_[1] & 0x7f;
  if ((opcode > 0x2 && opcode < 0x8) || opcode > 0xa) {
    return Violation{CloseCode::protocol_error, "unknown opcode"};
  }
  if (((header_[1] & 0x80) != 0) != (role_ == WebSocketRole::server)) {
    return Violation{CloseCode::protocol_error, role_ == WebSocketRole::server
                                                    ? "a client's frame is not masked"
                                                    : "a server's frame is masked"};
  }
  if ((opcode & 0x8) != 0 && (header_[0] & 0x80) == 0) {
    return Violation{CloseCode::protocol_error, "a control frame is fragmented"};
  }
  if ((opcode & 0x8) != 0 && length > static_cast<int>(kMaxControlPayload)) {
    return Violation{CloseCode::protocol_error, "a control frame is too long"};
  }
  return std::nullopt;
}

std::optional<Violation> WebSocketDecoder::start_frame() {
  final_ = (header_[0] & 0x80) != 0;
  opcode_ = static_cast<Opcode>(header_[0] & 0x0f);
  const auto short_length = header_[1] & 0x7f;
  std::uint64_t length = static_cast<std::uint64_t>(short_length);
  std::size_t at = 2;
  if (short_length >= 126) {
    const std::size_t width = short_length == 126 ? 2 : 8;
    length = 0;
    for (std::size_t i = 0; i < width; ++i) {
      length = (length << 8) | header_[at++];
    }
    if ((length >> 63) != 0 || length < (width == 2 ? 126U : 0x10000U)) {
      return Violation{CloseCode::protocol_error, "the length is not in its shortest form"};
    }
  }
  std::copy_n(header_.begin() + static_cast<std::ptrdiff_t>(at),
              role_ == WebSocketRole::server ? 4 : 0, mask_.begin());
  mask_at_ = 0;
  header_size_ = 0;
  remaining_ = length;
  in_payload_ = true;
  if (length > max_frame_ && delivery_ == Delivery::messages) {
    return Violation{CloseCode::too_big, "the frame is too big"};
  }
  return is_control() ? std::nullopt : start_data_frame();
}

std::optional<Violation> WebSocketDecoder::start_data_frame() {
  if (opcode_ == Opcode::continuation) {
    if (!in_message_) {
      return Violation{CloseCode::protocol_error, "a continuation of nothing"};
    }
  } else {
    if (in_message_) {
      return Violation{CloseCode::protocol_error, "a message begins inside another"};
    }
    in_message_ = true;
    fragments_ = 0;
    kind_ = opcode_ == Opcode::text ? MessageKind::text : MessageKind::binary;
    utf8_ = Utf8Stream();
  }
  if (delivery_ == Delivery::pieces) {
    return kind_ == MessageKind::text
               ? std::optional(Violation{CloseCode::unsupported_data, "binary messages only"})
               : std::nullopt;
  }
  if (++fragments_ > max_fragments_) {
    return Violation{CloseCode::policy_violation, "too many fragments"};
  }
  if (remaining_ > max_message_ || message_.size() > max_message_ - remaining_) {
    return Violation{CloseCode::too_big, "the message is too big"};
  }
  return std::nullopt;
}

void WebSocketDecoder::unmask(MutableByteView bytes) {
  if (role_ == WebSocketRole::server) {
    apply_mask(bytes, mask_, mask_at_);
  }
}

std::optional<Violation> WebSocketDecoder::take_payload(MutableByteView& data, Events& events) {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, data.size()));
  const auto piece = data.first(size);
  data = data.subspan(size);
  remaining_ -= size;
  unmask(piece);
  if (is_control()) {
    append(control_, piece);
    return remaining_ == 0 ? finish_frame({}, events) : std::nullopt;
  }
  if (delivery_ == Delivery::pieces) {
    if (remaining_ == 0) {
      end_data_frame();
    }
    events.on_message(piece, kind_);
    return std::nullopt;
  }
  if (kind_ == MessageKind::text && !utf8_.feed(piece)) {
    return Violation{CloseCode::invalid_payload, "the text is not UTF-8"};
  }
  // A message that lies whole in the read buffer is not copied.
  const bool whole = remaining_ == 0 && final_ && message_.empty();
  if (!whole) {
    append(message_, piece);
  }
  return remaining_ == 0 ? finish_frame(whole ? ByteView(piece) : ByteView(), events)
                         : std::nullopt;
}

void WebSocketDecoder::end_data_frame() {
  in_payload_ = false;
  in_message_ = !final_;
}

std::optional<Violation> WebSocketDecoder::finish_frame(ByteView whole, Events& events) {
  if (is_control()) {
    in_payload_ = false;
    return finish_control(events);
  }
  end_data_frame();
  if (!final_ || delivery_ == Delivery::pieces) {
    return std::nullopt;
  }
  if (kind_ == MessageKind::text && !utf8_.complete()) {
    return Violation{CloseCode::invalid_payload, "the text ends inside a character"};
  }
  // The memory goes with the message: an idle connection keeps none.
  const Bytes message = std::exchange(message_, {});
  events.on_message(message.empty() ? whole : ByteView(message), kind_);
  return std::nullopt;
}

std::optional<Violation> WebSocketDecoder::finish_control(Events& events) {
  if (opcode_ == Opcode::close) {
    return finish_close(events);
  }
  const Bytes payload = std::exchange(control_, {});
  if (opcode_ == Opcode::ping) {
    events.on_ping(payload);
  } else {
    events.on_pong(payload);
  }
  return std::nullopt;
}

// Section 5.5.1.
std::optional<Violation> WebSocketDecoder::finish_close(Events& events) {
  const Bytes payload = std::exchange(control_, {});
  if (payload.size() == 1) {
    return Violation{CloseCode::protocol_error, "a close code of one byte"};
  }
  auto code = CloseCode::no_status;
  std::string_view reason;
  if (payload.size() >= 2) {
    code = static_cast<CloseCode>((payload[0] << 8) | payload[1]);
    reason = as_text(ByteView(payload).subspan(2));
    if (!is_sendable(code)) {
      return Violation{CloseCode::protocol_error, "a close code that may not be sent"};
    }
    Utf8Stream utf8;
    if (!utf8.feed(as_bytes(reason)) || !utf8.complete()) {
      return Violation{CloseCode::invalid_payload, "the close reason is not UTF-8"};
    }
  }
  stopped_ = true;
  events.on_peer_close(code, reason);
  return std::nullopt;
}

}  // namespace unhidra::net
