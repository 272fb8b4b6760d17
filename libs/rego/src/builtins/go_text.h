#pragma once
// Text as the language's reference sees it: UTF-8 in which an ill-formed byte counts as one U+FFFD,
// and the letter cases, spaces, quoting and replacing of its string library.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace unhidra::rego::builtins {

inline constexpr char32_t kReplacement = 0xFFFD;

struct DecodedRune {
  char32_t value = kReplacement;
  std::size_t size = 1;  // bytes taken; 0 only for an empty text
};
// The first code point; an ill-formed sequence is U+FFFD of one byte.
DecodedRune decode_rune(std::string_view text);
void append_rune(std::string& out, char32_t rune);
std::u32string to_runes(std::string_view text);
std::string from_runes(std::u32string_view runes);
std::size_t rune_count(std::string_view text);
bool is_ascii(std::string_view text);
// Every ill-formed byte becomes U+FFFD.
std::string to_valid_utf8(std::string_view text);

bool is_space(char32_t rune);
std::string to_lower(std::string_view text);
std::string to_upper(std::string_view text);
std::string reverse_runes(std::string_view text);

std::string_view trim_left(std::string_view text, std::string_view cutset);
std::string_view trim_right(std::string_view text, std::string_view cutset);
std::string_view trim_space(std::string_view text);
// The parts between the separators; an empty separator splits into code points.
std::vector<std::string_view> split(std::string_view text, std::string_view separator);
// Without overlaps; an empty needle is found before every code point and at the end.
std::size_t count_substring(std::string_view text, std::string_view needle);

// Replaces in one pass over the text, the earlier pair winning where several match.
class Replacer {
 public:
  explicit Replacer(std::vector<std::pair<std::string, std::string>> pairs)
      : pairs_(std::move(pairs)) {}
  // Stops once the result has more than `limit` bytes; the caller then refuses it.
  std::string replace(std::string_view text, std::size_t limit) const;

 private:
  const std::pair<std::string, std::string>* find(std::string_view rest, bool skip_empty) const;
  std::vector<std::pair<std::string, std::string>> pairs_;
};

// A double-quoted literal with escapes for what cannot be printed.
std::string quote(std::string_view text, bool ascii_only = false);

}  // namespace unhidra::rego::builtins
