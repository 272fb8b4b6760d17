// Words of a sentence, and the numbers among them.
#include "words.h"

#include <algorithm>
#include <array>
#include <utility>

namespace unhidra::actions {
namespace {

struct Spelling {
  std::string_view from;
  std::string_view to;
};
// UTF-8 of what people write with and without.
constexpr std::array<Spelling, 22> kSpellings{
    {{"\u00e4", "ae"}, {"\u00f6", "oe"}, {"\u00fc", "ue"}, {"\u00c4", "ae"}, {"\u00d6", "oe"},
     {"\u00dc", "ue"}, {"\u00df", "ss"}, {"\u00e9", "e"},  {"\u00e8", "e"},  {"\u00ea", "e"},
     {"\u00c9", "e"},  {"\u00e0", "a"},  {"\u00e1", "a"},  {"\u00e2", "a"},  {"\u00f4", "o"},
     {"\u00f3", "o"},  {"\u00fa", "u"},  {"\u00ed", "i"},  {"\u00ee", "i"},  {"\u00e7", "c"},
     {"\u00f1", "n"},  {"\u2019", ""}}};

constexpr std::array<std::string_view, 20> kEnglish{
    "zero",     "one",     "two",     "three",     "four",     "five",    "six",
    "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",  "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
constexpr std::array<std::string_view, 20> kGerman{
    "null",     "eins",      "zwei",     "drei",     "vier",     "fuenf",   "sechs",
    "sieben",   "acht",      "neun",     "zehn",     "elf",      "zwoelf",  "dreizehn",
    "vierzehn", "fuenfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn"};
constexpr std::array<std::string_view, 10> kEnglishTens{
    "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"};
constexpr std::array<std::string_view, 10> kGermanTens{"",        "",         "zwanzig", "dreissig",
                                                       "vierzig", "fuenfzig", "sechzig", "siebzig",
                                                       "achtzig", "neunzig"};

template <std::size_t N>
std::optional<int> index_in(const std::array<std::string_view, N>& names, std::string_view word) {
  const auto found = word.empty() ? names.end() : std::ranges::find(names, word);
  return found == names.end() ? std::nullopt
                              : std::optional<int>(static_cast<int>(found - names.begin()));
}

// "einundzwanzig"
std::optional<int> german_compound(std::string_view word) {
  const auto und = word.find("und");
  if (und == word.npos || und == 0) {
    return std::nullopt;
  }
  const auto unit =
      word.substr(0, und) == "ein" ? std::optional(1) : index_in(kGerman, word.substr(0, und));
  const auto tens = index_in(kGermanTens, word.substr(und + 3));
  return unit && tens && *unit < 10 ? std::optional(*tens * 10 + *unit) : std::nullopt;
}

std::optional<int> whole_number(std::string_view word) {
  for (const auto& table : {kEnglish, kGerman}) {
    if (const auto found = index_in(table, word)) {
      return found;
    }
  }
  for (const auto& table : {kEnglishTens, kGermanTens}) {
    if (const auto found = index_in(table, word)) {
      return *found * 10;
    }
  }
  if (word == "hundred" || word == "hundert") {
    return 100;
  }
  return german_compound(word);
}

bool is_digits(std::string_view word) {
  return !word.empty() && word.size() <= 4 &&
         std::ranges::all_of(word, [](char c) { return (c >= '0' && c <= '9') || c == '.'; }) &&
         std::ranges::count(word, '.') <= 1 && word.front() != '.' && word.back() != '.';
}

}  // namespace

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> out;
  std::string word;
  const auto finish = [&] {
    while (word.ends_with('.')) {
      word.pop_back();
    }
    if (!word.empty()) {
      out.push_back(std::exchange(word, {}));
    }
  };
  for (std::size_t at = 0; at < text.size();) {
    const auto rest = text.substr(at);
    const auto spelling = std::ranges::find_if(
        kSpellings, [&](const Spelling& each) { return rest.starts_with(each.from); });
    if (spelling != kSpellings.end()) {
      word += spelling->to;
      at += spelling->from.size();
      continue;
    }
    const char c = rest.front();
    const bool digit_before = !word.empty() && word.back() >= '0' && word.back() <= '9';
    if (c >= 'A' && c <= 'Z') {
      word += static_cast<char>(c + 32);
    } else if (rest.starts_with("\u00b0")) {  // the degree sign
      finish();
      ++at;
    } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c & 0x80) != 0) {
      word += c;
    } else if ((c == '.' || c == ',') && digit_before) {
      word += '.';  // 21.5, and 21,5 as it is written in German
    } else if (c == '%') {
      finish();
      word = "percent";
      finish();
    } else if (c != '\'') {
      finish();
    }
    ++at;
  }
  finish();
  return out;
}

std::optional<Number> number_at(const std::vector<std::string>& words, std::size_t at) {
  if (at >= words.size()) {
    return std::nullopt;
  }
  if (is_digits(words[at])) {
    return Number{words[at], 1};
  }
  const auto first = whole_number(words[at]);
  if (!first) {
    return std::nullopt;
  }
  const bool tens = *first >= 20 && *first < 100 && *first % 10 == 0;
  const auto unit =
      tens && at + 1 < words.size() ? index_in(kEnglish, words[at + 1]) : std::nullopt;
  if (unit && *unit > 0 && *unit < 10) {  // "twenty one"
    return Number{std::to_string(*first + *unit), 2};
  }
  // "twenty one point five", "einundzwanzig komma fuenf" are said, not typed: not read here.
  return Number{std::to_string(*first), 1};
}

std::optional<Number> level_at(const std::vector<std::string>& words, std::size_t at) {
  constexpr std::array<std::string_view, 8> kMost{"max",  "maximum",  "highest", "full",
                                                  "voll", "hoechste", "maximal", "maximale"};
  constexpr std::array<std::string_view, 7> kLeast{
      "min", "minimum", "lowest", "minimal", "niedrigste", "schwaechste", "minimale"};
  if (at >= words.size()) {
    return std::nullopt;
  }
  if (std::ranges::find(kMost, words[at]) != kMost.end()) {
    return Number{"100", 1};
  }
  return std::ranges::find(kLeast, words[at]) != kLeast.end() ? std::optional(Number{"1", 1})
                                                              : std::nullopt;
}

int distance(std::string_view a, std::string_view b, int limit) {
  const auto difference = static_cast<int>(a.size()) - static_cast<int>(b.size());
  if (difference > limit || -difference > limit) {
    return limit + 1;
  }
  std::vector<int> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    row[j] = static_cast<int>(j);
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    int corner = row[0];
    row[0] = static_cast<int>(i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const int above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, corner + (a[i - 1] == b[j - 1] ? 0 : 1)});
      corner = above;
    }
  }
  return row[b.size()];
}

std::optional<bool> yes_or_no(std::string_view text) {
  const auto words = words_of(text);
  constexpr std::array<std::string_view, 9> kYes{"yes", "y", "ok",     "confirm",   "sure",
                                                 "ja",  "j", "jawohl", "bestaetigt"};
  constexpr std::array<std::string_view, 7> kNo{"no",   "n",         "cancel", "stop",
                                                "nein", "abbrechen", "halt"};
  if (words.size() != 1 && !(words.size() == 2 && (words[1] == "please" || words[1] == "bitte"))) {
    return std::nullopt;
  }
  if (std::ranges::find(kYes, words[0]) != kYes.end()) {
    return true;
  }
  return std::ranges::find(kNo, words[0]) != kNo.end() ? std::optional(false) : std::nullopt;
}

}  // namespace unhidra::actions
