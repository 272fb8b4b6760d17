#include "names.h"

#include <algorithm>

#include "unhidra/auth/errc.h"
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

Result<std::string> check_display_name(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) {
    return std::string();
  }
  text = text.substr(first, text.find_last_not_of(' ') - first + 1);
  if (text.size() > kMaxDisplayName || !is_valid_utf8(text) || printable(text) != text) {
    return fail(Errc::bad_request, "a name has at most 128 bytes of printable UTF-8");
  }
  return std::string(text);
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
