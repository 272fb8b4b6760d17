// The PHC parser never crashes, never accepts a cost outside the limits, and what it accepts has
// exactly one spelling.
#include <cstdlib>

#include "unhidra/crypto/password.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace unhidra::crypto;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = PasswordHash::parse(text);
  if (parsed &&
      (parsed->to_string() != text || parsed->cost.memory_kib > kMaxArgon2Cost.memory_kib ||
       parsed->cost.passes > kMaxArgon2Cost.passes)) {
    std::abort();
  }
  needs_rehash(text);
  return 0;
}
