// Names of devices, and whose certificates are believed.
#include <algorithm>
#include <array>

#include "unhidra/pki/device_authority.h"

namespace unhidra::pki {
namespace {

constexpr std::string_view kPrefix = "urn:unhidra:";
constexpr std::string_view kMiddle = ":device:";

struct ReasonName {
  RevocationReason reason;
  std::string_view name;
};
constexpr std::array kReasonNames{
    ReasonName{RevocationReason::unspecified, "unspecified"},
    ReasonName{RevocationReason::key_compromise, "key_compromise"},
    ReasonName{RevocationReason::affiliation_changed, "affiliation_changed"},
    ReasonName{RevocationReason::superseded, "superseded"},
    ReasonName{RevocationReason::cessation_of_operation, "cessation_of_operation"},
};

std::unexpected<Error> untrusted(const char* why) {
  return fail(Errc::untrusted_certificate, why);
}

}  // namespace

std::string device_uri(const DeviceIdentity& identity) {
  return std::string(kPrefix) + identity.org.to_string() + std::string(kMiddle) +
         identity.device.to_string();
}

std::optional<DeviceIdentity> parse_device_uri(std::string_view uri) {
  constexpr std::size_t kUuid = 36;
  if (uri.size() != kPrefix.size() + kUuid + kMiddle.size() + kUuid) {
    return std::nullopt;
  }
  const auto org = OrgId::parse(uri.substr(kPrefix.size(), kUuid));
  const auto device = DeviceId::parse(uri.substr(uri.size() - kUuid));
  if (!org || !device) {
    return std::nullopt;
  }
  const DeviceIdentity out{*org, *device};
  // One spelling alone, so that comparing texts is comparing identities.
  return device_uri(out) == uri ? std::optional(out) : std::nullopt;
}

std::optional<DeviceIdentity> device_identity(const Certificate& certificate) {
  const auto uris = certificate.uris();
  if (uris.size() != 1 || certificate.alternative_name_count() != 1) {
    return std::nullopt;
  }
  return parse_device_uri(uris.front());
}

std::string_view to_string(RevocationReason reason) {
  const auto found = std::ranges::find(kReasonNames, reason, &ReasonName::reason);
  return found == kReasonNames.end() ? "unspecified" : found->name;
}

std::optional<RevocationReason> parse_revocation_reason(std::string_view name) {
  const auto found = std::ranges::find(kReasonNames, name, &ReasonName::name);
  return found == kReasonNames.end() ? std::nullopt : std::optional(found->reason);
}

Result<DeviceIdentity> verify_device_certificate(const Certificate& certificate,
                                                 std::span<const Certificate> authorities,
                                                 Timestamp now) {
  const bool issued = std::ranges::any_of(authorities, [&](const Certificate& authority) {
    return certificate.check_issued_by(authority).has_value();
  });
  if (!issued) {
    return untrusted("the certificate is of no authority of this server");
  }
  const auto validity = certificate.validity();
  if (now < validity.not_before || now > validity.not_after) {
    return untrusted("the certificate is not valid at this time");
  }
  if (certificate.is_authority() || !certificate.is_for_tls_clients() ||
      certificate.serial_number().empty()) {
    return untrusted("the certificate is not for a device");
  }
  const auto identity = device_identity(certificate);
  if (!identity) {
    return untrusted("the certificate names no device");
  }
  return *identity;
}

}  // namespace unhidra::pki
