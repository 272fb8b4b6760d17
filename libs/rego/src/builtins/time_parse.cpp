// Reading a time by a layout.

#include <array>
#include <optional>

#include "builtins/go_text.h"
#include "builtins/go_time.h"
#include "builtins/time_layout.h"
#include "builtins/time_scan.h"

namespace unhidra::rego::builtins {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<std::string_view, 7> kWeekdays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};

class Parser {
 public:
  Parser(std::string_view layout, std::string_view text)
      : layout_(layout), text_(text), rest_(text) {}

  Result<Instant> run() {
    std::string_view layout = layout_;
    for (;;) {
      const LayoutStep step = next_layout_step(layout);
      if (!skip(step.literal)) {
        return cannot_parse(step.literal, rest_);
      }
      if (step.element == LayoutElement::none) {
        if (!rest_.empty()) {
          return bad(": extra text: " + quote(rest_));
        }
        return finish();
      }
      layout = step.rest;
      const std::string_view before = rest_;
      out_of_range_ = {};
      const bool understood = element(step, layout);
      if (!out_of_range_.empty()) {
        return bad(": " + std::string(out_of_range_) + " out of range");
      }
      if (!understood) {
        return cannot_parse(step.text, before);
      }
    }
  }

 private:
  std::unexpected<Error> bad(const std::string& what) const {
    return fail(Errc::invalid, "parsing time " + quote(text_) + what);
  }
  std::unexpected<Error> cannot_parse(std::string_view element, std::string_view value) const {
    return bad(" as " + quote(layout_) + ": cannot parse " + quote(value) + " as " +
               quote(element));
  }

  // Literal text must be there; any run of spaces matches any other.
  bool skip(std::string_view literal) {
    while (!literal.empty()) {
      if (literal[0] == ' ') {
        if (!rest_.empty() && rest_[0] != ' ') {
          return false;
        }
        literal = trim_left(literal, " ");
        rest_ = trim_left(rest_, " ");
        continue;
      }
      if (rest_.empty() || rest_[0] != literal[0]) {
        return false;
      }
      literal.remove_prefix(1);
      rest_.remove_prefix(1);
    }
    return true;
  }

  bool digits(int& out, std::size_t least, std::size_t most) {
    std::size_t count = 0;
    while (count < most && is_digit(rest_, count)) {
      ++count;
    }
    if (count < least) {
      return false;
    }
    out = number_of(rest_.substr(0, count));
    rest_.remove_prefix(count);
    return true;
  }

  bool number(int& out, bool two_digits, int low, int high, std::string_view what) {
    if (!digits(out, two_digits ? 2 : 1, 2)) {
      return false;
    }
    if (out < low || out > high) {
      out_of_range_ = what;
    }
    return true;
  }

  template <std::size_t N>
  bool name(const std::array<std::string_view, N>& names, bool whole, int* out) {
    for (std::size_t i = 0; i < N; ++i) {
      const std::string_view wanted = whole ? names[i] : names[i].substr(0, 3);
      if (rest_.size() >= wanted.size() &&
          equal_ignoring_case(rest_.substr(0, wanted.size()), wanted)) {
        rest_.remove_prefix(wanted.size());
        if (out != nullptr) {
          *out = static_cast<int>(i) + 1;
        }
        return true;
      }
    }
    return false;
  }

  bool fraction(std::size_t size) {
    if (rest_.size() < size || size < 2 || (rest_[0] != '.' && rest_[0] != ',')) {
      return false;
    }
    std::string text(rest_.substr(1, std::min<std::size_t>(size, 10) - 1));
    if (!all_digits(text)) {
      return false;
    }
    text.resize(9, '0');
    civil_.nanosecond = number_of(text);
    rest_.remove_prefix(size);
    return true;
  }

  std::size_t fraction_size() const {
    if (rest_.size() < 2 || (rest_[0] != '.' && rest_[0] != ',') || !is_digit(rest_, 1)) {
      return 0;
    }
    std::size_t size = 2;
    while (is_digit(rest_, size)) {
      ++size;
    }
    return size;
  }

  bool second(bool two_digits, std::string_view layout) {
    if (!number(civil_.second, two_digits, 0, 59, "second")) {
      return false;
    }
    if (!out_of_range_.empty()) {
      return true;
    }
    // A fraction may follow that the layout does not mention.
    const std::size_t size = fraction_size();
    const LayoutElement next = next_layout_step(layout).element;
    if (size == 0 || next == LayoutElement::fraction_zeros ||
        next == LayoutElement::fraction_nines) {
      return true;
    }
    return fraction(size);
  }

  bool year(std::size_t size) {
    if (rest_.size() < size || !all_digits(rest_.substr(0, size))) {
      return false;
    }
    civil_.year = number_of(rest_.substr(0, size));
    if (size == 2) {
      civil_.year += civil_.year >= 69 ? 1900 : 2000;
    }
    rest_.remove_prefix(size);
    return true;
  }

  bool half(std::string_view afternoon, std::string_view morning) {
    if (!rest_.starts_with(afternoon) && !rest_.starts_with(morning)) {
      return false;
    }
    half_ = rest_.starts_with(afternoon) ? 1 : 0;
    rest_.remove_prefix(2);
    return true;
  }

  // "+hh", "+hhmm", "+hh:mm", each with seconds.
  bool zone_offset(std::size_t size, bool colon) {
    if (rest_.size() < size) {
      return false;
    }
    const std::string_view text = rest_.substr(0, size);
    const std::size_t gap = colon ? 3 : 2;
    std::array<int, 3> parts{};
    for (std::size_t i = 0, at = 1; at + 2 <= size; ++i, at += gap) {
      if ((colon && i > 0 && text[at - 1] != ':') || !all_digits(text.substr(at, 2))) {
        return false;
      }
      parts[i] = number_of(text.substr(at, 2));
    }
    // People do write offsets of 24 hours or 60 minutes.
    out_of_range_ = parts[0] > 24   ? "time zone offset hour"
                    : parts[1] > 60 ? "time zone offset minute"
                    : parts[2] > 60 ? "time zone offset second"
                                    : "";
    const std::int32_t offset = (parts[0] * 60 + parts[1]) * 60 + parts[2];
    if (text[0] != '+' && text[0] != '-') {
      return false;
    }
    offset_ = text[0] == '-' ? -offset : offset;
    rest_.remove_prefix(size);
    return true;
  }

  bool iso_zone(std::size_t size, bool colon) {
    if (rest_.starts_with('Z')) {
      rest_.remove_prefix(1);
      offset_ = 0;
      return true;
    }
    return zone_offset(size, colon);
  }

  bool abbreviation() {
    const std::size_t size = rest_.starts_with("UTC") ? 3 : abbreviation_size(rest_);
    rest_.remove_prefix(size);
    return size > 0;
  }

  bool day(LayoutElement element) {
    if (element == LayoutElement::under_day && rest_.starts_with(' ')) {
      rest_.remove_prefix(1);
    }
    day_seen_ = true;
    return digits(civil_.day, element == LayoutElement::zero_day ? 2 : 1, 2);
  }

  bool year_day(bool zeros) {
    for (int i = 0; i < 2 && !zeros && rest_.starts_with(' '); ++i) {
      rest_.remove_prefix(1);
    }
    year_day_ = 0;
    return digits(*year_day_, zeros ? 3 : 1, 3);
  }

  bool month_number(bool zeros) {
    month_seen_ = true;
    return number(civil_.month, zeros, 1, 12, "month");
  }

  bool date_element(LayoutElement element) {
    switch (element) {
      case LayoutElement::year:
        return year(2);
      case LayoutElement::long_year:
        return year(4);
      case LayoutElement::month:
      case LayoutElement::long_month:
        month_seen_ = true;
        return name(kMonths, element == LayoutElement::long_month, &civil_.month);
      case LayoutElement::number_month:
      case LayoutElement::zero_month:
        return month_number(element == LayoutElement::zero_month);
      case LayoutElement::weekday:
      case LayoutElement::long_weekday:
        return name(kWeekdays, element == LayoutElement::long_weekday, nullptr);
      case LayoutElement::under_year_day:
      case LayoutElement::zero_year_day:
        return year_day(element == LayoutElement::zero_year_day);
      default:
        return day(element);
    }
  }

  bool element(const LayoutStep& step, std::string_view layout) {
    switch (step.element) {
      case LayoutElement::hour:
        return number(civil_.hour, false, 0, 23, "hour");
      case LayoutElement::hour12:
      case LayoutElement::zero_hour12:
        return number(civil_.hour, step.element == LayoutElement::zero_hour12, 0, 12, "hour");
      case LayoutElement::minute:
      case LayoutElement::zero_minute:
        return number(civil_.minute, step.element == LayoutElement::zero_minute, 0, 59, "minute");
      case LayoutElement::second:
      case LayoutElement::zero_second:
        return second(step.element == LayoutElement::zero_second, layout);
      case LayoutElement::upper_half:
        return half("PM", "AM");
      case LayoutElement::lower_half:
        return half("pm", "am");
      case LayoutElement::zone:
        return abbreviation();
      case LayoutElement::iso_zone:
        return iso_zone(5, false);
      case LayoutElement::iso_seconds_zone:
        return iso_zone(7, false);
      case LayoutElement::iso_short_zone:
        return iso_zone(3, false);
      case LayoutElement::iso_colon_zone:
        return iso_zone(6, true);
      case LayoutElement::iso_colon_seconds_zone:
        return iso_zone(9, true);
      case LayoutElement::number_zone:
        return zone_offset(5, false);
      case LayoutElement::number_seconds_zone:
        return zone_offset(7, false);
      case LayoutElement::number_short_zone:
        return zone_offset(3, false);
      case LayoutElement::number_colon_zone:
        return zone_offset(6, true);
      case LayoutElement::number_colon_seconds_zone:
        return zone_offset(9, true);
      case LayoutElement::fraction_zeros:
        return fraction(static_cast<std::size_t>(step.digits) + 1);
      case LayoutElement::fraction_nines: {
        const std::size_t size = fraction_size();
        return size == 0 || fraction(size);
      }
      default:
        return date_element(step.element);
    }
  }

  Status apply_year_day() {
    const bool leap = days_in(civil_.year, 2) == 29;
    if (*year_day_ < 1 || *year_day_ > (leap ? 366 : 365)) {
      return bad(": day-of-year out of range");
    }
    const std::int64_t seconds = to_seconds(civil_.year, 1, *year_day_, 0, 0, 0);
    const Civil found = to_civil({seconds, 0}, 0);
    if (month_seen_ && civil_.month != found.month) {
      return bad(": day-of-year does not match month");
    }
    if (day_seen_ && civil_.day != found.day) {
      return bad(": day-of-year does not match day");
    }
    civil_.month = found.month;
    civil_.day = found.day;
    return {};
  }

  Result<Instant> finish() {
    if (half_ == 1 && civil_.hour < 12) {
      civil_.hour += 12;
    } else if (half_ == 0 && civil_.hour == 12) {
      civil_.hour = 0;
    }
    if (year_day_) {
      UNHIDRA_TRY_VOID(apply_year_day());
    }
    if (civil_.day < 1 || civil_.day > days_in(civil_.year, civil_.month)) {
      return bad(": day out of range");
    }
    const std::int64_t seconds = to_seconds(civil_.year, civil_.month, civil_.day, civil_.hour,
                                            civil_.minute, civil_.second);
    return Instant{seconds - offset_, civil_.nanosecond};
  }

  std::string_view layout_;
  std::string_view text_;
  std::string_view rest_;
  // A layout without a year means the year 0.
  Civil civil_{.year = 0};
  std::int32_t offset_ = 0;
  std::optional<int> half_;
  std::optional<int> year_day_;
  bool month_seen_ = false;
  bool day_seen_ = false;
  std::string_view out_of_range_;
};

}  // namespace

Result<Instant> parse_time(std::string_view layout, std::string_view text) {
  return Parser(layout, text).run();
}

}  // namespace unhidra::rego::builtins
