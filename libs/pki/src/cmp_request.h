#pragma once
// What the requests of CMP ask for, read out of OpenSSL's objects.

#include <openssl/cmp.h>
#include <openssl/crmf.h>

#include "unhidra/pki/cmp.h"

namespace unhidra::pki {

// Without Request::body. Errc::bad_request for alternative names that are not URIs.
Result<CmpIssuer::Request> read_template(const OSSL_CRMF_MSG* message);
Result<CmpIssuer::Request> read_pkcs10(const X509_REQ* request);
// The reason in a revocation request; unspecified when there is none, or none of ours.
RevocationReason revocation_reason(const OSSL_CMP_MSG* message);
Bytes serial_bytes(const ASN1_INTEGER* serial);

}  // namespace unhidra::pki
