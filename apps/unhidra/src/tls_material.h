#pragma once
// The certificate that the server shows: brought by the operator, or made and renewed by itself
// under an authority of its own, which clients trust by ca.pem.

#include <string>
#include <vector>

#include "unhidra/base/random.h"
#include "unhidra/base/time.h"
#include "unhidra/net/tls.h"

#include "data_directory.h"
#include "server_settings.h"

namespace unhidra::server {

struct TlsMaterial {
  net::TlsServerSettings settings;
  // Of the authority, as openssl prints it: "AB:CD:..."; empty when the operator brought his own.
  std::string authority_fingerprint;
};

// Makes what is missing; renews the server's certificate when it ends within 30 days or lacks a
// name. Never touches files that the operator brought. Blocks.
Result<TlsMaterial> load_tls(const ServerSettings& settings, const DataDirectory& directory,
                             const Clock& clock, RandomSource& random);

}  // namespace unhidra::server
