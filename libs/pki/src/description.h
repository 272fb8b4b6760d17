#pragma once
// Writing the descriptions of inspect.h: JSON whose integers have any size, and the parts that
// certificates, requests and keys have in common.

#include <string>
#include <string_view>

#include "openssl_support.h"

namespace unhidra::pki {

std::string json_text(std::string_view text);
std::string json_base64(ByteView bytes);  // null for nothing
std::string json_number(const BIGNUM* number);
std::string json_list(const std::vector<std::string>& items);  // null for none

// An object, members in the order in which they are added; values are JSON already.
class JsonObject {
 public:
  JsonObject& add(std::string_view name, std::string_view value);
  std::string text() const { return body_ + '}'; }

 private:
  std::string body_ = "{";
};

std::string describe_oid(const ASN1_OBJECT* object);  // [2,5,4,3]
std::string dotted_oid(const ASN1_OBJECT* object);    // 2.5.4.3
std::string describe_name(const X509_NAME* name);
std::string describe_extensions(const STACK_OF(X509_EXTENSION) * extensions);
std::string describe_public_key(EVP_PKEY* key);
int public_key_algorithm(const EVP_PKEY* key);
int signature_algorithm(const X509_ALGOR* algorithm);
OwnedBignum key_number(const EVP_PKEY* key, const char* parameter);
// DNSNames, EmailAddresses, IPAddresses and URIs.
void describe_alternative_names(const GENERAL_NAMES* names, JsonObject& out, std::string* uris);

template <class T, class Encode>
Bytes encoded(T* object, Encode encode) {
  Byte* data = nullptr;
  const int size = encode(object, &data);
  if (size <= 0) {
    return {};
  }
  Bytes out(data, data + size);
  OPENSSL_free(data);
  return out;
}

}  // namespace unhidra::pki
