// OCSP requests and device certificates from anybody.
#include "unhidra/pki/ocsp.h"

#include "unhidra/crypto/random.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace unhidra;
  static const auto authority = [] {
    crypto::SystemRandom random;
    return pki::DeviceAuthority::create(
               "fuzz", {Timestamp{}, Timestamp(std::chrono::hours(24 * 365 * 100))},
               pki::make_software_signer(pki::generate_signer_key()->expose()).value(), random)
        .value();
  }();
  const ByteView input(data, size);
  if (const auto request = pki::OcspRequest::from_der(input)) {
    static_cast<void>(request->answer(authority, [](const Bytes&) { return pki::StatusAnswer{}; },
                                      {Timestamp{}, Timestamp(std::chrono::hours(1))}));
  }
  if (const auto certificate = pki::Certificate::from_der(input)) {
    static_cast<void>(
        pki::verify_device_certificate(*certificate, {&authority.certificate(), 1}, Timestamp{}));
  }
  return 0;
}
