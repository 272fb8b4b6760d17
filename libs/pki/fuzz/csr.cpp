// A certificate request from anybody, as base64 and as DER.
#include "unhidra/pki/est.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace unhidra;
  const ByteView input(data, size);
  static_cast<void>(pki::CertificateRequest::from_der(input));
  if (const auto der = pki::decode_est_body(as_text(input), pki::kMaxCertificateRequest)) {
    static_cast<void>(pki::CertificateRequest::from_der(*der));
  }
  return 0;
}
