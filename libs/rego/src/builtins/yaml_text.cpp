#include "builtins/yaml_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "builtins/go_format.h"
#include "builtins/go_text.h"
#include "builtins/json_text.h"
#include "builtins/number_math.h"
#include "builtins/yaml_node.h"

namespace unhidra::rego::builtins {
namespace {

bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, text) != words.end();
}

bool is_null(std::string_view text) {
  return one_of(text, {"", "~", "null", "Null", "NULL"});
}

std::optional<bool> boolean(std::string_view text, YamlBooleans booleans) {
  const bool words = booleans == YamlBooleans::words;
  if (one_of(text, {"true", "True", "TRUE"}) ||
      (words && one_of(text, {"yes", "Yes", "YES", "on", "On", "ON"}))) {
    return true;
  }
  if (one_of(text, {"false", "False", "FALSE"}) ||
      (words && one_of(text, {"no", "No", "NO", "off", "Off", "OFF"}))) {
    return false;
  }
  return std::nullopt;
}

// Decimal, 0x, 0o, 0b and octal with a leading zero; underscores are dropped.
std::optional<std::string> integer(std::string text) {
  std::erase(text, '_');
  std::string_view digits = text;
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) {
    digits.remove_prefix(1);
  }
  int base = 10;
  if (digits.size() > 1 && digits[0] == '0') {
    const char mark = digits[1];
    base = mark == 'x' || mark == 'X' ? 16 : mark == 'b' || mark == 'B' ? 2 : 8;
    digits.remove_prefix(base == 8 && mark != 'o' && mark != 'O' ? 1 : 2);
  }
  if (digits.empty() ||
      !std::ranges::all_of(digits, [](char c) { return std::isxdigit(c) != 0; })) {
    return std::nullopt;
  }
  if (base == 10) {
    const bool decimal = std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
    return decimal ? std::optional((negative ? "-" : "") + std::string(digits)) : std::nullopt;
  }
  std::uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return std::nullopt;
  }
  return (negative ? "-" : "") + std::to_string(value);
}

std::optional<std::string> real(std::string text) {
  std::erase(text, '_');
  std::string_view digits = text;
  if (digits.starts_with('+')) {
    digits.remove_prefix(1);
  }
  const std::string_view body = digits.starts_with('-') ? digits.substr(1) : digits;
  const bool begins = !body.empty() && (std::isdigit(static_cast<unsigned char>(body[0])) != 0 ||
                                        (body[0] == '.' && body.size() > 1));
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (!begins || error != std::errc() || end != digits.data() + digits.size()) {
    return std::nullopt;
  }
  return format_shortest(value, 21);
}

Value plain_scalar(const std::string& text, YamlBooleans booleans) {
  if (is_null(text)) {
    return {};
  }
  if (const auto flag = boolean(text, booleans)) {
    return Value::boolean(*flag);
  }
  if (auto number = integer(text)) {
    return Value::number(std::move(*number));
  }
  if (auto number = real(text)) {
    return Value::number(std::move(*number));
  }
  return Value::string(to_valid_utf8(text));
}

class Converter {
 public:
  Converter(Environment& environment, YamlBooleans booleans)
      : environment_(environment), booleans_(booleans) {}

  // An alias is converted at each of its places: that is what may explode.
  Result<Value> convert(const YamlNode& node, int depth = 0) {
    if (depth > kMaxYamlDepth) {
      return failed("yaml: exceeded max depth of " + std::to_string(kMaxYamlDepth));
    }
    UNHIDRA_TRY_VOID(environment_.charge(64 + node.text.size()));
    switch (node.kind) {
      case YamlNode::Kind::scalar:
        return yaml_scalar(node, booleans_);
      case YamlNode::Kind::sequence: {
        std::vector<Value> out;
        for (const auto& element : node.items) {
          UNHIDRA_TRY(Value value, convert(*element, depth + 1));
          out.push_back(std::move(value));
        }
        return Value::array(std::move(out));
      }
      case YamlNode::Kind::mapping:
        break;
    }
    return mapping(node, depth);
  }

 private:
  Result<Value> mapping(const YamlNode& node, int depth) {
    std::vector<Value::Member> merged;
    std::vector<Value::Member> own;
    for (std::size_t i = 0; i + 1 < node.items.size(); i += 2) {
      const YamlNode& name = *node.items[i];
      UNHIDRA_TRY(Value value, convert(*node.items[i + 1], depth + 1));
      if (name.is_plain && name.text == "<<") {
        merge(value, merged);
        continue;
      }
      UNHIDRA_TRY(const Value key, convert(name, depth + 1));
      own.emplace_back(Value::string(key.is(Kind::string) ? key.text() : to_json(key)),
                       std::move(value));
    }
    merged.insert(merged.end(), own.begin(), own.end());
    return Value::object(std::move(merged));
  }

  // The earlier of several merged mappings wins, so it is added last.
  static void merge(const Value& value, std::vector<Value::Member>& out) {
    if (value.is(Kind::object)) {
      out.insert(out.end(), value.members().begin(), value.members().end());
    }
    const auto list = value.elements();
    for (std::size_t i = list.size(); i-- > 0;) {
      out.insert(out.end(), list[i].members().begin(), list[i].members().end());
    }
  }

  Environment& environment_;
  const YamlBooleans booleans_;
};

// As the reference's functions count lines; its annotations count them in another way.
std::string fault_text(const YamlFault& fault) {
  const int line = fault.line == 0 ? fault.context_line : fault.line + (fault.is_scan ? 1 : 0);
  return "yaml: " + (line == 0 ? "" : "line " + std::to_string(line) + ": ") + fault.problem;
}

// Plain when nothing but text can be read from it.
bool is_plain(const std::string& text) {
  if (!plain_scalar(text, YamlBooleans::words).is(Kind::string) ||
      one_of(text, {"y", "Y", "n", "N", "<<", "="})) {
    return false;
  }
  if (std::string_view("-?:,[]{}#&*!|>'\"%@`").find(text[0]) != std::string_view::npos &&
      !((text[0] == '-' || text[0] == '?' || text[0] == ':') && text.size() > 1 &&
        text[1] != ' ')) {
    return false;
  }
  return text.find(": ") == std::string::npos && text.find(" #") == std::string::npos &&
         !text.ends_with(':') && !text.ends_with(' ') && !text.starts_with(' ') &&
         std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

std::string scalar_text(const Value& value, const std::string& indent) {
  if (!value.is(Kind::string)) {
    return to_json(value, false);
  }
  const std::string& text = value.text();
  if (is_plain(text)) {
    return text;
  }
  const bool printable = std::ranges::none_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n'; });
  if (text.find('\n') != std::string::npos && printable && !text.starts_with(' ') &&
      !text.starts_with('\n')) {
    const std::size_t end = text.find_last_not_of('\n');
    const std::size_t breaks = text.size() - end - 1;
    std::string out = breaks == 0 ? "|-" : breaks == 1 ? "|" : "|+";
    for (const std::string_view line : split(std::string_view(text).substr(0, end + 1), "\n")) {
      out += '\n' + (line.empty() ? "" : indent + "  " + std::string(line));
    }
    return out + std::string(breaks > 1 ? breaks - 1 : 0, '\n');
  }
  const bool ambiguous = !plain_scalar(text, YamlBooleans::words).is(Kind::string) ||
                         one_of(text, {"y", "Y", "n", "N"});
  if (ambiguous || !printable || text.find('\n') != std::string::npos) {
    return quote_json(text);
  }
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  return "'" + Replacer(Pairs{{"'", "''"}}).replace(text, text.size() * 2) + "'";
}

void write(const Value& value, const std::string& indent, bool in_list, std::string& out) {
  const bool list = value.is(Kind::array) || value.is(Kind::set);
  if (value.size() == 0) {
    out += value.is(Kind::object) ? "{}" : list ? "[]" : scalar_text(value, indent);
    out += '\n';
    return;
  }
  bool first = in_list;  // the first item stands behind its parent's dash
  for (const Value& element : value.elements()) {
    out += (first ? "" : indent) + "- ";
    write(element, indent + "  ", true, out);
    first = false;
  }
  for (const auto& [key, member] : value.members()) {
    const Value name = key.is(Kind::string) ? key : Value::string(to_json(key, false));
    out += (first ? "" : indent) + scalar_text(name, indent) + ':';
    const bool block = member.size() > 0;
    out += block ? "\n" : " ";
    // Lists stand under their key without a further step.
    const bool inner_list = member.is(Kind::array) || member.is(Kind::set);
    write(member, inner_list || !block ? indent : indent + "  ", false, out);
    first = false;
  }
}

}  // namespace

Result<Value> parse_yaml(std::string_view text, Environment& environment) {
  if (text.size() > kMaxYaml) {
    return failed("yaml: document is too long");
  }
  UNHIDRA_TRY_VOID(environment.charge(text.size() * 16));
  const auto tree = read_yaml(text, kMaxYamlDepth);
  if (!tree) {
    return failed(fault_text(tree.error()));
  }
  return value_of_yaml(**tree, environment, YamlBooleans::words);
}

Value yaml_scalar(const YamlNode& node, YamlBooleans booleans) {
  // Quoted and block scalars are text, whatever they look like, unless a tag says what they are.
  const bool is_text = node.tag == "!" || node.tag == "tag:yaml.org,2002:str" ||
                       (!node.is_plain && node.tag.empty());
  return is_text ? Value::string(to_valid_utf8(node.text)) : plain_scalar(node.text, booleans);
}

Result<Value> value_of_yaml(const YamlNode& node, Environment& environment, YamlBooleans booleans) {
  return Converter(environment, booleans).convert(node);
}

std::string to_yaml(const Value& value) {
  std::string out;
  if (WorkScope::has_room(value)) {
    write(value, "", false, out);
  }
  return out;
}

}  // namespace unhidra::rego::builtins
