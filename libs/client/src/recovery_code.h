#pragma once
// The account key in writing, for whoever has lost all devices. Format: docs/security.md, "Recovery
// code".

#include <optional>
#include <string_view>

#include "unhidra/base/secret.h"
#include "unhidra/crypto/provider.h"

namespace unhidra::client {

// 56 letters and digits, in groups of four with a dash between them.
SecretBytes recovery_code_of(const crypto::Provider& crypto, const SecretArray<32>& account_key);
// As a person types it: spaces, dashes and case do not matter, nor O for 0, I and L for 1. Nothing
// when some character is missing or wrong.
std::optional<SecretArray<32>> read_recovery_code(const crypto::Provider& crypto,
                                                  std::string_view typed);

}  // namespace unhidra::client
