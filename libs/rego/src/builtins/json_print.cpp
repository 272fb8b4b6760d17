// Values to JSON.
#include "builtins/go_text.h"
#include "builtins/json_text.h"

namespace unhidra::rego::builtins {
namespace {

std::string key_text(const Value& key, bool html_safe) {
  return quote_json(key.is(Kind::string) ? key.text() : to_json(key, html_safe), html_safe);
}

void write_lines(const Value& value, const std::string& line, std::string_view indent,
                 std::string& out) {
  const bool object = value.is(Kind::object);
  if (!object && !value.is(Kind::array) && !value.is(Kind::set)) {
    out += to_json(value);
    return;
  }
  out += object ? '{' : '[';
  const std::string inner = line + std::string(indent);
  bool first = true;
  for (const auto& [key, member] : value.members()) {
    out += (first ? "" : ",") + inner + key_text(key, true) + ": ";
    write_lines(member, inner, indent, out);
    first = false;
  }
  for (const Value& element : value.elements()) {
    out += (first ? "" : ",") + inner;
    write_lines(element, inner, indent, out);
    first = false;
  }
  out += first ? "" : line;
  out += object ? '}' : ']';
}

}  // namespace

std::string quote_json(std::string_view text, bool html_safe) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out = "\"";
  while (!text.empty()) {
    const DecodedRune rune = decode_rune(text);
    const char32_t c = rune.value;
    text.remove_prefix(rune.size);
    const bool separator = c == 0x2028 || c == 0x2029;
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c < 0x20 || separator || (html_safe && (c == '<' || c == '>' || c == '&'))) {
      out += separator ? "\\u20" : "\\u00";
      out += kDigits[(c >> 4) & 0xF];
      out += kDigits[c & 0xF];
    } else {
      append_rune(out, c);
    }
  }
  return out + '"';
}

std::string to_json(const Value& value, bool html_safe) {
  switch (value.kind()) {
    case Kind::null:
      return "null";
    case Kind::boolean:
      return value.as_boolean() ? "true" : "false";
    case Kind::number:
      return value.text();
    case Kind::string:
      return quote_json(value.text(), html_safe);
    case Kind::array:
    case Kind::set: {
      std::string out = "[";
      for (const Value& element : value.elements()) {
        out += (out.size() > 1 ? "," : "") + to_json(element, html_safe);
      }
      return out + ']';
    }
    case Kind::object:
      break;
  }
  std::string out = "{";
  for (const auto& [key, member] : value.members()) {
    out +=
        (out.size() > 1 ? "," : "") + key_text(key, html_safe) + ':' + to_json(member, html_safe);
  }
  return out + '}';
}

std::string to_json_lines(const Value& value, std::string_view prefix, std::string_view indent) {
  std::string out;
  write_lines(value, "\n" + std::string(prefix), indent, out);
  return out;
}

}  // namespace unhidra::rego::builtins
