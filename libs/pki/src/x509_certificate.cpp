// Reading certificates.
#include <arpa/inet.h>
#include <openssl/pem.h>

#include "unhidra/base/text.h"
#include "unhidra/pki/x509.h"

#include "openssl_support.h"

namespace unhidra::pki {
namespace {

constexpr std::size_t kMaxChain = 16;

Timestamp to_timestamp(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) {
    return {};  // expired since 1970: the safe side
  }
  using namespace std::chrono;
  const year_month_day day{year(parts.tm_year + 1900),
                           month(static_cast<unsigned>(parts.tm_mon) + 1),
                           std::chrono::day(static_cast<unsigned>(parts.tm_mday))};
  return Timestamp(sys_days(day)) + hours(parts.tm_hour) + minutes(parts.tm_min) +
         seconds(parts.tm_sec);
}

std::string one_line(const X509_NAME* name) {
  const OwnedBio bio(BIO_new(BIO_s_mem()));
  if (!bio || X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253) < 0) {
    return {};
  }
  return printable(content(bio.get()));
}

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
