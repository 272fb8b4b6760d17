// Values to JSON.
#include <utility>

#include "builtins/go_text.h"
#include "builtins/json_text.h"
#include "values/work.h"

namespace unhidra::rego::builtins {
namespace {

void write_json(const Value& value, bool html_safe, std::string& out);

void write_key(const Value& key, bool html_safe, std::string& out) {
  if (key.is(Kind::string)) {
    return write_quoted(key.text(), html_safe, out);
  }
  std::string text;
  write_json(key, html_safe, text);
  write_quoted(text, html_safe, out);
}

void write_json(const Value& value, bool html_safe, std::string& out) {
  switch (value.kind()) {
    case Kind::null:
      out += "null";
      return;
    case Kind::boolean:
      out += value.as_boolean() ? "true" : "false";
      return;
    case Kind::number:
      out += value.text();
      return;
    case Kind::string:
      return write_quoted(value.text(), html_safe, out);
    default:
      break;
  }
  bool first = true;
  const auto comma = [&] { out += std::exchange(first, false) ? "" : ","; };
  out += value.is(Kind::object) ? '{' : '[';
  for (const Value& element : value.elements()) {
    comma();
    write_json(element, html_safe, out);
  }
  for (const auto& [key, member] : value.members()) {
    comma();
    write_key(key, html_safe, out);
    out += ':';
    write_json(member, html_safe, out);
  }
  out += value.is(Kind::object) ? '}' : ']';
}

// `line` is the end of a line with the indentation of the next.
void write_lines(const Value& value, std::string& line, std::string_view indent, std::string& out) {
  const bool object = value.is(Kind::object);
  if (!object && !value.is(Kind::array) && !value.is(Kind::set)) {
    return write_json(value, true, out);
  }
  out += object ? '{' : '[';
  line += indent;
  bool first = true;
  const auto next = [&] { (out += std::exchange(first, false) ? "" : ",") += line; };
  for (const auto& [key, member] : value.members()) {
    next();
    write_key(key, true, out);
    out += ": ";
    write_lines(member, line, indent, out);
  }
  for (const Value& element : value.elements()) {
    next();
    write_lines(element, line, indent, out);
  }
  line.resize(line.size() - indent.size());
  out += first ? "" : line;
  out += object ? '}' : ']';
}

}  // namespace

void write_quoted(std::string_view text, bool html_safe, std::string& out) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += '"';
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
  out += '"';
}

std::string quote_json(std::string_view text, bool html_safe) {
  std::string out;
  write_quoted(text, html_safe, out);
  return out;
}

std::string to_json(const Value& value, bool html_safe) {
  std::string out;
  if (WorkScope::has_room(value)) {
    write_json(value, html_safe, out);
  }
  return out;
}

std::string to_json_lines(const Value& value, std::string_view prefix, std::string_view indent) {
  std::string out;
  if (WorkScope::has_room(value)) {
    std::string line = "\n" + std::string(prefix);
    write_lines(value, line, indent, out);
  }
  return out;
}

}  // namespace unhidra::rego::builtins
