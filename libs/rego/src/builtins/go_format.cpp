#include "builtins/go_format.h"

#include <algorithm>
#include <optional>

#include "builtins/go_operand.h"
#include "builtins/go_text.h"

namespace unhidra::rego::builtins {
namespace {

// Width, precision and argument numbers above this are refused, as in the reference.
constexpr int kMaxNumber = 1'000'000;

class Printer {
 public:
  Printer(std::string_view pattern, std::span<const FormatArgument> arguments, std::size_t limit)
      : pattern_(pattern), arguments_(arguments), limit_(limit) {}

  std::string run() {
    while (at_ < pattern_.size() && out_.size() <= limit_) {
      const std::size_t percent = std::min(pattern_.find('%', at_), pattern_.size());
      out_ += pattern_.substr(at_, percent - at_);
      at_ = percent + 1;
      if (percent < pattern_.size()) {
        directive();
      }
    }
    report_extra();
    return std::move(out_);
  }

 private:
  bool peek(char c) const { return at_ < pattern_.size() && pattern_[at_] == c; }

  void directive() {
    flags_ = {};
    good_index_ = true;
    bool after_index = false;
    read_flags();
    after_index = argument_index();
    if (peek('*')) {
      ++at_;
      star_width();
      after_index = false;
    } else if (const std::optional<int> width = number()) {
      flags_.width = width;
      good_index_ = good_index_ && !after_index;  // "%[3]2d"
    }
    if (peek('.')) {
      ++at_;
      good_index_ = good_index_ && !after_index;  // "%[3].2d"
      after_index = argument_index();
      if (peek('*')) {
        ++at_;
        star_precision();
        after_index = false;
      } else {
        flags_.precision = number().value_or(0);
      }
    }
    if (!after_index) {
      argument_index();
    }
    verb();
  }

  void read_flags() {
    for (; at_ < pattern_.size(); ++at_) {
      switch (pattern_[at_]) {
        case '#':
          flags_.sharp = true;
          break;
        case '0':
          flags_.zero = !flags_.minus;
          break;
        case '+':
          flags_.plus = true;
          break;
        case '-':
          flags_.minus = true;
          flags_.zero = false;
          break;
        case ' ':
          flags_.space = true;
          break;
        default:
          return;
      }
    }
  }

  std::optional<int> number() {
    int value = 0;
    const std::size_t start = at_;
    while (at_ < pattern_.size() && pattern_[at_] >= '0' && pattern_[at_] <= '9') {
      value = value * 10 + (pattern_[at_] - '0');
      if (value > kMaxNumber) {
        return std::nullopt;
      }
      ++at_;
    }
    return at_ > start ? std::optional(value) : std::nullopt;
  }

  // "[n]": the next operand is the n-th.
  bool argument_index() {
    if (!peek('[')) {
      return false;
    }
    reordered_ = true;
    const std::size_t close = pattern_.find(']', at_);
    if (close == std::string_view::npos) {
      good_index_ = false;
      ++at_;
      return false;
    }
    ++at_;
    const std::optional<int> index = number();
    const bool whole = at_ == close;
    at_ = close + 1;
    if (!index || !whole || *index < 1 || static_cast<std::size_t>(*index) > arguments_.size()) {
      good_index_ = false;
      return true;
    }
    next_ = static_cast<std::size_t>(*index) - 1;
    return true;
  }

  std::optional<int> star() {
    if (next_ >= arguments_.size()) {
      return std::nullopt;
    }
    const auto* value = std::get_if<std::int64_t>(&arguments_[next_++]);
    if (value == nullptr || *value > kMaxNumber || *value < -kMaxNumber) {
      return std::nullopt;
    }
    return static_cast<int>(*value);
  }

  void star_width() {
    flags_.width = star();
    if (!flags_.width) {
      out_ += "%!(BADWIDTH)";
    } else if (*flags_.width < 0) {
      flags_.width = -*flags_.width;
      flags_.minus = true;
      flags_.zero = false;
    }
  }

  void star_precision() {
    flags_.precision = star();
    if (flags_.precision && *flags_.precision < 0) {
      flags_.precision.reset();
      out_ += "%!(BADPREC)";
    } else if (!flags_.precision) {
      out_ += "%!(BADPREC)";
    }
  }

  void verb() {
    if (at_ >= pattern_.size()) {
      out_ += "%!(NOVERB)";
      return;
    }
    const DecodedRune rune = decode_rune(pattern_.substr(at_));
    at_ += rune.size;
    if (rune.value == '%') {
      out_ += '%';
      return;
    }
    if (!good_index_ || next_ >= arguments_.size()) {
      out_ += "%!";
      append_rune(out_, rune.value);
      out_ += good_index_ ? "(MISSING)" : "(BADINDEX)";
      return;
    }
    out_ += format_operand(arguments_[next_++], rune.value, flags_);
  }

  void report_extra() {
    if (reordered_ || next_ >= arguments_.size()) {
      return;
    }
    out_ += "%!(EXTRA ";
    for (std::size_t i = next_; i < arguments_.size() && out_.size() <= limit_; ++i) {
      out_ += (i > next_ ? ", " : "") + operand_type(arguments_[i]) + '=' +
              plain_operand(arguments_[i]);
    }
    out_ += ')';
  }

  std::string_view pattern_;
  std::span<const FormatArgument> arguments_;
  std::size_t limit_;
  std::string out_;
  std::size_t at_ = 0;
  std::size_t next_ = 0;
  FormatFlags flags_;
  bool good_index_ = true;
  bool reordered_ = false;
};

}  // namespace

std::string format(std::string_view pattern, std::span<const FormatArgument> arguments,
                   std::size_t limit) {
  return Printer(pattern, arguments, limit).run();
}

}  // namespace unhidra::rego::builtins
