#pragma once
// Credentials (RFC 9420 section 5.3). What they say is judged by the AuthenticationService.

#include <vector>

#include "unhidra/mls_public/tls.h"
#include "unhidra/mls_public/types.h"

namespace unhidra::mls_public {

struct Credential {
  CredentialType type = CredentialType::basic;
  Bytes identity;                   // basic
  std::vector<Bytes> certificates;  // x509, DER, end entity first

  static Credential basic(ByteView identity) {
    return {CredentialType::basic, to_bytes(identity), {}};
  }
  static Credential x509(std::vector<Bytes> chain) {
    return {CredentialType::x509, {}, std::move(chain)};
  }

  // Other types are refused: their length is not known.
  static Credential read(TlsReader& in);
  void write(TlsWriter& out) const;
  friend bool operator==(const Credential&, const Credential&) = default;
};

}  // namespace unhidra::mls_public
