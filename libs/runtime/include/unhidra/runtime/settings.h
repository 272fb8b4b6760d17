#pragma once
// A setting is declared once, where it is used:
//
//   inline const Setting<Duration> kAccessTokenLifetime{{
//       .name = "auth.access_token_lifetime",
//       .description = "How long an access token is valid.",
//       .default_value = std::chrono::minutes(15),
//       .minimum = std::chrono::minutes(1),
//       .maximum = std::chrono::hours(24),
//       .apply = Apply::reload}};
//
// and contributed by its room: `std::vector<const SettingBase*> settings()`. It is read by
// `config.get(kAccessTokenLifetime)`, so it cannot be misspelt. See config.h.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "unhidra/base/error.h"

namespace unhidra::runtime {

// "15m", "500ms", "1h30m"; units ms s m h d.
using Duration = std::chrono::milliseconds;

// "16MiB"; units B KiB MiB GiB TiB and kB MB GB TB; a bare number is bytes.
struct ByteSize {
  std::uint64_t bytes = 0;
  friend constexpr auto operator<=>(const ByteSize&, const ByteSize&) = default;
};
constexpr ByteSize kibibytes(std::uint64_t n) {
  return {n << 10};
}
constexpr ByteSize mebibytes(std::uint64_t n) {
  return {n << 20};
}

// "127.0.0.1:9000", "[::1]:9000", "chat.example.org:443", ":9000" (every address). Port 0 means
// any free one; "127.0.0.1:9000+50" the first free one of port 9000 and the 50 after it.
struct HostPort {
  std::string host;
  std::uint16_t port = 0;
  std::uint16_t further_ports = 0;
  std::string to_string() const;
  friend bool operator==(const HostPort&, const HostPort&) = default;
};
Result<HostPort> parse_host_port(std::string_view text);
Result<Duration> parse_duration(std::string_view text);
std::string to_string(Duration duration);
Result<ByteSize> parse_byte_size(std::string_view text);
std::string to_string(ByteSize size);

using StringList = std::vector<std::string>;
using SettingValue = std::variant<std::string, bool, std::int64_t, double, Duration, ByteSize,
                                  StringList, HostPort, std::filesystem::path>;

enum class Apply : std::uint8_t { restart, reload };

template <class T>
struct SettingSpec {
  std::string_view name = {};         // "room.setting", lower case
  std::string_view description = {};  // one sentence
  T default_value = {};
  std::optional<T> minimum = std::nullopt;  // numbers, durations, sizes
  std::optional<T> maximum = std::nullopt;
  std::vector<std::string> allowed = {};  // strings: one of these (lists: each element)
  Apply apply = Apply::restart;
  bool secret = false;  // masked when printed; may come from UNHIDRA_<NAME>_FILE
};

// What the loader sees of a setting; its address is its identity and must outlive the Config.
class SettingBase {
 public:
  virtual ~SettingBase() = default;
  std::string_view name() const { return name_; }
  std::string_view description() const { return description_; }
  Apply apply() const { return apply_; }
  bool secret() const { return secret_; }
  const SettingValue& default_value() const { return default_; }
  // "a duration from 1m to 24h": for messages and documentation.
  std::string expectation() const;
  // UNHIDRA_AUTH_ACCESS_TOKEN_LIFETIME
  std::string environment_name() const;
  // Kind and range; the text says what is wrong with it.
  Status check(const SettingValue& value) const;

 protected:
  SettingBase(std::string_view name, std::string_view description, SettingValue default_value,
              std::optional<SettingValue> minimum, std::optional<SettingValue> maximum,
              std::vector<std::string> allowed, Apply apply, bool secret);

 private:
  std::string_view name_;
  std::string_view description_;
  SettingValue default_;
  std::optional<SettingValue> minimum_;
  std::optional<SettingValue> maximum_;
  std::vector<std::string> allowed_;
  Apply apply_;
  bool secret_;
};

template <class T>
class Setting final : public SettingBase {
 public:
  using Type = T;
  explicit Setting(SettingSpec<T> spec)
      : SettingBase(spec.name, spec.description, SettingValue(std::move(spec.default_value)),
                    lift(std::move(spec.minimum)), lift(std::move(spec.maximum)),
                    std::move(spec.allowed), spec.apply, spec.secret) {}

 private:
  static std::optional<SettingValue> lift(std::optional<T> value) {
    if (!value) {
      return std::nullopt;
    }
    return SettingValue(std::move(*value));
  }
};

template <class E>
struct EnumSettingSpec {
  std::string_view name = {};
  std::string_view description = {};
  E default_value = {};
  std::vector<std::pair<std::string_view, E>> values = {};
  Apply apply = Apply::restart;
};

// One of a few words; read as the enum itself. The default must be among the values.
template <class E>
class EnumSetting final : public SettingBase {
 public:
  using Type = E;
  explicit EnumSetting(EnumSettingSpec<E> spec)
      : SettingBase(spec.name, spec.description, SettingValue(word_of(spec)), std::nullopt,
                    std::nullopt, words(spec), spec.apply, false),
        values_(std::move(spec.values)) {}

  E value_of(std::string_view word) const {
    for (const auto& [text, value] : values_) {
      if (text == word) {
        return value;
      }
    }
    return values_.front().second;  // not reached: the loader admits no other word
  }

 private:
  static std::string word_of(const EnumSettingSpec<E>& spec) {
    for (const auto& [text, value] : spec.values) {
      if (value == spec.default_value) {
        return std::string(text);
      }
    }
    return {};
  }
  static std::vector<std::string> words(const EnumSettingSpec<E>& spec) {
    std::vector<std::string> out;
    for (const auto& [text, value] : spec.values) {
      out.emplace_back(text);
    }
    return out;
  }

  std::vector<std::pair<std::string_view, E>> values_;
};

}  // namespace unhidra::runtime
