// How a line looks.
#include <charconv>
#include <cmath>

#include "unhidra/base/text.h"
#include "unhidra/runtime/log.h"

namespace unhidra::log {
namespace {

// A value longer than this is cut: a line must stay a line that collectors accept.
constexpr std::size_t kMaxText = 4096;

void append_unicode_escape(std::string& out, unsigned code) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += "\\u00";
  out.push_back(kDigits[(code >> 4) & 0xf]);
  out.push_back(kDigits[code & 0xf]);
}

// RFC 8259 section 7. Invalid UTF-8, control characters and bidirectional overrides were replaced
// by printable() before, except for the common white space, which is escaped.
void append_json_string(std::string& out, std::string_view text) {
  out.push_back('"');
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          append_unicode_escape(out, static_cast<unsigned char>(c));
        } else {
          out.push_back(c);
        }
    }
  }
  out.push_back('"');
}

std::string safe_text(std::string_view text) {
  const bool cut = text.size() > kMaxText;
  std::string out;
  std::string_view rest = text.substr(0, kMaxText);
  // printable() line by line, so that a stack of lines stays readable when it is escaped.
  while (true) {
    const auto end = rest.find_first_of("\n\t");
    out += printable(rest.substr(0, end));
    if (end == std::string_view::npos) {
      break;
    }
    out.push_back(rest[end]);
    rest.remove_prefix(end + 1);
  }
  if (cut) {
    out += "...";
  }
  return out;
}

template <class N>
void append_number(std::string& out, N value) {
  char buffer[32];
  const auto end = std::to_chars(std::begin(buffer), std::end(buffer), value).ptr;
  out.append(buffer, end);
}

void append_value(std::string& out, const Field::Value& value, bool quote_always) {
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    const auto safe = safe_text(*text);
    const bool plain =
        !quote_always && !safe.empty() && safe.find_first_of(" \"\\=\n\t") == std::string::npos;
    if (plain) {
      out += safe;
    } else {
      append_json_string(out, safe);
    }
  } else if (const auto* flag = std::get_if<bool>(&value)) {
    out += *flag ? "true" : "false";
  } else if (const auto* real = std::get_if<double>(&value)) {
    if (std::isfinite(*real)) {
      append_number(out, *real);
    } else {
      out += "null";  // JSON has no infinity
    }
  } else if (const auto* natural = std::get_if<std::uint64_t>(&value)) {
    append_number(out, *natural);
  } else {
    append_number(out, std::get<std::int64_t>(value));
  }
}

}  // namespace

std::string_view to_string(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warn:
      return "warn";
    case Level::error:
      return "error";
    case Level::fatal:
      break;
  }
  return "fatal";
}

std::string render(Format format, Timestamp time, Level level, std::string_view event,
                   std::span<const Field> fields) {
  std::string out;
  out.reserve(128 + fields.size() * 32);
  if (format == Format::text) {
    out += to_rfc3339(time);
    out += ' ';
    out += to_string(level);
    out.append(6 - to_string(level).size(), ' ');
    out += printable(event);
    for (const auto& field : fields) {
      out += ' ';
      out += printable(field.key());
      out += '=';
      append_value(out, field.value(), false);
    }
  } else {
    out += "{\"ts\":";
    append_json_string(out, to_rfc3339(time));
    out += ",\"level\":";
    append_json_string(out, to_string(level));
    out += ",\"event\":";
    append_json_string(out, safe_text(event));
    for (const auto& field : fields) {
      out += ',';
      append_json_string(out, safe_text(field.key()));
      out += ':';
      append_value(out, field.value(), true);
    }
    out += '}';
  }
  out += '\n';
  return out;
}

}  // namespace unhidra::log
