#include "unhidra/pki/est.h"

#include <algorithm>

#include <openssl/pkcs7.h>

#include "unhidra/base/text.h"

#include "x509_build.h"

namespace unhidra::pki {
namespace {

using OwnedPkcs7 = Owned<PKCS7, PKCS7_free>;

constexpr std::size_t kLine = 64;
constexpr std::size_t kMaxCertificates = 64;

bool matches(const std::optional<Bytes>& binding, std::string_view challenge) {
  return binding && constant_time_equal(as_bytes(to_base64(*binding)), as_bytes(challenge));
}

}  // namespace

Result<Bytes> decode_est_body(std::string_view body, std::size_t max_size) {
  // Four characters for three bytes, and a line break after each of them at the very worst.
  if (body.size() > max_size * 4) {
    return fail(Errc::bad_request, "the body is larger than any that is accepted");
  }
  std::string compact;
  compact.reserve(body.size());
  for (const char c : body) {
    if (c != '\r' && c != '\n' && c != ' ' && c != '\t') {
      compact.push_back(c);
    }
  }
  auto der = from_base64(compact);
  if (!der || der->empty() || der->size() > max_size) {
    return fail(Errc::bad_request, "the body is not base64 of DER");
  }
  return std::move(*der);
}

std::string encode_est_body(ByteView der) {
  const auto text = to_base64(der);
  std::string out;
  out.reserve(text.size() + text.size() / kLine * 2 + 2);
  for (std::size_t at = 0; at < text.size(); at += kLine) {
    out.append(text, at, kLine).append("\r\n");
  }
  return out;
}

Result<Bytes> certs_only(std::span<const Certificate> certificates) {
  const ErrorScope errors;
  if (certificates.size() > kMaxCertificates) {
    return fail(Errc::bad_parameters, "more certificates than one answer holds");
  }
  const OwnedPkcs7 message(PKCS7_new());
  if (!message || PKCS7_set_type(message.get(), NID_pkcs7_signed) != 1 ||
      PKCS7_content_new(message.get(), NID_pkcs7_data) != 1 ||
      PKCS7_set_detached(message.get(), 1) != 1) {
    return fail(unhidra::Errc::internal, "OpenSSL could not make the message");
  }
  for (const auto& certificate : certificates) {
    if (PKCS7_add_certificate(message.get(), CertificateAccess::get(certificate)) != 1) {
      return fail(unhidra::Errc::internal, "OpenSSL could not make the message");
    }
  }
  unsigned char* der = nullptr;
  const int size = i2d_PKCS7(message.get(), &der);
  Bytes out(der, der + std::max(size, 0));
  OPENSSL_free(der);
  return out;
}

Bytes key_and_certificate(ByteView private_key_der, ByteView certs_only_der) {
  // Of base64 and headers no line begins like this.
  constexpr std::string_view kDelimiter = "--unhidra-key-and-certificate";
  Bytes out;
  const auto part = [&](std::string_view type, ByteView der) {
    const auto body = encode_est_body(der);
    for (const std::string_view text :
         {kDelimiter, std::string_view("\r\nContent-Type: "), type,
          std::string_view("\r\nContent-Transfer-Encoding: base64\r\n\r\n"),
          std::string_view(body)}) {
      append(out, as_bytes(text));
    }
  };
  part("application/pkcs8", private_key_der);
  part("application/pkcs7-mime; smime-type=certs-only", certs_only_der);
  append(out, as_bytes(kDelimiter));
  append(out, as_bytes("--\r\n"));
  return out;
}

Bytes csr_attributes(bool wants_binding) {
  // CsrAttrs ::= SEQUENCE OF AttrOrOID. Written out: three constants in DER.
  static constexpr Byte kKey[] = {// Attribute: id-ecPublicKey { prime256v1 }
                                  0x30, 0x15, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce,
                                  0x3d, 0x02, 0x01, 0x31, 0x0a, 0x06, 0x08, 0x2a,
                                  0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
  static constexpr Byte kAlgorithm[] = {// ecdsa-with-SHA256
                                        0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
  static constexpr Byte kChallenge[] = {
      // challengePassword
      0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x07};
  Bytes content;
  append(content, kKey);
  append(content, kAlgorithm);
  if (wants_binding) {
    append(content, kChallenge);
  }
  Bytes out{0x30, static_cast<Byte>(content.size())};
  append(out, content);
  return out;
}

Status check_binding(const CertificateRequest& request, const ChannelBindings& channel,
                     BindingMode mode) {
  if (mode == BindingMode::off) {
    return {};
  }
  const auto& challenge = request.challenge_password;
  if (!challenge || challenge->empty()) {
    if (mode == BindingMode::required) {
      return fail(Errc::bad_request,
                  "the request must carry the channel binding of this connection");
    }
    return {};
  }
  if (!matches(channel.tls_exporter, *challenge) && !matches(channel.tls_unique, *challenge)) {
    return fail(Errc::bad_request, "the request was made for another connection");
  }
  return {};
}

}  // namespace unhidra::pki
