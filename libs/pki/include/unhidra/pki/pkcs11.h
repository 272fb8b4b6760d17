#pragma once
// A private key in a PKCS#11 token (OASIS PKCS #11 version 2.40): a hardware security module, a
// smart card, or SoftHSM. The module is called directly; the key never leaves it.

#include <memory>
#include <string>

#include "unhidra/pki/signer.h"

namespace unhidra::pki {

struct Pkcs11Settings {
  std::string module;       // path of the module's shared library
  std::string token_label;  // which token
  std::string key_label;    // CKA_LABEL of the pair
  SecretBytes pin;
};

// Loads the module, logs in and finds the P-256 pair; the public half is read from the token's
// public-key object. Blocks. Errc::signer_failed with what the module said, Errc::bad_key when the
// key is of another kind or there are several of that label.
Result<std::unique_ptr<Signer>> open_pkcs11_signer(const Pkcs11Settings& settings);

}  // namespace unhidra::pki
