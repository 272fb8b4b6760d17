#pragma once
// The certificate authority's side of CMP (RFC 4210, 9480) in the lightweight profile of RFC 9483,
// on OpenSSL's server: enrolment (ir, cr, p10cr), key update (kur), revocation (rr), general
// messages (genm: caCerts, rootCaCert) and confirmation (certConf).

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "unhidra/pki/device_authority.h"

namespace unhidra::pki {

inline constexpr std::size_t kMaxCmpMessage = 16 * 1024;

// The values are the tags of PKIBody.
enum class CmpBody : std::uint8_t {
  initialization_request = 0,
  certification_request = 2,
  pkcs10_request = 4,
  key_update_request = 7,
  revocation_request = 11,
  general_message = 21,
  error = 23,
  certificate_confirmation = 24,
  poll_request = 25,
};

// What can be read before anything is proved.
struct CmpEnvelope {
  CmpBody body{};
  Bytes transaction_id;   // 16 bytes (RFC 9483 section 3.1)
  std::string reference;  // senderKID, when a shared secret protects the message: a device's id
  bool shared_secret = false;
  // The first of extraCerts, when a signature protects the message: the signer's (section 3.3).
  std::optional<Certificate> signer;
};
// What kind of message it is; nothing when it is not one of those above.
std::optional<CmpBody> cmp_body(ByteView message);
// Errc::bad_request for what is not one protected CMP message of a kind above.
Result<CmpEnvelope> read_cmp_envelope(ByteView message);

// What the authority does. Called from within CmpTransaction::process.
class CmpIssuer {
 public:
  struct Request {
    CmpBody body{};
    Bytes public_key_der;
    // The name asked for, DER; empty when it was left out.
    Bytes subject_der;
    bool subject_empty = true;
    std::string subject;  // one line, RFC 2253
    std::vector<std::string> uris;
    Bytes old_serial_number;  // of a key update that names the certificate it renews
  };
  virtual ~CmpIssuer() = default;
  // Possession of the key is proved. Nothing: the device is to ask again, and the same request
  // comes anew with each time that it does (RFC 9483 section 4.4). An error is told as a rejection.
  virtual Result<std::optional<Certificate>> certify(const Request& request) = 0;
  virtual Status revoke(const Bytes& serial_number, RevocationReason reason) = 0;
  // The device took the certificate, or did not want it.
  virtual Status confirm(const Certificate& certificate, bool accepted) = 0;
};

// Who may speak: the holder of a shared secret, or of a certificate that the caller has verified.
struct CmpPeer {
  std::optional<SecretBytes> secret;
  std::string reference;
  std::optional<Certificate> certificate;
};

// One transaction: a request and its confirmation. Not for several threads at a time.
class CmpTransaction {
 public:
  // `chain` is sent with the certificate: the authorities that devices should know; `links` beside
  // it in extraCerts: what leads from one of them to another. `ask_again`: after how long a device
  // that waits does.
  static Result<CmpTransaction> begin(const DeviceAuthority& authority,
                                      std::span<const Certificate> chain, const CmpPeer& peer,
                                      std::chrono::seconds ask_again = std::chrono::minutes(1),
                                      std::span<const Certificate> links = {});
  ~CmpTransaction();
  CmpTransaction(CmpTransaction&&) noexcept;
  CmpTransaction& operator=(CmpTransaction&&) noexcept;

  // The answer to a message whose sender is proved, a rejection included. Errc::bad_request
  // otherwise: the protection does not verify, the message does not belong here, or is not one.
  Result<Bytes> process(ByteView message, CmpIssuer& issuer);
  // Whether the device still has to confirm what it was given.
  bool awaits_confirmation() const;
  // Whether it was told to ask again.
  bool awaits_decision() const;

  struct Impl;

 private:
  explicit CmpTransaction(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace unhidra::pki
