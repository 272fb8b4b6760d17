#include "json.h"

namespace unhidra::core {

Json& Json::open(char bracket) {
  separate();
  out_ += bracket;
  first_ = true;
  return *this;
}

Json& Json::close(char bracket) {
  out_ += bracket;
  first_ = false;
  return *this;
}

Json& Json::name(std::string_view name) {
  separate();
  quoted(name);
  out_ += ':';
  first_ = true;
  return *this;
}

Json& Json::text(std::string_view value) {
  separate();
  quoted(value);
  return *this;
}

Json& Json::raw(std::string_view value) {
  separate();
  out_ += value;
  return *this;
}

void Json::separate() {
  if (!first_) {
    out_ += ',';
  }
  first_ = false;
}

// Section 7: the quotation mark, the backslash and control characters must be escaped. Bytes that
// are no UTF-8 are passed on; the host's decoder replaces them.
void Json::quoted(std::string_view value) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out_ += '"';
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20) {
      out_ += "\\u00";
      out_ += kHex[byte >> 4];
      out_ += kHex[byte & 15];
      continue;
    }
    if (c == '"' || c == '\\') {
      out_ += '\\';
    }
    out_ += c;
  }
  out_ += '"';
}

}  // namespace unhidra::core
