#include "payload.h"

#include <charconv>
#include <stdexcept>
#include <string>

namespace unhidra::mqtt_sequences {
namespace {

[[noreturn]] void refuse(std::string_view token) {
  throw std::invalid_argument("payload token '" + std::string(token) + "'");
}

std::uint64_t number(std::string_view digits, int base, std::string_view token) {
  std::uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    refuse(token);
  }
  return value;
}

void append_big_endian(Bytes& out, std::uint64_t value, int size, std::string_view token) {
  if (value >> (8 * size) != 0) {
    refuse(token);
  }
  for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<Byte>(value >> shift));
  }
}

// Of any length: cases send integers longer than the standard allows.
void append_variable(Bytes& out, std::uint64_t value) {
  do {
    const auto digit = static_cast<Byte>(value & 0x7f);
    value >>= 7;
    out.push_back(static_cast<Byte>(digit | (value != 0 ? 0x80U : 0U)));
  } while (value != 0);
}

void append_hex(Bytes& out, std::string_view token) {
  if (token.size() % 2 != 0) {
    refuse(token);
  }
  for (std::size_t at = 0; at < token.size(); at += 2) {
    out.push_back(static_cast<Byte>(number(token.substr(at, 2), 16, token)));
  }
}

void append_token(Bytes& out, std::string_view token) {
  const auto digits = token.substr(1);
  switch (token.front()) {
    case 'r':
    case 'v':
      return append_variable(out, number(digits, 10, token));
    case 'm':
    case 's':
    case 'k':
    case 'H':
      return append_big_endian(out, number(digits, 10, token), 2, token);
    case 'L':
      return append_big_endian(out, number(digits, 10, token), 4, token);
    case 'i':
      return append_big_endian(out, number(digits, 10, token), 1, token);
    default:
      return append_hex(out, token);
  }
}

}  // namespace

Bytes parse_payload(std::string_view text) {
  Bytes out;
  while (!text.empty()) {
    if (text.front() == ' ') {
      text.remove_prefix(1);
      continue;
    }
    if (text.front() == '\'') {
      const auto end = text.find('\'', 1);
      if (end == std::string_view::npos) {
        refuse(text);
      }
      append(out, as_bytes(text.substr(1, end - 1)));
      text.remove_prefix(end + 1);
      continue;
    }
    const auto token = text.substr(0, text.find(' '));
    append_token(out, token);
    text.remove_prefix(token.size());
  }
  return out;
}

}  // namespace unhidra::mqtt_sequences
