#include "engine/glob_path.h"

#include <algorithm>

#include "builtins/glob.h"

namespace unhidra::rego {
namespace {

constexpr std::size_t kMostSteps = 32;  // what follows is not looked at

class Reader {
 public:
  Reader(std::string_view pattern, char delimiter) : pattern_(pattern), delimiter_(delimiter) {}

  GlobPath read() {
    bool goes_on = true;
    while (goes_on && out_.steps.size() < kMostSteps) {
      goes_on = step();
    }
    out_.open = out_.open || goes_on;
    return std::move(out_);
  }

 private:
  // False: it was the last, or what it matches may go over delimiters.
  bool step() {
    std::string text;
    bool is_literal = true;
    for (; at_ < pattern_.size(); ++at_) {
      char c = pattern_[at_];
      if (c == '[' || c == '{' || pattern_.substr(at_, 2) == "**") {
        out_.open = true;
        return false;
      }
      if (c == '*' || c == '?') {
        is_literal = false;
        continue;
      }
      if (c == '\\' && at_ + 1 < pattern_.size()) {
        c = pattern_[++at_];
      }
      if (c == delimiter_) {
        add(std::move(text), is_literal);
        ++at_;
        return true;
      }
      text += c;
    }
    add(std::move(text), is_literal);
    return false;
  }

  void add(std::string text, bool is_literal) {
    // Bytes that are no UTF-8 match the replacement character.
    const bool is_exact = is_literal && text.find("\xEF\xBF\xBD") == std::string::npos;
    out_.steps.push_back(is_exact ? std::optional(std::move(text)) : std::nullopt);
  }

  std::string_view pattern_;
  char delimiter_;
  std::size_t at_ = 0;
  GlobPath out_;
};

}  // namespace

std::optional<GlobPath> glob_path(std::string_view pattern, char delimiter) {
  if (!builtins::Glob::compile(pattern, std::u32string(1, static_cast<char32_t>(delimiter)))) {
    return std::nullopt;
  }
  GlobPath out = Reader(pattern, delimiter).read();
  const bool tells_apart =
      std::ranges::any_of(out.steps, [](const auto& step) { return step.has_value(); });
  return tells_apart ? std::optional(std::move(out)) : std::nullopt;
}

std::optional<char> glob_delimiter(const Term& delimiters) {
  if (!delimiters.is(Term::Type::array) || delimiters.items.size() > 1) {
    return std::nullopt;
  }
  if (delimiters.items.empty()) {
    return '.';
  }
  const Term& only = delimiters.items[0];
  const bool is_ascii = only.is_constant_string() && only.value.text().size() == 1 &&
                        static_cast<unsigned char>(only.value.text()[0]) < 0x80;
  return is_ascii ? std::optional(only.value.text()[0]) : std::nullopt;
}

}  // namespace unhidra::rego
