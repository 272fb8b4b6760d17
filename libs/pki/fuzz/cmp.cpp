// CMP messages from anybody: the head, and the whole under a shared secret.
#include "unhidra/pki/cmp.h"

#include "unhidra/crypto/random.h"

namespace {
using namespace unhidra;

class Nobody final : public pki::CmpIssuer {
 public:
  Result<std::optional<pki::Certificate>> certify(const Request&) override {
    return fail(pki::Errc::bad_request, "no");
  }
  Status revoke(const Bytes&, pki::RevocationReason) override {
    return fail(pki::Errc::bad_request, "no");
  }
  Status confirm(const pki::Certificate&, bool) override { return {}; }
};
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto authority = [] {
    crypto::SystemRandom random;
    return pki::DeviceAuthority::create(
               "fuzz", {Timestamp{}, Timestamp(std::chrono::hours(24 * 365 * 100))},
               pki::make_software_signer(pki::generate_signer_key()->expose()).value(), random)
        .value();
  }();
  const ByteView input(data, size);
  static_cast<void>(pki::read_cmp_envelope(input));
  pki::CmpPeer peer;
  peer.secret = SecretBytes::copy_of(as_bytes("secret"));
  peer.reference = "reference";
  auto transaction = pki::CmpTransaction::begin(authority, {}, peer);
  Nobody nobody;
  if (transaction) {
    static_cast<void>(transaction->process(input, nobody));
  }
  return 0;
}
