#pragma once
// Helpers of this room's tests.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "unhidra/base/text.h"
#include "unhidra/crypto/provider.h"

namespace unhidra::crypto {

inline Bytes hex(std::string_view text) {
  return from_hex(text).value();
}
template <std::size_t N>
ByteArray<N> hex_array(std::string_view text) {
  return to_array<N>(hex(text)).value();
}

inline const Provider* const kProviders[] = {&openssl_provider(), &sodium_provider(),
                                             &native_provider()};

// A test that runs once for each provider.
class EachProvider : public testing::TestWithParam<const Provider*> {
 protected:
  const Provider& provider() const { return *GetParam(); }
};
inline std::string provider_name(const testing::TestParamInfo<const Provider*>& info) {
  return std::string(info.param->name());
}

inline Bytes seal(const Provider& provider, Aead aead, ByteView key, ByteView nonce, ByteView ad,
                  ByteView text) {
  Bytes out(text.size() + kAeadTagSize);
  EXPECT_TRUE(provider.aead_seal(aead, key, nonce, ad, text, out));
  return out;
}

}  // namespace unhidra::crypto
