// What is read as a key is written as a key that reads the same.
#include "unhidra/pki/jwk.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace unhidra::pki;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto key = PublicJwk::parse(text)) {
    const auto again = PublicJwk::parse(key->to_json(), key->algorithm());
    if (!again || again->to_json() != key->to_json()) {
      std::abort();
    }
  }
  static_cast<void>(parse_jwks(text));
  return 0;
}
