// Nothing that looks like a certificate, request or key may crash what describes it.
#include "unhidra/pki/inspect.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace unhidra;
  using namespace unhidra::pki;
  const ByteView bytes(data, size);
  const std::string_view text = as_text(bytes);
  static_cast<void>(split_certificates(bytes));
  static_cast<void>(describe_certificate(bytes));
  static_cast<void>(describe_certificate_request(bytes));
  for (const PemBlock& block : read_pem_blocks(text)) {
    static_cast<void>(describe_private_key(block));
    static_cast<void>(private_key_to_jwk(block));
    static_cast<void>(describe_certificate(block.der));
  }
  if (const auto keys = ForeignKey::from_jwks(text)) {
    for (const ForeignKey& key : *keys) {
      static_cast<void>(key.verify("RS256", bytes, bytes));
      static_cast<void>(key.verify("ES256", bytes, bytes));
    }
  }
  return 0;
}
