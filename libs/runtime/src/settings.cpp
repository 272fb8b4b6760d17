#include "unhidra/runtime/settings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "unhidra/runtime/errc.h"

#include "setting_text.h"

namespace unhidra::runtime {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};
// Largest first, as they are printed.
constexpr std::array kDurationUnits = {Unit{"d", 86'400'000}, Unit{"h", 3'600'000},
                                       Unit{"m", 60'000}, Unit{"s", 1'000}, Unit{"ms", 1}};
constexpr std::array kSizeUnits = {Unit{"TiB", std::int64_t{1} << 40},
                                   Unit{"GiB", 1 << 30},
                                   Unit{"MiB", 1 << 20},
                                   Unit{"KiB", 1 << 10},
                                   Unit{"TB", 1'000'000'000'000},
                                   Unit{"GB", 1'000'000'000},
                                   Unit{"MB", 1'000'000},
                                   Unit{"kB", 1'000},
                                   Unit{"B", 1}};

std::string_view take_digits(std::string_view& text) {
  const auto end = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto digits = text.substr(0, end);
  text.remove_prefix(end);
  return digits;
}

std::string_view take_unit(std::string_view& text) {
  const auto end = std::min(text.find_first_of("0123456789"), text.size());
  const auto unit = text.substr(0, end);
  text.remove_prefix(end);
  return unit;
}

std::optional<std::int64_t> parse_natural(std::string_view digits) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || value < 0) {
    return std::nullopt;
  }
  return value;
}

// digits * factor + base, or nothing on overflow.
std::optional<std::int64_t> scaled(std::string_view digits, std::int64_t factor,
                                   std::int64_t base) {
  const auto count = parse_natural(digits);
  std::int64_t out = 0;
  if (!count || __builtin_mul_overflow(*count, factor, &out) ||
      __builtin_add_overflow(out, base, &out)) {
    return std::nullopt;
  }
  return out;
}

template <std::size_t N>
const Unit* find_unit(const std::array<Unit, N>& units, std::string_view name) {
  const auto found = std::ranges::find(units, name, &Unit::name);
  return found == units.end() ? nullptr : &*found;
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  auto rest = text;
  std::int64_t total = 0;
  while (!rest.empty()) {
    const auto digits = take_digits(rest);
    const auto* unit = find_unit(kDurationUnits, take_unit(rest));
    const auto sum = unit == nullptr ? std::nullopt : scaled(digits, unit->factor, total);
    if (!sum) {
      return fail(Errc::bad_config, "not a duration like \"500ms\", \"15m\" or \"1h30m\"");
    }
    total = *sum;
  }
  if (text.empty()) {
    return fail(Errc::bad_config, "not a duration like \"500ms\", \"15m\" or \"1h30m\"");
  }
  return Duration(total);
}

std::string to_string(Duration duration) {
  auto rest = duration.count();
  std::string out;
  for (const auto& unit : kDurationUnits) {
    if (const auto count = rest / unit.factor; count > 0) {
      out += std::to_string(count) + std::string(unit.name);
      rest %= unit.factor;
    }
  }
  return out.empty() ? "0s" : out;
}

Result<ByteSize> parse_byte_size(std::string_view text) {
  auto rest = text;
  const auto digits = take_digits(rest);
  const auto* unit = find_unit(kSizeUnits, rest.empty() ? "B" : rest);
  const auto value = unit == nullptr ? std::nullopt : scaled(digits, unit->factor, 0);
  if (!value) {
    return fail(Errc::bad_config, "not a size like \"64KiB\" or \"16MiB\"");
  }
  return ByteSize{static_cast<std::uint64_t>(*value)};
}

std::string to_string(ByteSize size) {
  for (const auto& unit : kSizeUnits) {
    const auto factor = static_cast<std::uint64_t>(unit.factor);
    if (size.bytes >= factor && size.bytes % factor == 0) {
      return std::to_string(size.bytes / factor) + std::string(unit.name);
    }
  }
  return std::to_string(size.bytes) + "B";
}

std::string HostPort::to_string() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port) +
         (further_ports == 0 ? "" : "+" + std::to_string(further_ports));
}

Result<HostPort> parse_host_port(std::string_view text) {
  const auto bad = [] {
    return fail(Errc::bad_config, "not an address like \"127.0.0.1:9000\" or \"[::1]:9000\"");
  };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return bad();
  }
  auto host = text.substr(0, colon);
  const auto ports = text.substr(colon + 1);
  const auto plus = ports.find('+');
  const auto port = parse_natural(ports.substr(0, plus));
  const auto further = parse_natural(plus == std::string_view::npos ? "0" : ports.substr(plus + 1));
  constexpr std::int64_t kLast = std::numeric_limits<std::uint16_t>::max();
  if (!port || !further || *port > kLast || *further > kLast - *port) {
    return bad();
  }
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return bad();  // IPv6 without brackets: where would the port begin?
  }
  if (host.find_first_of("[] \t/") != std::string_view::npos) {
    return bad();
  }
  return HostPort{.host = std::string(host),
                  .port = static_cast<std::uint16_t>(*port),
                  .further_ports = static_cast<std::uint16_t>(*further)};
}

namespace {

struct KindName {
  std::string operator()(const std::string&) const { return "a string"; }
  std::string operator()(bool) const { return "true or false"; }
  std::string operator()(std::int64_t) const { return "an integer"; }
  std::string operator()(double) const { return "a number"; }
  std::string operator()(Duration) const { return "a duration"; }
  std::string operator()(ByteSize) const { return "a size"; }
  std::string operator()(const StringList&) const { return "a list of strings"; }
  std::string operator()(const HostPort&) const { return "an address (host:port)"; }
  std::string operator()(const std::filesystem::path&) const { return "a path"; }
};

std::string list_of(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) {
    out += (out.empty() ? "" : ", ") + ("\"" + word + "\"");
  }
  return out;
}

// Strings and the like have no order that means anything here.
bool less(const SettingValue& a, const SettingValue& b) {
  return std::visit(
      [&](const auto& left) {
        using T = std::decay_t<decltype(left)>;
        if constexpr (std::is_same_v<T, std::int64_t> || std::is_same_v<T, double> ||
                      std::is_same_v<T, Duration> || std::is_same_v<T, ByteSize>) {
          return left < std::get<T>(b);
        } else {
          return false;
        }
      },
      a);
}

}  // namespace

SettingBase::SettingBase(std::string_view name, std::string_view description,
                         SettingValue default_value, std::optional<SettingValue> minimum,
                         std::optional<SettingValue> maximum, std::vector<std::string> allowed,
                         Apply apply, bool secret)
    : name_(name),
      description_(description),
      default_(std::move(default_value)),
      minimum_(std::move(minimum)),
      maximum_(std::move(maximum)),
      allowed_(std::move(allowed)),
      apply_(apply),
      secret_(secret) {}

std::string SettingBase::expectation() const {
  if (!allowed_.empty()) {
    const bool list = std::holds_alternative<StringList>(default_);
    return (list ? "a list of " : "one of ") + list_of(allowed_);
  }
  auto out = std::visit(KindName{}, default_);
  if (minimum_ && maximum_) {
    out += " from " + to_text(*minimum_) + " to " + to_text(*maximum_);
  } else if (minimum_) {
    out += " of at least " + to_text(*minimum_);
  } else if (maximum_) {
    out += " of at most " + to_text(*maximum_);
  }
  return out;
}

std::string SettingBase::environment_name() const {
  std::string out = "UNHIDRA_";
  for (const char c : name_) {
    out.push_back(c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c));
  }
  return out;
}

Status SettingBase::check(const SettingValue& value) const {
  const auto refuse = [&] { return fail(Errc::bad_config, "expected " + expectation()); };
  if (value.index() != default_.index()) {
    return refuse();
  }
  if ((minimum_ && less(value, *minimum_)) || (maximum_ && less(*maximum_, value))) {
    return refuse();
  }
  if (const auto* real = std::get_if<double>(&value); real != nullptr && *real != *real) {
    return refuse();  // not a number compares with nothing
  }
  if (allowed_.empty()) {
    return {};
  }
  const auto known = [&](const std::string& word) {
    return std::ranges::find(allowed_, word) != allowed_.end();
  };
  const auto* word = std::get_if<std::string>(&value);
  const auto* list = std::get_if<StringList>(&value);
  if ((word != nullptr && !known(*word)) ||
      (list != nullptr && !std::ranges::all_of(*list, known))) {
    return refuse();
  }
  return {};
}

}  // namespace unhidra::runtime
