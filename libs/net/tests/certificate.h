#pragma once
// A self-signed certificate, made anew for each test process.

#include <string>

#include "unhidra/net/tls.h"

namespace unhidra::net::test {

struct Certificate {
  std::string pem;
  std::string key_pem;
};
// For `localhost` and 127.0.0.1; P-256.
Certificate make_certificate(const std::string& name = "localhost");
TlsServerSettings tls_settings(const Certificate& certificate);

}  // namespace unhidra::net::test
