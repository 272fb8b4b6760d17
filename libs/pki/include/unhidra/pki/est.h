#pragma once
// Message bodies of EST (RFC 7030, corrected by RFC 8951), and proof-of-possession binding.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "unhidra/pki/certificate_request.h"
#include "unhidra/pki/x509.h"

namespace unhidra::pki {

// Base64 as clients write it: with or without line breaks, spaces and padding at the end. What
// Content-Transfer-Encoding says is ignored (RFC 8951 section 3.1). Errc::bad_request.
Result<Bytes> decode_est_body(std::string_view body, std::size_t max_size);
// Base64 in lines of 64, which every decoder takes.
std::string encode_est_body(ByteView der);

// A degenerate SignedData that holds certificates and nothing else (RFC 7030 section 4.1.3).
Result<Bytes> certs_only(std::span<const Certificate> certificates);

// A key that the server made and the certificate for it, as one multipart body (RFC 7030 section
// 4.4.2).
inline constexpr std::string_view kKeyAndCertificateType =
    "multipart/mixed; boundary=unhidra-key-and-certificate";
Bytes key_and_certificate(ByteView private_key_der, ByteView certs_only_der);

// What a request should contain (RFC 7030 section 4.5.2): a key on P-256, ECDSA with SHA-256, and a
// challengePassword where the server binds requests to their connection.
Bytes csr_attributes(bool wants_binding);

// What the channel between client and server can be told apart by; absent where it has none.
struct ChannelBindings {
  // RFC 5929 section 3: TLS 1.2, and only under the extended master secret (RFC 7627 section 5.4).
  std::optional<Bytes> tls_unique;
  std::optional<Bytes> tls_exporter;  // RFC 9266: TLS 1.3
};
enum class BindingMode : std::uint8_t { off, if_present, required };

// RFC 7030 section 3.5: the request's challengePassword is the base64 of the channel's binding, so
// that a request seen elsewhere cannot be handed in here. Errc::bad_request.
Status check_binding(const CertificateRequest& request, const ChannelBindings& channel,
                     BindingMode mode);

}  // namespace unhidra::pki
