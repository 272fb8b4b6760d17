#pragma once
// Certificate requests (PKCS#10, RFC 2986) as devices send them: hostile until checked.

#include <optional>
#include <string>
#include <vector>

#include "unhidra/base/bytes.h"
#include "unhidra/pki/errc.h"

namespace unhidra::pki {

inline constexpr std::size_t kMaxCertificateRequest = 8 * 1024;

// What a request says, after its signature was checked with the key it names: that its sender holds
// the private key is proved, who that is is not.
struct CertificateRequest {
  // Errc::bad_request over kMaxCertificateRequest, with bytes after it, a key that is not on P-256
  // (as a named curve), a signature that is not ECDSA with SHA-2 or does not verify, a duplicate
  // attribute or extension, or alternative names that are not URIs.
  static Result<CertificateRequest> from_der(ByteView der);

  Bytes subject_der;           // the Name as it stands in the request
  bool subject_empty = false;  // a Name without any attribute
  std::string subject;         // one line, RFC 2253, for people
  std::vector<std::string> uris;
  Bytes public_key_der;  // SubjectPublicKeyInfo
  // RFC 2985 section 5.4.1; EST carries the channel binding in it (RFC 7030 section 3.5).
  std::optional<std::string> challenge_password;
  // Asks that a key which the server makes be enveloped for a key that the device has (RFC 7030
  // section 4.4.1.1 and 4.4.1.2).
  bool wants_enveloped_key = false;
};

}  // namespace unhidra::pki
