// Reading certificates.
#include <algorithm>

#include <arpa/inet.h>
#include <openssl/pem.h>

#include "unhidra/base/text.h"
#include "unhidra/pki/x509.h"

#include "x509_build.h"

namespace unhidra::pki {
namespace {

constexpr std::size_t kMaxChain = 16;
constexpr std::size_t kMaxDer = 16 * 1024;
constexpr std::size_t kMaxSerial = 20;  // RFC 5280 section 4.1.2.2

std::string address_text(ByteView address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address.size() != 4 && address.size() != 16) {
    return {};
  }
  inet_ntop(address.size() == 4 ? AF_INET : AF_INET6, address.data(), text, sizeof(text));
  return text;
}

ByteView string_bytes(const ASN1_STRING* string) {
  return {ASN1_STRING_get0_data(string), static_cast<std::size_t>(ASN1_STRING_length(string))};
}

template <class F>
std::vector<std::string> alternative_names(const X509* certificate, int type, F&& to_text) {
  std::vector<std::string> out;
  const OwnedGeneralNames names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int found = 0;
    const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &found);
    if (found == type) {
      out.push_back(to_text(string_bytes(static_cast<const ASN1_STRING*>(value))));
    }
  }
  return out;
}

}  // namespace

struct Certificate::Impl {
  OwnedX509 x509;
};

X509* CertificateAccess::get(const Certificate& certificate) {
  return certificate.impl_->x509.get();
}

Certificate CertificateAccess::wrap(OwnedX509 x509) {
  return Certificate(std::make_shared<const Certificate::Impl>(Certificate::Impl{std::move(x509)}));
}

Result<Certificate> Certificate::from_der(ByteView der) {
  const ErrorScope errors;
  if (der.size() > kMaxDer) {
    return fail(Errc::bad_certificate, "a certificate larger than any that is accepted");
  }
  const Byte* at = der.data();
  OwnedX509 x509(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (!x509 || at != der.data() + der.size()) {
    return fail(Errc::bad_certificate, "not one certificate in DER");
  }
  return Certificate(std::make_shared<const Impl>(Impl{std::move(x509)}));
}

Result<Certificate> Certificate::from_pem(std::string_view pem) {
  const ErrorScope errors;
  const auto bio = memory_reader(as_bytes(pem));
  OwnedX509 x509(bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr) : nullptr);
  if (!x509) {
    return fail(Errc::bad_certificate, "no certificate in PEM");
  }
  return Certificate(std::make_shared<const Impl>(Impl{std::move(x509)}));
}

Result<std::vector<Certificate>> Certificate::chain_from_pem(std::string_view pem) {
  const ErrorScope errors;
  const auto bio = memory_reader(as_bytes(pem));
  std::vector<Certificate> out;
  while (bio) {
    OwnedX509 x509(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!x509) {
      // The end of the text, or a damaged certificate: only the first is no error.
      if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
        return fail(Errc::bad_certificate, "a damaged certificate in PEM");
      }
      break;
    }
    if (out.size() == kMaxChain) {
      return fail(Errc::bad_certificate, "more certificates than a chain may have");
    }
    out.push_back(Certificate(std::make_shared<const Impl>(Impl{std::move(x509)})));
  }
  if (out.empty()) {
    return fail(Errc::bad_certificate, "no certificate in PEM");
  }
  return out;
}

std::string Certificate::subject() const {
  return one_line(X509_get_subject_name(impl_->x509.get()));
}

std::string Certificate::issuer() const {
  return one_line(X509_get_issuer_name(impl_->x509.get()));
}

Validity Certificate::validity() const {
  return {to_timestamp(X509_get0_notBefore(impl_->x509.get())),
          to_timestamp(X509_get0_notAfter(impl_->x509.get()))};
}

std::chrono::seconds Certificate::remaining(Timestamp now) const {
  return std::chrono::floor<std::chrono::seconds>(validity().not_after - now);
}

ByteArray<32> Certificate::sha256_fingerprint() const {
  ByteArray<32> out{};
  unsigned size = 0;
  X509_digest(impl_->x509.get(), EVP_sha256(), out.data(), &size);
  return out;
}

std::vector<std::string> Certificate::dns_names() const {
  return alternative_names(impl_->x509.get(), GEN_DNS,
                           [](ByteView name) { return printable(as_text(name)); });
}

std::vector<std::string> Certificate::ip_addresses() const {
  return alternative_names(impl_->x509.get(), GEN_IPADD, address_text);
}

std::vector<std::string> Certificate::uris() const {
  return alternative_names(impl_->x509.get(), GEN_URI,
                           [](ByteView name) { return printable(as_text(name)); });
}

std::size_t Certificate::alternative_name_count() const {
  const ErrorScope errors;
  const OwnedGeneralNames names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(impl_->x509.get(), NID_subject_alt_name, nullptr, nullptr)));
  return names ? static_cast<std::size_t>(sk_GENERAL_NAME_num(names.get())) : 0;
}

Bytes Certificate::serial_number() const {
  const ASN1_INTEGER* serial = X509_get0_serialNumber(impl_->x509.get());
  const auto bytes = string_bytes(serial);
  return bytes.size() > kMaxSerial ? Bytes() : to_bytes(bytes);
}

Bytes Certificate::subject_der() const {
  const unsigned char* der = nullptr;
  std::size_t size = 0;
  if (X509_NAME_get0_der(X509_get_subject_name(impl_->x509.get()), &der, &size) != 1) {
    return {};
  }
  return to_bytes(ByteView(der, size));
}

Bytes Certificate::public_key_der() const {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(impl_->x509.get()), &der);
  Bytes out(der, der + std::max(size, 0));
  OPENSSL_free(der);
  return out;
}

bool Certificate::is_for_tls_clients() const {
  const ErrorScope errors;
  return X509_check_purpose(impl_->x509.get(), X509_PURPOSE_SSL_CLIENT, 0) == 1;
}

Bytes Certificate::to_der() const {
  unsigned char* der = nullptr;
  const int size = i2d_X509(impl_->x509.get(), &der);
  Bytes out(der, der + std::max(size, 0));
  OPENSSL_free(der);
  return out;
}

bool Certificate::is_authority() const {
  const ErrorScope errors;
  return X509_check_ca(impl_->x509.get()) == 1;
}

std::string Certificate::to_pem() const {
  const OwnedBio bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_X509(bio.get(), impl_->x509.get()) != 1) {
    return {};
  }
  return content(bio.get());
}

Status Certificate::check_issued_by(const Certificate& authority) const {
  const ErrorScope errors;
  X509* const issuer = authority.impl_->x509.get();
  if (!authority.is_authority() || X509_check_issued(issuer, impl_->x509.get()) != X509_V_OK ||
      X509_verify(impl_->x509.get(), X509_get0_pubkey(issuer)) != 1) {
    return fail(Errc::bad_certificate, "not issued by this authority");
  }
  return {};
}

Status Certificate::check_private_key(ByteView private_key_pem) const {
  const ErrorScope errors;
  const auto key = read_private_key(private_key_pem);
  if (!key || X509_check_private_key(impl_->x509.get(), key.get()) != 1) {
    return fail(Errc::bad_key, "not this certificate's private key");
  }
  return {};
}

}  // namespace unhidra::pki
