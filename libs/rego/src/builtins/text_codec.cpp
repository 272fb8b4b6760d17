#include "builtins/text_codec.h"

#include <array>
#include <optional>

#include "builtins/go_text.h"

namespace unhidra::rego::builtins {
namespace {

constexpr std::string_view kStandard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string_view digits_of(Base64Alphabet alphabet) {
  return alphabet == Base64Alphabet::standard ? kStandard : kUrl;
}

std::unexpected<Error> illegal_base64(std::size_t at) {
  return fail(Errc::invalid, "illegal base64 data at input byte " + std::to_string(at));
}

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return static_cast<unsigned>(c - '0');
  }
  if (c >= 'a' && c <= 'f') {
    return static_cast<unsigned>(c - 'a') + 10;
  }
  if (c >= 'A' && c <= 'F') {
    return static_cast<unsigned>(c - 'A') + 10;
  }
  return std::nullopt;
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '~';
}

// What may stand in a host name unescaped; bytes that are not ASCII do, too.
bool stands_in_host(char c) {
  return static_cast<unsigned char>(c) >= 0x80 || is_unreserved(c) ||
         std::string_view("!$&'()*+,;=:[]<>\"").find(c) != std::string_view::npos;
}

void append_escape(std::string& out, char c) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  out += '%';
  out += kDigits[static_cast<unsigned char>(c) >> 4];
  out += kDigits[static_cast<unsigned char>(c) & 0xF];
}

// Reads groups of four characters, line breaks between any of them.
class Base64Reader {
 public:
  Base64Reader(std::string_view text, std::string_view digits) : text_(text), digits_(digits) {}

  Result<std::string> run() {
    while (!done_) {
      skip_breaks();
      if (at_ >= text_.size()) {
        break;
      }
      UNHIDRA_TRY_VOID(group());
    }
    skip_breaks();
    if (at_ < text_.size()) {
      return illegal_base64(at_);  // after the padding
    }
    return std::move(out_);
  }

 private:
  void skip_breaks() {
    while (at_ < text_.size() && (text_[at_] == '\n' || text_[at_] == '\r')) {
      ++at_;
    }
  }

  Status group() {
    std::array<unsigned, 4> values{};
    std::size_t count = 0;
    for (; count < 4; ++count) {
      skip_breaks();
      if (at_ >= text_.size()) {
        return illegal_base64(at_ - count);
      }
      const char c = text_[at_++];
      if (c == '=') {
        UNHIDRA_TRY_VOID(padding(count));
        break;
      }
      const std::size_t digit = digits_.find(c);
      if (digit == std::string_view::npos) {
        return illegal_base64(at_ - 1);
      }
      values[count] = static_cast<unsigned>(digit);
    }
    const unsigned word = (values[0] << 18) | (values[1] << 12) | (values[2] << 6) | values[3];
    for (std::size_t i = 0; i + 1 < count; ++i) {
      out_ += static_cast<char>((word >> (16 - 8 * i)) & 0xFF);
    }
    return {};
  }

  Status padding(std::size_t count) {
    if (count < 2) {
      return illegal_base64(at_ - 1);
    }
    if (count == 2) {
      skip_breaks();
      if (at_ >= text_.size()) {
        return illegal_base64(text_.size());
      }
      if (text_[at_] != '=') {
        return illegal_base64(at_);
      }
      ++at_;
    }
    done_ = true;
    return {};
  }

  std::string_view text_;
  std::string_view digits_;
  std::size_t at_ = 0;
  bool done_ = false;
  std::string out_;
};

}  // namespace

std::string encode_base64(std::string_view bytes, Base64Alphabet alphabet, bool padded) {
  const std::string_view digits = digits_of(alphabet);
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    unsigned word = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      word = (word << 8) | (j < count ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      if (j <= count) {
        out += digits[(word >> (18 - 6 * j)) & 0x3F];
      } else if (padded) {
        out += '=';
      }
    }
  }
  return out;
}

Result<std::string> decode_base64(std::string_view text, Base64Alphabet alphabet) {
  return Base64Reader(text, digits_of(alphabet)).run();
}

Result<std::string> decode_base64url(std::string_view text) {
  std::string padded(text);
  if (!text.ends_with('=')) {
    if (text.size() % 4 == 1) {
      return fail(Errc::invalid, "illegal base64url string: " + padded);
    }
    padded.append((4 - text.size() % 4) % 4, '=');
  }
  return decode_base64(padded, Base64Alphabet::url);
}

std::string encode_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 0xF];
  }
  return out;
}

Result<std::string> decode_hex(std::string_view text) {
  std::string out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!hex_digit(text[i])) {
      const auto byte = static_cast<unsigned char>(text[i]);
      std::string shown = "U+00" + encode_hex(text.substr(i, 1));
      for (char& c : shown) {
        c = static_cast<char>(std::toupper(c));
      }
      std::string rune;
      append_rune(rune, byte);
      const bool printable = byte >= 0x20 && byte != 0x7F && (byte < 0x80 || byte > 0xA0);
      return fail(Errc::invalid, "encoding/hex: invalid byte: " + shown +
                                     (printable ? " '" + rune + "'" : std::string()));
    }
    if (i % 2 == 1) {
      out += static_cast<char>((*hex_digit(text[i - 1]) << 4) | *hex_digit(text[i]));
    }
  }
  if (text.size() % 2 == 1) {
    return fail(Errc::invalid, "encoding/hex: odd length hex string");
  }
  return out;
}

std::string escape_query(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      append_escape(out, c);
    }
  }
  return out;
}

std::string escape_path(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_unreserved(c) || std::string_view("$&+,/:;=@").find(c) != std::string_view::npos) {
      out += c;
    } else {
      append_escape(out, c);
    }
  }
  return out;
}

Result<std::string> unescape_uri(std::string_view text, UriPart part) {
  const bool is_host = part == UriPart::host || part == UriPart::zone;
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      if (is_host && !stands_in_host(text[i])) {
        return fail(Errc::invalid,
                    "invalid character " + quote(text.substr(i, 1)) + " in host name");
      }
      out += part == UriPart::query && text[i] == '+' ? ' ' : text[i];
      continue;
    }
    const auto escape = text.substr(i, 3);
    if (escape.size() < 3 || !hex_digit(escape[1]) || !hex_digit(escape[2])) {
      return fail(Errc::invalid, "invalid URL escape " + quote(escape));
    }
    const auto byte =
        static_cast<unsigned char>((*hex_digit(escape[1]) << 4) | *hex_digit(escape[2]));
    // RFC 3986 section 3.2.2 and RFC 6874: of a host only what is not ASCII is escaped, of a zone
    // also what cannot stand there.
    const bool is_allowed =
        byte == '%' ||
        (part == UriPart::host   ? byte >= 0x80
         : part == UriPart::zone ? byte == ' ' || stands_in_host(static_cast<char>(byte))
                                 : true);
    if (!is_allowed) {
      return fail(Errc::invalid, "invalid URL escape " + quote(escape));
    }
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

Result<std::string> unescape_query(std::string_view text) {
  return unescape_uri(text, UriPart::query);
}

Result<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const std::string_view part : split(text, "&")) {
    if (part.find(';') != std::string_view::npos) {
      return fail(Errc::invalid, "invalid semicolon separator in query");
    }
    if (part.empty()) {
      continue;
    }
    const std::size_t equals = std::min(part.find('='), part.size());
    UNHIDRA_TRY(std::string key, unescape_query(part.substr(0, equals)));
    UNHIDRA_TRY(std::string value,
                unescape_query(equals < part.size() ? part.substr(equals + 1) : ""));
    out.emplace_back(std::move(key), std::move(value));
  }
  return out;
}

}  // namespace unhidra::rego::builtins
