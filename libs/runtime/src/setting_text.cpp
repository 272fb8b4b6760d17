#include "setting_text.h"

#include <charconv>
#include <cmath>

#include "unhidra/runtime/errc.h"

namespace unhidra::runtime {
namespace {

std::string number_text(double value) {
  char buffer[40];
  const auto end = std::to_chars(std::begin(buffer), std::end(buffer), value).ptr;
  std::string out(buffer, end);
  // TOML tells floats from integers by the point.
  if (std::isfinite(value) && out.find_first_of(".e") == std::string::npos) {
    out += ".0";
  }
  return out;
}

template <class N>
Result<SettingValue> parse_number(std::string_view text, std::string_view what) {
  N value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) {
    return fail(Errc::bad_config, "not " + std::string(what));
  }
  return SettingValue(value);
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

StringList split_list(std::string_view text) {
  StringList out;
  while (!trimmed(text).empty()) {
    const auto comma = text.find(',');
    out.emplace_back(trimmed(text.substr(0, comma)));
    if (comma == std::string_view::npos) {
      break;
    }
    text.remove_prefix(comma + 1);
  }
  return out;
}

template <class T>
Result<SettingValue> lift(Result<T> value) {
  if (!value) {
    return fail(std::move(value).error());
  }
  return SettingValue(std::move(*value));
}

struct Parse {
  std::string_view text;

  Result<SettingValue> operator()(const std::string&) const {
    return SettingValue(std::string(text));
  }
  Result<SettingValue> operator()(bool) const {
    if (text == "true" || text == "false") {
      return SettingValue(text == "true");
    }
    return fail(Errc::bad_config, "not true or false");
  }
  Result<SettingValue> operator()(std::int64_t) const {
    return parse_number<std::int64_t>(text, "an integer");
  }
  Result<SettingValue> operator()(double) const { return parse_number<double>(text, "a number"); }
  Result<SettingValue> operator()(Duration) const { return lift(parse_duration(text)); }
  Result<SettingValue> operator()(ByteSize) const { return lift(parse_byte_size(text)); }
  Result<SettingValue> operator()(const StringList&) const {
    return SettingValue(split_list(text));
  }
  Result<SettingValue> operator()(const HostPort&) const { return lift(parse_host_port(text)); }
  Result<SettingValue> operator()(const std::filesystem::path&) const {
    return SettingValue(std::filesystem::path(text));
  }
};

struct Print {
  std::string operator()(const std::string& value) const { return toml_string(value); }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const { return number_text(value); }
  std::string operator()(Duration value) const { return toml_string(to_string(value)); }
  std::string operator()(ByteSize value) const { return toml_string(to_string(value)); }
  std::string operator()(const HostPort& value) const { return toml_string(value.to_string()); }
  std::string operator()(const std::filesystem::path& value) const {
    return toml_string(value.string());
  }
  std::string operator()(const StringList& value) const {
    std::string out = "[";
    for (const auto& item : value) {
      out += (out.size() > 1 ? ", " : "") + toml_string(item);
    }
    return out + "]";
  }
};

}  // namespace

std::string toml_string(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out = "\"";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (code < 0x20 || code == 0x7f) {
      out += "\\u00";
      out.push_back(kDigits[code >> 4]);
      out.push_back(kDigits[code & 0xf]);
    } else {
      out.push_back(c);
    }
  }
  return out + "\"";
}

std::string to_toml(const SettingValue& value) {
  return std::visit(Print{}, value);
}

std::string to_text(const SettingValue& value) {
  auto out = to_toml(value);
  // Only real strings keep their quotes: 15m reads better than "15m".
  const bool quoted = std::holds_alternative<Duration>(value) ||
                      std::holds_alternative<ByteSize>(value) ||
                      std::holds_alternative<HostPort>(value);
  return quoted ? out.substr(1, out.size() - 2) : out;
}

Result<SettingValue> from_text(const SettingValue& like, std::string_view text) {
  return std::visit(Parse{text}, like);
}

}  // namespace unhidra::runtime
