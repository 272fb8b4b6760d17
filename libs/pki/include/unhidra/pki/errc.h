#pragma once
// What can go wrong with tokens, keys and certificates.

#include <cstdint>

#include "unhidra/base/error.h"

namespace unhidra::pki {

enum class Errc : std::uint8_t {
  bad_token,         // for every reason the same code and message; the reason is for the log alone
  bad_key,           // a JWK or PEM key that is malformed, weak, or not for signatures
  bad_certificate,   // not a certificate, or not the expected one
  bad_parameters,    // a name, address or time that cannot stand in a certificate or token
  bad_seal,          // the sealed bytes were altered, or belong to another label
  wrong_master_key,  // sealed under another master key
  signer_failed,     // the token that holds a private key does not answer, or refuses
  bad_request,       // a certificate request, OCSP or CMP message that breaks its standard
  untrusted_certificate,  // of no authority of ours, or not valid at this time
};

constexpr ErrorCode error_code(Errc code) {
  switch (code) {
    case Errc::bad_token:
      return {"pki.bad_token", ErrorKind::unauthenticated};
    case Errc::bad_key:
      return {"pki.bad_key", ErrorKind::invalid};
    case Errc::bad_certificate:
      return {"pki.bad_certificate", ErrorKind::invalid};
    case Errc::bad_seal:
      return {"pki.bad_seal", ErrorKind::corrupt};
    case Errc::wrong_master_key:
      return {"pki.wrong_master_key", ErrorKind::corrupt};
    case Errc::signer_failed:
      return {"pki.signer_failed", ErrorKind::unavailable};
    case Errc::bad_request:
      return {"pki.bad_request", ErrorKind::invalid};
    case Errc::untrusted_certificate:
      return {"pki.untrusted_certificate", ErrorKind::unauthenticated};
    case Errc::bad_parameters:
      break;
  }
  return {"pki.bad_parameters", ErrorKind::invalid};
}

}  // namespace unhidra::pki
