#include "x509_build.h"

#include "unhidra/base/text.h"

namespace unhidra::pki {
namespace {

constexpr std::size_t kMaxCommonName = 64;
constexpr std::size_t kSerialSize = 16;
constexpr long kVersion3 = 2;

bool set_serial(X509* certificate, RandomSource& random) {
  // RFC 5280 section 4.1.2.2: positive, at most 20 bytes; unpredictable against forged prefixes.
  auto bytes = random.array<kSerialSize>();
  bytes[0] = static_cast<Byte>((bytes[0] & 0x7f) | 0x40);
  const OwnedBignum number(BN_bin2bn(bytes.data(), kSerialSize, nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

}  // namespace

std::string one_line(const X509_NAME* name) {
  const OwnedBio bio(BIO_new(BIO_s_mem()));
  if (!bio || X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253) < 0) {
    return {};
  }
  return printable(content(bio.get()));
}

void free_extensions(STACK_OF(X509_EXTENSION) * extensions) {
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
}

bool is_common_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxCommonName && is_valid_utf8(name) &&
         printable(name) == name;
}

bool set_time(ASN1_TIME* out, Timestamp time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  return ASN1_TIME_set(out, static_cast<time_t>(seconds)) != nullptr;
}

bool is_validity(const Validity& validity) {
  // Through 9999, the last year that ASN.1 can write.
  return validity.not_before >= Timestamp{} && validity.not_after > validity.not_before &&
         validity.not_after < Timestamp(std::chrono::seconds(253402300800));
}

bool add_common_name(X509_NAME* name, std::string_view value) {
  return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(value.data()),
                                    static_cast<int>(value.size()), -1, 0) == 1;
}

bool add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const OwnedExtension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

OwnedX509 start_certificate(EVP_PKEY* key, std::string_view common_name, const Validity& validity,
                            RandomSource& random) {
  OwnedX509 out(X509_new());
  if (!out || X509_set_version(out.get(), kVersion3) != 1 || !set_serial(out.get(), random) ||
      !set_time(X509_getm_notBefore(out.get()), validity.not_before) ||
      !set_time(X509_getm_notAfter(out.get()), validity.not_after) ||
      !add_common_name(X509_get_subject_name(out.get()), common_name) ||
      X509_set_pubkey(out.get(), key) != 1) {
    return nullptr;
  }
  return out;
}

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

bool add_general_name(GENERAL_NAMES* names, int type, ASN1_STRING* owned_value) {
  OwnedGeneralName name(GENERAL_NAME_new());
  if (!name || owned_value == nullptr) {
    ASN1_STRING_free(owned_value);
    return false;
  }
  GENERAL_NAME_set0_value(name.get(), type, owned_value);
  if (sk_GENERAL_NAME_push(names, name.get()) == 0) {
    return false;
  }
  static_cast<void>(name.release());
  return true;
}

ASN1_STRING* ia5_string(std::string_view text) {
  ASN1_IA5STRING* out = ASN1_IA5STRING_new();
  if (out != nullptr && ASN1_STRING_set(out, text.data(), static_cast<int>(text.size())) != 1) {
    ASN1_STRING_free(out);
    return nullptr;
  }
  return out;
}

}  // namespace unhidra::pki
