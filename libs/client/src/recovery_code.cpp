#include "recovery_code.h"

#include <algorithm>

namespace unhidra::client {

namespace {

// Without I, L, O and U, which are taken for others.
constexpr std::string_view kLetters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kCheck = 3;                  // bytes
constexpr std::size_t kRecovery = 32 + kCheck;     // 280 bits
constexpr std::size_t kTyped = kRecovery * 8 / 5;  // letters
constexpr std::size_t kGroup = 4;

void add_check(const crypto::Provider& crypto, SecretArray<kRecovery>& code, MutableByteView to) {
  const auto hash = crypto.sha256({as_bytes("unhidra recovery code 1"), code.expose().first(32)});
  std::copy_n(hash.begin(), to.size(), to.begin());
}

char letter_meant(char typed) {
  const char c = typed >= 'a' && typed <= 'z' ? static_cast<char>(typed - 'a' + 'A') : typed;
  return c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c;
}

}  // namespace

SecretBytes recovery_code_of(const crypto::Provider& crypto, const SecretArray<32>& account_key) {
  SecretArray<kRecovery> code;
  std::ranges::copy(account_key.expose(), code.expose_mutable().begin());
  add_check(crypto, code, code.expose_mutable().last(kCheck));
  SecretBytes out(kTyped + kTyped / kGroup - 1);
  auto at = out.expose_mutable().begin();
  for (std::size_t i = 0; i < kTyped; ++i) {
    if (i != 0 && i % kGroup == 0) {
      *at++ = '-';
    }
    const auto bit = i * 5;
    const unsigned two = (unsigned{code.expose()[bit / 8]} << 8) |
                         (bit / 8 + 1 < kRecovery ? code.expose()[bit / 8 + 1] : 0U);
    *at++ = static_cast<std::uint8_t>(kLetters[(two >> (11 - bit % 8)) & 31U]);
  }
  return out;
}

std::optional<SecretArray<32>> read_recovery_code(const crypto::Provider& crypto,
                                                  std::string_view typed) {
  SecretArray<kRecovery> code;
  std::size_t letters = 0;
  for (const char c : typed) {
    if (c == ' ' || c == '-' || c == '\n' || c == '\r' || c == '\t') {
      continue;
    }
    const auto value = kLetters.find(letter_meant(c));
    if (value == std::string_view::npos || letters == kTyped) {
      return std::nullopt;
    }
    for (std::size_t i = 0; i < 5; ++i) {
      const auto bit = letters * 5 + i;
      code.expose_mutable()[bit / 8] |=
          static_cast<std::uint8_t>(((value >> (4 - i)) & 1U) << (7 - bit % 8));
    }
    ++letters;
  }
  SecretArray<kCheck> expected;
  add_check(crypto, code, expected.expose_mutable());
  if (letters != kTyped || !std::ranges::equal(expected.expose(), code.expose().last(kCheck))) {
    return std::nullopt;
  }
  return SecretArray<32>::copy_of(code.expose().first<32>());
}

}  // namespace unhidra::client
