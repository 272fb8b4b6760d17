#pragma once
// Ownership and error handling for OpenSSL's C objects.

#include <memory>
#include <string>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "unhidra/base/secret.h"

namespace unhidra::pki {

template <auto Free>
struct Freeing {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
template <class T, auto Free>
using Owned = std::unique_ptr<T, Freeing<Free>>;

using OwnedPkey = Owned<EVP_PKEY, EVP_PKEY_free>;
using OwnedPkeyCtx = Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using OwnedMdCtx = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using OwnedBignum = Owned<BIGNUM, BN_clear_free>;
using OwnedBio = Owned<BIO, BIO_free_all>;
using OwnedEcdsaSig = Owned<ECDSA_SIG, ECDSA_SIG_free>;
using OwnedX509 = Owned<X509, X509_free>;
using OwnedExtension = Owned<X509_EXTENSION, X509_EXTENSION_free>;
using OwnedGeneralName = Owned<GENERAL_NAME, GENERAL_NAME_free>;
using OwnedGeneralNames = Owned<GENERAL_NAMES, GENERAL_NAMES_free>;

// OpenSSL queues what went wrong per thread, and TLS on the same thread reads that queue: whatever
// is queued inside this scope goes with it.
class ErrorScope {
 public:
  ErrorScope() { ERR_set_mark(); }
  ~ErrorScope() { ERR_pop_to_mark(); }
  ErrorScope(const ErrorScope&) = delete;
  ErrorScope& operator=(const ErrorScope&) = delete;
};

// A PKCS#8 (or traditional) private key; null when there is none or it is encrypted.
OwnedPkey read_private_key(ByteView pem);
// PKCS#8, unencrypted; empty on failure.
SecretBytes write_private_key(EVP_PKEY* key);
OwnedBio memory_reader(ByteView bytes);
std::string content(BIO* memory);

}  // namespace unhidra::pki
