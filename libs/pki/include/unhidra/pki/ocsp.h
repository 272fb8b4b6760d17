#pragma once
// An OCSP responder (RFC 6960) that answers in the authority's own name.

#include <functional>
#include <optional>

#include "unhidra/pki/device_authority.h"

namespace unhidra::pki {

inline constexpr std::size_t kMaxOcspRequest = 4 * 1024;
inline constexpr std::size_t kMaxOcspQuestions = 16;

enum class CertificateStatus : std::uint8_t { good, revoked, unknown };
struct StatusAnswer {
  CertificateStatus status = CertificateStatus::unknown;
  std::optional<Revocation> revocation;  // when revoked
};

class OcspRequest {
 public:
  // Errc::bad_request over the limits above, or with bytes after it.
  static Result<OcspRequest> from_der(ByteView der);
  ~OcspRequest();
  OcspRequest(OcspRequest&&) noexcept;
  OcspRequest& operator=(OcspRequest&&) noexcept;

  // The serial numbers that it asks about, as far as this authority issued them.
  std::vector<Bytes> serial_numbers(const DeviceAuthority& authority) const;
  // A signed response to every question; those about other authorities are answered "unknown". A
  // nonce of up to 32 bytes is repeated (RFC 8954).
  using LookUp = std::function<StatusAnswer(const Bytes& serial_number)>;
  Result<Bytes> answer(const DeviceAuthority& authority, const LookUp& look_up,
                       const CrlTimes& times) const;

 private:
  struct Impl;
  explicit OcspRequest(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// The unsigned responses of RFC 6960 section 2.3.
enum class OcspFailure : std::uint8_t { malformed_request = 1, internal_error = 2, try_later = 3 };
Bytes ocsp_failure(OcspFailure failure);

}  // namespace unhidra::pki
