#include "builtins/regex.h"

#include <algorithm>
#include <charconv>

#include <re2/re2.h>

#include "builtins/go_text.h"
#include "values/work.h"

namespace unhidra::rego::builtins {
namespace {

constexpr std::int64_t kMaxProgramMemory = 1 << 20;

std::string_view error_text(re2::RE2::ErrorCode code) {
  switch (code) {
    case re2::RE2::ErrorBadEscape:
      return "invalid escape sequence";
    case re2::RE2::ErrorBadCharClass:
      return "invalid character class";
    case re2::RE2::ErrorBadCharRange:
      return "invalid character class range";
    case re2::RE2::ErrorMissingBracket:
      return "missing closing ]";
    case re2::RE2::ErrorMissingParen:
      return "missing closing )";
    case re2::RE2::ErrorUnexpectedParen:
      return "unexpected )";
    case re2::RE2::ErrorTrailingBackslash:
      return "trailing backslash at end of expression";
    case re2::RE2::ErrorRepeatArgument:
      return "missing argument to repetition operator";
    case re2::RE2::ErrorRepeatSize:
      return "invalid repeat count";
    case re2::RE2::ErrorRepeatOp:
      return "invalid nested repetition operator";
    case re2::RE2::ErrorBadPerlOp:
      return "invalid or unsupported Perl syntax";
    case re2::RE2::ErrorBadUTF8:
      return "invalid UTF-8";
    case re2::RE2::ErrorBadNamedCapture:
      return "invalid named capture";
    default:
      return "expression too large";
  }
}

re2::StringPiece piece(std::string_view text) {
  return {text.data(), text.size()};
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace

Result<Regex> Regex::compile(std::string_view pattern) {
  // What is too large has been built up to that.
  constexpr std::uint64_t kWorkOfByte = 128;
  constexpr std::uint64_t kWorkOfInstruction = 256;
  constexpr std::uint64_t kWorkOfTooLarge = 8 << 20;
  if (pattern.size() > kMaxRegex || !WorkScope::take(pattern.size() * kWorkOfByte)) {
    return fail(Errc::invalid, "error parsing regexp: expression too large");
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxProgramMemory);
  auto expression = std::make_shared<const re2::RE2>(piece(pattern), options);
  if (!expression->ok()) {
    if (expression->error_code() == re2::RE2::ErrorPatternTooLarge) {
      (void)WorkScope::take(kWorkOfTooLarge);
    }
    const std::string& argument = expression->error_arg();
    return fail(Errc::invalid,
                "error parsing regexp: " + std::string(error_text(expression->error_code())) +
                    (argument.empty() ? "" : ": `" + argument + "`"));
  }
  (void)WorkScope::take(static_cast<std::uint64_t>(expression->ProgramSize()) * kWorkOfInstruction);
  return Regex(std::move(expression));
}

// An automaton that has states enough takes a nanosecond a byte. One that has not goes through the
// whole program at each: then that counts, but for short texts, of which the one is as good as
// the other.
bool Regex::may_search(std::size_t bytes) const {
  constexpr std::uint64_t kWorkOfInstruction = 8;
  constexpr std::uint64_t kShort = 256 << 10;
  constexpr std::uint64_t kAtLeast = 32;
  const std::uint64_t most =
      bytes * static_cast<std::uint64_t>(expression_->ProgramSize()) * kWorkOfInstruction;
  return WorkScope::take(kAtLeast + bytes / 8 + (most > kShort ? most - kShort : 0));
}

Result<Regex> Regex::compile_template(std::string_view text, char start, char end) {
  std::string pattern = "^";
  int level = 0;
  std::size_t from = 0;
  std::size_t literal = 0;
  const auto unbalanced = [&] {
    return fail(Errc::invalid, "unbalanced braces in " + quote(text));
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == start) {
      if (++level == 1) {
        from = i;
      }
    } else if (text[i] == end) {
      if (--level < 0) {
        return unbalanced();
      }
      if (level == 0) {
        const std::string_view inner = text.substr(from + 1, i - from - 1);
        UNHIDRA_TRY(const Regex part, compile("^" + std::string(inner) + "$"));
        pattern += re2::RE2::QuoteMeta(piece(text.substr(literal, from - literal)));
        pattern += "(" + std::string(inner) + ")";
        literal = i + 1;
      }
    }
  }
  if (level != 0) {
    return unbalanced();
  }
  return compile(pattern + re2::RE2::QuoteMeta(piece(text.substr(literal))) + "$");
}

bool Regex::match(std::string_view text) const {
  return may_search(text.size()) && re2::RE2::PartialMatch(piece(text), *expression_);
}

void Regex::each_match(std::string_view text, std::int64_t limit,
                       const std::function<bool(const Groups&)>& take) const {
  if (!may_search(text.size())) {
    return;
  }
  std::vector<re2::StringPiece> found(
      static_cast<std::size_t>(expression_->NumberOfCapturingGroups()) + 1);
  std::size_t at = 0;
  const char* last_end = nullptr;
  std::int64_t taken = 0;
  // One match may be looked for up to the end of the text.
  const auto goes_on = [&] {
    constexpr std::uint64_t kWorkOfMatch = 32;
    return at <= text.size() && (limit < 0 || taken < limit) &&
           WorkScope::take(kWorkOfMatch + (text.size() - at) / 8);
  };
  while (goes_on()) {
    if (!expression_->Match(piece(text), at, text.size(), re2::RE2::UNANCHORED, found.data(),
                            static_cast<int>(found.size()))) {
      break;
    }
    const char* begin = found[0].data();
    const char* end = begin + found[0].size();
    const auto end_at = static_cast<std::size_t>(end - text.data());
    const bool empty_here = end_at == at;
    const bool repeated = empty_here && begin == last_end;
    at = empty_here ? end_at + std::max<std::size_t>(1, decode_rune(text.substr(end_at)).size)
                    : end_at;
    last_end = end;
    if (repeated) {
      continue;
    }
    Groups groups;
    for (const re2::StringPiece& group : found) {
      groups.push_back(group.data() == nullptr
                           ? std::nullopt
                           : std::optional(std::string_view(group.data(), group.size())));
    }
    ++taken;
    if (!take(groups)) {
      return;
    }
  }
}

void Regex::expand(std::string_view with, const Groups& groups, std::string& out) const {
  while (!with.empty()) {
    const std::size_t dollar = std::min(with.find('$'), with.size());
    out += with.substr(0, dollar);
    with.remove_prefix(dollar);
    if (with.empty()) {
      return;
    }
    if (with.starts_with("$$")) {
      out += '$';
      with.remove_prefix(2);
      continue;
    }
    const bool braces = with.starts_with("${");
    std::size_t end = braces ? 2 : 1;
    const std::size_t begin = end;
    while (end < with.size() && is_word(with[end])) {
      ++end;
    }
    const std::string_view name = with.substr(begin, end - begin);
    if (name.empty() || (braces && (end >= with.size() || with[end] != '}'))) {
      out += '$';
      with.remove_prefix(1);
      continue;
    }
    with.remove_prefix(braces ? end + 1 : end);
    std::size_t index = groups.size();
    const auto [rest, error] = std::from_chars(name.data(), name.data() + name.size(), index);
    if (error != std::errc() || rest != name.data() + name.size()) {
      const auto& names = expression_->NamedCapturingGroups();
      const auto found = names.find(std::string(name));
      index = found != names.end() ? static_cast<std::size_t>(found->second) : groups.size();
    }
    if (index < groups.size() && groups[index]) {
      out += *groups[index];
    }
  }
}

std::string Regex::replace_all(std::string_view text, std::string_view with,
                               std::size_t limit) const {
  std::string out;
  std::size_t at = 0;
  each_match(text, -1, [&](const Groups& groups) {
    const auto begin = static_cast<std::size_t>(groups[0]->data() - text.data());
    out += text.substr(at, begin - at);
    expand(with, groups, out);
    at = begin + groups[0]->size();
    return out.size() <= limit;
  });
  out += out.size() <= limit ? text.substr(at) : std::string_view();
  return out;
}

std::vector<std::string_view> Regex::split(std::string_view text) const {
  if (text.empty() && !expression_->pattern().empty()) {
    return {text};
  }
  std::vector<std::string_view> out;
  std::size_t begin = 0;
  std::size_t end = 0;
  each_match(text, -1, [&](const Groups& groups) {
    end = static_cast<std::size_t>(groups[0]->data() - text.data());
    const std::size_t match_end = end + groups[0]->size();
    if (match_end != 0) {
      out.push_back(text.substr(begin, end - begin));
    }
    begin = match_end;
    return true;
  });
  if (end != text.size()) {
    out.push_back(text.substr(begin));
  }
  return out;
}

namespace {

// One element of a simple glob: the characters that it takes, and whether it repeats.
struct GlobElement {
  bool any = false;
  std::vector<std::pair<char32_t, char32_t>> ranges;
  bool star = false;
};

class GlobReader {
 public:
  explicit GlobReader(std::string_view text) : text_(text), runes_(to_runes(text)) {}

  Result<std::vector<GlobElement>> run() {
    while (at_ < runes_.size()) {
      const char32_t c = runes_[at_++];
      if (c == ']') {
        return bad("set-close ']' with no preceding '['");
      }
      if (c == '*' || c == '+') {
        return bad(std::string("flag '") + static_cast<char>(c) +
                   "' must be preceded by a non-flag");
      }
      GlobElement element;
      if (c == '.') {
        element.any = true;
      } else if (c == '[') {
        UNHIDRA_TRY_VOID(set(element));
      } else {
        UNHIDRA_TRY(const char32_t literal, escaped(c));
        element.ranges = {{literal, literal}};
      }
      quantify(element);
    }
    return std::move(elements_);
  }

 private:
  std::unexpected<Error> bad(const std::string& what) const {
    return fail(Errc::invalid, "input:" + std::string(text_) + ", pos:" + std::to_string(at_) +
                                   ", " + what + ": the input provided is invalid");
  }

  Result<char32_t> escaped(char32_t c) {
    if (c != '\\') {
      return c;
    }
    if (at_ >= runes_.size()) {
      return bad("input ends with a \\ (escape) character");
    }
    return runes_[at_++];
  }

  Status set(GlobElement& element) {
    while (at_ < runes_.size() && runes_[at_] != ']') {
      UNHIDRA_TRY(const char32_t low, escaped(runes_[at_++]));
      char32_t high = low;
      if (at_ + 1 < runes_.size() && runes_[at_] == '-' && runes_[at_ + 1] != ']') {
        ++at_;
        UNHIDRA_TRY(high, escaped(runes_[at_++]));
        if (high < low) {
          return bad("range is required to be in order low-high");
        }
      }
      element.ranges.emplace_back(low, high);
    }
    if (at_ >= runes_.size()) {
      return bad("found [ without matching ]");
    }
    ++at_;
    return {};
  }

  // "x+" is "xx*".
  void quantify(GlobElement element) {
    const bool plus = at_ < runes_.size() && runes_[at_] == '+';
    const bool star = at_ < runes_.size() && runes_[at_] == '*';
    at_ += plus || star ? 1 : 0;
    if (!star) {
      elements_.push_back(element);
    }
    if (plus || star) {
      element.star = true;
      elements_.push_back(std::move(element));
    }
  }

  std::string_view text_;
  std::u32string runes_;
  std::size_t at_ = 0;
  std::vector<GlobElement> elements_;
};

bool overlap(const GlobElement& a, const GlobElement& b) {
  if (a.any || b.any) {
    return (a.any || !a.ranges.empty()) && (b.any || !b.ranges.empty());
  }
  return std::ranges::any_of(a.ranges, [&](const auto& x) {
    return std::ranges::any_of(
        b.ranges, [&](const auto& y) { return x.first <= y.second && y.first <= x.second; });
  });
}

}  // namespace

Result<bool> globs_intersect(std::string_view a, std::string_view b) {
  constexpr std::size_t kMaxGlob = 2048;
  if (a.size() > kMaxGlob || b.size() > kMaxGlob) {
    return fail(Errc::invalid, "glob is too long");
  }
  UNHIDRA_TRY(const auto left, GlobReader(a).run());
  UNHIDRA_TRY(const auto right, GlobReader(b).run());
  // Which pairs of positions can be reached together.
  const std::size_t width = right.size() + 1;
  std::vector<bool> reached((left.size() + 1) * width, false);
  std::vector<std::size_t> open = {0};
  reached[0] = true;
  const auto enter = [&](std::size_t i, std::size_t j) {
    if (!reached[i * width + j]) {
      reached[i * width + j] = true;
      open.push_back(i * width + j);
    }
  };
  while (!open.empty()) {
    const std::size_t i = open.back() / width;
    const std::size_t j = open.back() % width;
    open.pop_back();
    if (i < left.size() && left[i].star) {
      enter(i + 1, j);
    }
    if (j < right.size() && right[j].star) {
      enter(i, j + 1);
    }
    if (i < left.size() && j < right.size() && overlap(left[i], right[j])) {
      enter(left[i].star ? i : i + 1, right[j].star ? j : j + 1);
    }
  }
  return static_cast<bool>(reached.back());
}

}  // namespace unhidra::rego::builtins
