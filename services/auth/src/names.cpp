#include "names.h"

#include <algorithm>
#include <array>

#include "unhidra/access/nfc.h"
#include "unhidra/auth/errc.h"
#include "unhidra/base/fold_case.h"
#include "unhidra/base/id.h"
#include "unhidra/base/text.h"

namespace unhidra::auth {
namespace {

constexpr std::size_t kMaxUsername = 64;
constexpr std::size_t kMaxDisplayName = 128;
constexpr std::size_t kMaxOrganizationName = 64;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool allowed(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

// Of no width, or blank: two names that differ in these look the same. The joiners U+200C and
// U+200D are none of them: names of several languages need them.
constexpr std::array<std::string_view, 11> kUnseen{"\u200b", "\u2060", "\u2061", "\u2062",
                                                   "\u2063", "\u2064", "\ufeff", "\u115f",
                                                   "\u1160", "\u3164", "\uffa0"};

constexpr std::string_view kPartsEndAt = ".,_-'/()";

std::string with_single_blanks(std::string_view text) {
  std::string out(text);
  const auto rest = std::ranges::unique(out, [](char a, char b) { return a == ' ' && b == ' '; });
  out.erase(rest.begin(), rest.end());
  return out;
}

}  // namespace

Result<std::string> normalise_username(std::string_view text) {
  if (text.empty() || text.size() > kMaxUsername) {
    return fail(Errc::bad_username, "a username has 1 to 64 characters");
  }
  std::string name(text);
  std::ranges::transform(name, name.begin(), lower);
  if (!std::ranges::all_of(name, allowed)) {
    return fail(Errc::bad_username,
                "a username consists of the letters a to z, digits, '.', '_' and '-'");
  }
  return name;
}

Result<std::string> check_display_name(std::string_view given) {
  const auto refusal = [] {
    return fail(Errc::bad_request, "a name has at most 128 bytes of printable UTF-8");
  };
  // Before anything grows with it: a longest one may become a little longer or shorter.
  if (given.size() > 2 * kMaxDisplayName || !is_valid_utf8(given)) {
    return refusal();
  }
  const auto normal = access::to_nfc(given);
  std::string_view text = normal;
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) {
    return std::string();
  }
  text = text.substr(first, text.find_last_not_of(' ') - first + 1);
  const bool unseen = std::ranges::any_of(kUnseen, [&](std::string_view character) {
    return text.find(character) != std::string_view::npos;
  });
  if (text.size() > kMaxDisplayName || printable(text) != text || unseen) {
    return refusal();
  }
  return with_single_blanks(text);
}

std::string search_text_of(std::string_view username, std::string_view display_name) {
  std::string out;
  for (const auto& word :
       split_words(fold_case(std::string(username).append(" ").append(display_name)))) {
    out.append(" ").append(word);
    for (std::size_t at = word.find_first_of(kPartsEndAt); at != std::string::npos;) {
      const auto begin = word.find_first_not_of(kPartsEndAt, at);
      at = word.find_first_of(kPartsEndAt, begin);
      if (begin != std::string::npos) {
        out.append(" ").append(word, begin, at - begin);
      }
    }
  }
  return out;
}

Result<std::string> check_organization_name(std::string_view text) {
  UNHIDRA_TRY(auto name, check_display_name(text));
  // A name that reads as an id would shadow the organisation of that id.
  if (name.empty() || name.size() > kMaxOrganizationName || parse_uuid(name)) {
    return fail(Errc::bad_request, "an organisation's name has 1 to 64 bytes and is no id");
  }
  return name;
}

}  // namespace unhidra::auth
