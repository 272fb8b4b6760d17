#pragma once
// Regular expressions (RE2) with the reference's error texts, and its ways of iterating over
// matches.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "unhidra/base/error.h"

namespace re2 {
class RE2;
}

namespace unhidra::rego::builtins {

inline constexpr std::size_t kMaxRegex = 16 * 1024;

// A compiled expression; immutable. Matching takes time proportional to the text, and for some
// expressions to their size for each byte of it: both are taken from the evaluation under way
// (values/work.h) before a search, as is compiling. An evaluation that is used up finds nothing.
class Regex {
 public:
  using Groups = std::vector<std::optional<std::string_view>>;  // the whole match first

  // "error parsing regexp: missing closing ]: `[`".
  static Result<Regex> compile(std::string_view pattern);
  // Text with expressions between the delimiters; matches as a whole.
  static Result<Regex> compile_template(std::string_view text, char start, char end);

  bool match(std::string_view text) const;
  // Without overlaps, at most `limit` (all when negative); no empty match right after another.
  // `take` answers false: enough.
  void each_match(std::string_view text, std::int64_t limit,
                  const std::function<bool(const Groups&)>& take) const;
  // "$1" and "${name}" in `with` stand for groups.
  std::string replace_all(std::string_view text, std::string_view with, std::size_t limit) const;
  std::vector<std::string_view> split(std::string_view text) const;

 private:
  explicit Regex(std::shared_ptr<const re2::RE2> expression) : expression_(std::move(expression)) {}
  bool may_search(std::size_t bytes) const;
  void expand(std::string_view with, const Groups& groups, std::string& out) const;

  std::shared_ptr<const re2::RE2> expression_;
};

// Whether some text matches both of two simple globs: characters, `.`, `[a-z]`, each with `*` or
// `+`.
Result<bool> globs_intersect(std::string_view a, std::string_view b);

}  // namespace unhidra::rego::builtins
