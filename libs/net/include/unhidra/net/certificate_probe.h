#pragma once
// What certificate a server shows, without believing it: for a person who compares its fingerprint
// with what the server's administrator tells, and pins it.

#include <chrono>
#include <cstdint>
#include <string>

#include "unhidra/base/bytes.h"

namespace unhidra::net {

// SHA-256 over the server's own certificate. Sends nothing but the handshake. Blocks.
// Errc::connect_failed, timed_out, tls_failed.
Result<ByteArray<32>> probe_certificate(const std::string& host, std::uint16_t port,
                                        std::chrono::milliseconds timeout);

}  // namespace unhidra::net
