#pragma once
// Questions to the certificate authority: general messages of CMP (RFC 9483 section 4.3).

#include <span>

#include <openssl/cmp.h>

#include "unhidra/pki/x509.h"

namespace unhidra::pki {

struct AuthoritiesTold {
  std::span<const Certificate> chain;  // that devices should know, the oldest first
  std::span<const Certificate> links;  // from one of them to another
};

// One answer for each question that has one. Owned by the caller; null when memory has run out.
STACK_OF(OSSL_CMP_ITAV) *
    answers_to(const STACK_OF(OSSL_CMP_ITAV) * questions, const AuthoritiesTold& told);

}  // namespace unhidra::pki
