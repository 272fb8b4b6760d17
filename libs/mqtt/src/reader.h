#pragma once
// Reads the data types of section 1.5. Once a read failed every later one fails too.

#include "unhidra/base/bytes.h"
#include "unhidra/mqtt/protocol.h"
#include "unhidra/mqtt/topic.h"

namespace unhidra::mqtt {

class Reader {
 public:
  explicit Reader(ByteView bytes) : rest_(bytes) {}

  std::uint8_t u8() {
    const auto view = take(1);
    return view.empty() ? std::uint8_t{0} : view[0];
  }
  std::uint16_t u16() {
    const auto view = take(2);
    return view.empty() ? std::uint16_t{0} : static_cast<std::uint16_t>((view[0] << 8) | view[1]);
  }
  std::uint32_t u32() {
    const auto view = take(4);
    return view.empty() ? 0U
                        : (std::uint32_t{view[0]} << 24) | (std::uint32_t{view[1]} << 16) |
                              (std::uint32_t{view[2]} << 8) | view[3];
  }
  // Section 1.5.5: at most four bytes, in the shortest form.
  std::uint32_t variable() {
    std::uint32_t value = 0;
    for (unsigned shift = 0; shift < 28; shift += 7) {
      const std::uint8_t byte = u8();
      if (failed_) {
        return 0;
      }
      value |= std::uint32_t{byte & 0x7fU} << shift;
      if ((byte & 0x80) == 0) {
        if (byte == 0 && shift != 0) {
          break;
        }
        return value;
      }
    }
    failed_ = true;
    return 0;
  }
  ByteView binary() { return take(u16()); }
  // Valid UTF-8, without what section 1.5.4 forbids or lets refuse.
  std::string_view string() {
    const auto text = as_text(binary());
    if (!is_valid_string(text)) {
      failed_ = true;
      bad_text_ = true;
      return {};
    }
    return text;
  }
  ByteView take(std::size_t size) {
    if (failed_ || size > rest_.size()) {
      failed_ = true;
      return {};
    }
    const auto out = rest_.first(size);
    rest_ = rest_.subspan(size);
    return out;
  }

  bool failed() const { return failed_; }
  // It failed because a string was there but is none.
  bool bad_text() const { return bad_text_; }
  std::size_t remaining() const { return rest_.size(); }
  ByteView rest() const { return rest_; }

 private:
  ByteView rest_;
  bool failed_ = false;
  bool bad_text_ = false;
};

}  // namespace unhidra::mqtt
