#pragma once
// A Signer as a key that OpenSSL's own functions sign with: certificates, CRLs, OCSP and CMP all
// take an EVP_PKEY.

#include "unhidra/pki/signer.h"

#include "openssl_support.h"

namespace unhidra::pki {

// The signer outlives the key. Null when its public key is not on P-256.
OwnedPkey signing_pkey(const Signer& signer);
// The public half alone; null when it is not on P-256.
OwnedPkey p256_public_key(ByteView public_key_der);
// P-256, named and not spelt out as explicit parameters (CVE-2020-0601).
bool is_named_p256(const EVP_PKEY* key);
Bytes public_key_der_of(const EVP_PKEY* key);

}  // namespace unhidra::pki
