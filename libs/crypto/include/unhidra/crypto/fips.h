#pragma once
// FIPS mode: OpenSSL behind a list of what is approved; everything else answers Errc::unsupported.
// This decides which algorithms may be used. That they run inside a validated module is a matter of
// the OpenSSL installation (its fips provider), which Debian does not ship.

#include "unhidra/crypto/provider.h"

namespace unhidra::crypto {

const Provider& fips_provider();

}  // namespace unhidra::crypto
