#include "password_rules.h"

#include <algorithm>
#include <array>
#include <string>

#include "unhidra/auth/errc.h"
#include "unhidra/base/text.h"

namespace unhidra::auth {
namespace {

// The commonest passwords of eight and more characters in published leaks, lower case, sorted.
constexpr auto kCommon = std::to_array<std::string_view>({
    "0123456789",   "0987654321",    "11111111",   "111111111",  "1111111111", "11223344",
    "12121212",     "123123123",     "12341234",   "1234512345", "12345678",   "123456789",
    "1234567890",   "123456789a",    "1234567891", "12345qwert", "123qweasd",  "12344321",
    "1q2w3e4r",     "1q2w3e4r5t",    "1qaz2wsx",   "1qazxsw2",   "22222222",   "31415926",
    "55555555",     "66666666",      "77777777",   "87654321",   "88888888",   "987654321",
    "99999999",     "aaaaaaaa",      "abc12345",   "abcd1234",   "abcdefgh",   "admin123",
    "adminadmin",   "administrator", "asdfasdf",   "asdfghjkl",  "azertyuiop", "baseball",
    "baseball1",    "blink182",      "butterfly",  "changeme",   "charlie1",   "chocolate",
    "computer",     "corvette",      "dragon123",  "elephant",   "facebook",   "football",
    "football1",    "iloveyou",      "iloveyou1",  "internet",   "jennifer",   "jordan23",
    "letmein1",     "liverpool",     "master123",  "michael1",   "mustang1",   "pass1234",
    "passw0rd",     "password",      "password!",  "password1",  "password12", "password123",
    "password1234", "princess",      "princess1",  "q1w2e3r4",   "q1w2e3r4t5", "qazwsxedc",
    "qwer1234",     "qwert123",      "qwerty12",   "qwerty123",  "qwerty1234", "qwertyui",
    "qwertyuiop",   "samantha",      "secret123",  "sunshine",   "sunshine1",  "superman",
    "superman1",    "test1234",      "testtest",   "trustno1",   "unhidra1",   "welcome1",
    "welcome123",   "whatever",      "zaq12wsx",   "zxcvbnm1",   "zxcvbnm123",
});

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

}  // namespace

Status check_new_password(std::string_view password, std::string_view username) {
  if (password.size() < kMinPassword || password.size() > kMaxPassword) {
    return fail(Errc::weak_password, "a password has 8 to 1024 bytes");
  }
  if (!is_valid_utf8(password) || password.find('\0') != std::string_view::npos) {
    return fail(Errc::weak_password, "a password is UTF-8 text");
  }
  auto folded = lower(password);
  const bool common = std::ranges::find(kCommon, folded) != kCommon.end() || folded == username ||
                      std::ranges::all_of(folded, [&](char c) { return c == folded.front(); });
  wipe({reinterpret_cast<Byte*>(folded.data()), folded.size()});
  if (common) {
    return fail(Errc::weak_password, "this password is among the first that an attacker tries");
  }
  return {};
}

}  // namespace unhidra::auth
