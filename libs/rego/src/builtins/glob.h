#pragma once
// Glob patterns in the dialect of the language: `*` any run of characters without a delimiter, `**`
// any run, `?` one character that is no delimiter, `[abc]`, `[!abc]`, `[a-z]`, `[!a-z]`,
// `{one,other}` (nested too), `\` takes the next character as it is.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "unhidra/base/error.h"

namespace unhidra::rego::builtins {

inline constexpr std::size_t kMaxGlobPattern = 16 * 1024;

// A compiled pattern; immutable. Matching takes time proportional to text times pattern at worst.
class Glob {
 public:
  // Fails for a pattern that is malformed or longer than kMaxGlobPattern.
  static Result<Glob> compile(std::string_view pattern, std::u32string_view delimiters);

  bool match(std::string_view text) const;

 private:
  friend class GlobCompiler;
  enum class Op : std::uint8_t {
    character,  // `runes[0]`
    one,        // any character but a delimiter
    any,        // any character
    set,        // one of `runes`, or none of them when negated
    range,      // from runes[0] to runes[1], or outside when negated
    fork,       // goes on both at `next` and at `other`
    accept,
  };
  struct Step {
    Op op = Op::accept;
    bool negated = false;
    std::u32string runes = {};
    std::uint32_t next = 0;
    std::uint32_t other = 0;
  };

  bool takes(const Step& step, char32_t rune) const;
  bool is_delimiter(char32_t rune) const;
  bool match_narrow(std::string_view text) const;
  bool match_wide(std::string_view text) const;
  std::uint64_t closure(std::uint32_t state) const;

  std::u32string delimiters_;
  std::string prefix_;       // every match begins with this
  bool literal_ = false;     // and is nothing else
  std::vector<Step> steps_;  // for what follows the prefix; begins at start_
  std::uint32_t start_ = 0;
  std::vector<std::uint64_t> closures_;  // with at most 64 steps: where each leads without input
};

// Escapes what has a meaning in a pattern.
std::string quote_glob(std::string_view text);

}  // namespace unhidra::rego::builtins
