// Durations: "1h15m30.5s".
#include <array>
#include <optional>

#include "builtins/go_text.h"
#include "builtins/go_time.h"

namespace unhidra::rego::builtins {
namespace {

constexpr std::uint64_t kLimit = std::uint64_t{1} << 63;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Nanoseconds of one unit, or 0 for a name that is none.
std::uint64_t unit_size(std::string_view name) {
  constexpr auto kUnits = std::to_array<std::pair<std::string_view, std::uint64_t>>({
      {"ns", 1},
      {"us", 1'000},
      {"\u00b5s", 1'000},
      {"\u03bcs", 1'000},
      {"ms", 1'000'000},
      {"s", 1'000'000'000},
      {"m", 60'000'000'000},
      {"h", 3'600'000'000'000},
  });
  for (const auto& [known, size] : kUnits) {
    if (known == name) {
      return size;
    }
  }
  return 0;
}

class DurationReader {
 public:
  explicit DurationReader(std::string_view text) : text_(text), rest_(text) {}

  Result<std::int64_t> run() {
    const bool negative = rest_.starts_with('-');
    if (negative || rest_.starts_with('+')) {
      rest_.remove_prefix(1);
    }
    if (rest_ == "0") {
      return 0;
    }
    if (rest_.empty()) {
      return invalid();
    }
    std::uint64_t total = 0;
    while (!rest_.empty()) {
      UNHIDRA_TRY(const std::uint64_t part, term());
      total += part;  // neither is above 2^63
      if (total > kLimit) {
        return invalid();
      }
    }
    if (total == kLimit && !negative) {
      return invalid();
    }
    return static_cast<std::int64_t>(negative ? -total : total);
  }

 private:
  std::unexpected<Error> invalid() const {
    return fail(Errc::invalid, "time: invalid duration " + quote(text_));
  }

  // A number and its unit.
  Result<std::uint64_t> term() {
    const std::size_t before = rest_.size();
    const std::optional<std::uint64_t> whole = digits();
    std::size_t count = before - rest_.size();
    if (rest_.starts_with('.')) {
      rest_.remove_prefix(1);
      const std::size_t point = rest_.size();
      fraction();
      count += point - rest_.size();
    }
    if (!whole || count == 0) {
      return invalid();
    }
    std::size_t size = 0;
    while (size < rest_.size() && rest_[size] != '.' && !is_digit(rest_[size])) {
      ++size;
    }
    const std::string_view name = rest_.substr(0, size);
    rest_.remove_prefix(size);
    if (name.empty()) {
      return fail(Errc::invalid, "time: missing unit in duration " + quote(text_));
    }
    const std::uint64_t unit = unit_size(name);
    if (unit == 0) {
      return fail(Errc::invalid,
                  "time: unknown unit " + quote(name) + " in duration " + quote(text_));
    }
    if (*whole > kLimit / unit) {
      return invalid();
    }
    const std::uint64_t value =
        *whole * unit + static_cast<std::uint64_t>(static_cast<double>(fraction_) *
                                                   (static_cast<double>(unit) / scale_));
    fraction_ = 0;
    scale_ = 1;
    return value > kLimit ? Result<std::uint64_t>(invalid()) : value;
  }

  std::optional<std::uint64_t> digits() {
    std::uint64_t out = 0;
    for (; !rest_.empty() && is_digit(rest_[0]); rest_.remove_prefix(1)) {
      if (out > kLimit / 10) {
        return std::nullopt;
      }
      out = out * 10 + static_cast<std::uint64_t>(rest_[0] - '0');
      if (out > kLimit) {
        return std::nullopt;
      }
    }
    return out;
  }

  // What a double cannot tell apart any more is dropped.
  void fraction() {
    bool full = false;
    for (; !rest_.empty() && is_digit(rest_[0]); rest_.remove_prefix(1)) {
      full = full || fraction_ > (kLimit - 1) / 10 - 1;
      if (!full) {
        fraction_ = fraction_ * 10 + static_cast<std::uint64_t>(rest_[0] - '0');
        scale_ *= 10;
      }
    }
  }

  std::string_view text_;
  std::string_view rest_;
  std::uint64_t fraction_ = 0;
  double scale_ = 1;
};

}  // namespace

Result<std::int64_t> parse_duration(std::string_view text) {
  return DurationReader(text).run();
}

}  // namespace unhidra::rego::builtins
