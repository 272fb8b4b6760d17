#pragma once
// What two people compare to know that nobody sits between them. The same on both sides; another
// account key on either side gives another number. docs/security.md, "Safety number".

#include <string>
#include <string_view>

#include "unhidra/base/id.h"
#include "unhidra/crypto/keys.h"
#include "unhidra/identity/errc.h"

namespace unhidra::identity {

struct AccountIdentity {
  UserId user_id;
  crypto::Ed25519PublicKey account_key;
};

class SafetyNumber {
 public:
  // Takes milliseconds (5,200 rounds of SHA-512 for each side), so that a look-alike is dear.
  // The order of the two does not matter.
  static SafetyNumber compute(const crypto::Provider& provider, const AccountIdentity& a,
                              const AccountIdentity& b);

  // Sixty digits: "12345 12345 ..." in twelve groups of five.
  std::string text() const;
  // For a QR code: names both users and both fingerprints.
  std::string qr_text() const;

  enum class Scan {
    match,       // the other side sees the same two identities
    mismatch,    // the same two people, other keys: somebody sits between, or a key has changed
    other_pair,  // not these two people
  };
  // Compares with the text scanned from the other side's screen. Errc::bad_safety_number when it is
  // none, or of another version.
  Result<Scan> compare_qr(std::string_view scanned) const;

  friend bool operator==(const SafetyNumber&, const SafetyNumber&) = default;

 private:
  struct Side {
    UserId user_id;
    ByteArray<32> fingerprint{};
    friend auto operator<=>(const Side&, const Side&) = default;
  };
  static Side fingerprint(const crypto::Provider& provider, const AccountIdentity& identity);

  Side low_;
  Side high_;
};

}  // namespace unhidra::identity
