#include "description.h"

#include <array>

#include <arpa/inet.h>
#include <openssl/core_names.h>

#include "unhidra/base/text.h"
#include "unhidra/pki/inspect.h"

namespace unhidra::pki {
namespace {

std::string_view text_of(const ASN1_STRING* string) {
  return as_text(
      {ASN1_STRING_get0_data(string), static_cast<std::size_t>(ASN1_STRING_length(string))});
}

std::string utf8_of(const ASN1_STRING* string) {
  Byte* data = nullptr;
  const int size = ASN1_STRING_to_UTF8(&data, string);
  if (size < 0) {
    return std::string(text_of(string));
  }
  std::string out(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
  OPENSSL_free(data);
  return out;
}

std::string ip_text(ByteView address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.size() != 4 && address.size() != 16) {
    return {};
  }
  inet_ntop(address.size() == 4 ? AF_INET : AF_INET6, address.data(), text.data(), text.size());
  return text.data();
}

// The parts of an absolute URI (RFC 3986 section 3) as Go's net/url names them.
std::string describe_uri(std::string_view uri) {
  const std::size_t colon = std::min(uri.find(':'), uri.size());
  const std::string_view scheme = colon < uri.size() ? uri.substr(0, colon) : std::string_view();
  std::string_view rest = colon < uri.size() ? uri.substr(colon + 1) : uri;
  const auto cut = [&rest](char mark) {
    const std::size_t at = rest.find(mark);
    const std::string_view tail =
        at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
    rest = rest.substr(0, at);
    return tail;
  };
  const std::string_view fragment = cut('#');
  const std::string_view query = cut('?');
  std::string_view host;
  std::string_view opaque;
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    host = rest.substr(0, slash);
    rest.remove_prefix(slash);
  } else if (!scheme.empty() && !rest.starts_with('/')) {
    opaque = rest;
    rest = {};
  }
  return JsonObject()
      .add("Scheme", json_text(scheme))
      .add("Opaque", json_text(opaque))
      .add("User", "null")
      .add("Host", json_text(host))
      .add("Path", json_text(rest))
      .add("RawPath", "\"\"")
      .add("OmitHost", "false")
      .add("ForceQuery", "false")
      .add("RawQuery", json_text(query))
      .add("Fragment", json_text(fragment))
      .add("RawFragment", "\"\"")
      .text();
}

}  // namespace

std::string json_text(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kDigits[byte >> 4];
      out += kDigits[byte & 0xF];
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string json_base64(ByteView bytes) {
  return bytes.empty() ? "null" : '"' + to_base64(bytes) + '"';
}

std::string json_number(const BIGNUM* number) {
  char* digits = number != nullptr ? BN_bn2dec(number) : nullptr;
  const std::string out = digits != nullptr ? digits : "null";
  OPENSSL_free(digits);
  return out;
}

std::string json_list(const std::vector<std::string>& items) {
  if (items.empty()) {
    return "null";
  }
  std::string out = "[";
  for (const std::string& item : items) {
    out += (out.size() > 1 ? "," : "") + item;
  }
  return out + ']';
}

JsonObject& JsonObject::add(std::string_view name, std::string_view value) {
  body_ += (body_.size() > 1 ? "," : "") + json_text(name) + ':';
  body_ += value;
  return *this;
}

std::string dotted_oid(const ASN1_OBJECT* object) {
  std::array<char, 256> text{};
  const int size = OBJ_obj2txt(text.data(), static_cast<int>(text.size()), object, 1);
  return size > 0 && size < static_cast<int>(text.size()) ? text.data() : "";
}

std::string describe_oid(const ASN1_OBJECT* object) {
  std::string out = dotted_oid(object);
  for (char& c : out) {
    c = c == '.' ? ',' : c;
  }
  return '[' + out + ']';
}

std::string describe_name(const X509_NAME* name) {
  struct Part {
    int nid;
    std::string_view member;
    std::vector<std::string> values;
  };
  std::array<Part, 7> parts = {{{NID_countryName, "Country", {}},
                                {NID_organizationName, "Organization", {}},
                                {NID_organizationalUnitName, "OrganizationalUnit", {}},
                                {NID_localityName, "Locality", {}},
                                {NID_stateOrProvinceName, "Province", {}},
                                {NID_streetAddress, "StreetAddress", {}},
                                {NID_postalCode, "PostalCode", {}}}};
  std::string serial;
  std::string common;
  std::vector<std::string> names;
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
    const ASN1_OBJECT* type = X509_NAME_ENTRY_get_object(entry);
    const std::string value = utf8_of(X509_NAME_ENTRY_get_data(entry));
    const int nid = OBJ_obj2nid(type);
    names.push_back(
        JsonObject().add("Type", describe_oid(type)).add("Value", json_text(value)).text());
    for (Part& part : parts) {
      if (part.nid == nid) {
        part.values.push_back(json_text(value));
      }
    }
    serial = nid == NID_serialNumber ? value : serial;
    common = nid == NID_commonName ? value : common;
  }
  JsonObject out;
  for (const Part& part : parts) {
    out.add(part.member, json_list(part.values));
  }
  return out.add("SerialNumber", json_text(serial))
      .add("CommonName", json_text(common))
      .add("Names", json_list(names))
      .add("ExtraNames", "null")
      .text();
}

std::string describe_extensions(const STACK_OF(X509_EXTENSION) * extensions) {
  std::vector<std::string> out;
  for (int i = 0; i < sk_X509_EXTENSION_num(extensions); ++i) {
    X509_EXTENSION* extension = sk_X509_EXTENSION_value(extensions, i);
    const bool critical = X509_EXTENSION_get_critical(extension) == 1;
    out.push_back(
        JsonObject()
            .add("Id", describe_oid(X509_EXTENSION_get_object(extension)))
            .add("Critical", critical ? "true" : "false")
            .add("Value", json_base64(as_bytes(text_of(X509_EXTENSION_get_data(extension)))))
            .text());
  }
  return json_list(out);
}

OwnedBignum key_number(const EVP_PKEY* key, const char* parameter) {
  BIGNUM* number = nullptr;
  return EVP_PKEY_get_bn_param(key, parameter, &number) == 1 ? OwnedBignum(number) : nullptr;
}

std::string describe_public_key(EVP_PKEY* key) {
  const auto number = [key](const char* parameter) {
    return json_number(key_number(key, parameter).get());
  };
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
      return JsonObject()
          .add("N", number(OSSL_PKEY_PARAM_RSA_N))
          .add("E", number(OSSL_PKEY_PARAM_RSA_E))
          .text();
    case EVP_PKEY_EC:
      return JsonObject()
          .add("Curve", "{}")
          .add("X", number(OSSL_PKEY_PARAM_EC_PUB_X))
          .add("Y", number(OSSL_PKEY_PARAM_EC_PUB_Y))
          .text();
    case EVP_PKEY_ED25519: {
      Bytes raw(32);
      std::size_t size = raw.size();
      EVP_PKEY_get_raw_public_key(key, raw.data(), &size);
      return json_base64(raw);
    }
    default:
      return "null";
  }
}

int public_key_algorithm(const EVP_PKEY* key) {
  switch (key != nullptr ? EVP_PKEY_get_base_id(key) : 0) {
    case EVP_PKEY_RSA:
      return 1;
    case EVP_PKEY_DSA:
      return 2;
    case EVP_PKEY_EC:
      return 3;
    case EVP_PKEY_ED25519:
      return 4;
    default:
      return 0;
  }
}

int signature_algorithm(const X509_ALGOR* algorithm) {
  const ASN1_OBJECT* object = nullptr;
  X509_ALGOR_get0(&object, nullptr, nullptr, algorithm);
  switch (OBJ_obj2nid(object)) {
    case NID_md5WithRSAEncryption:
      return 2;
    case NID_sha1WithRSAEncryption:
      return 3;
    case NID_sha256WithRSAEncryption:
      return 4;
    case NID_sha384WithRSAEncryption:
      return 5;
    case NID_sha512WithRSAEncryption:
      return 6;
    case NID_dsaWithSHA1:
      return 7;
    case NID_dsa_with_SHA256:
      return 8;
    case NID_ecdsa_with_SHA1:
      return 9;
    case NID_ecdsa_with_SHA256:
      return 10;
    case NID_ecdsa_with_SHA384:
      return 11;
    case NID_ecdsa_with_SHA512:
      return 12;
    case NID_rsassaPss:
      return 13;
    case NID_ED25519:
      return 16;
    default:
      return 0;
  }
}

void describe_alternative_names(const GENERAL_NAMES* names, JsonObject& out, std::string* uris) {
  std::vector<std::string> dns;
  std::vector<std::string> mail;
  std::vector<std::string> addresses;
  std::vector<std::string> uri_objects;
  std::vector<std::string> uri_texts;
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names); ++i) {
    int type = 0;
    const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);
    if (type != GEN_DNS && type != GEN_EMAIL && type != GEN_URI && type != GEN_IPADD) {
      continue;
    }
    const std::string_view text = text_of(static_cast<const ASN1_STRING*>(value));
    if (type == GEN_DNS) {
      dns.push_back(json_text(text));
    } else if (type == GEN_EMAIL) {
      mail.push_back(json_text(text));
    } else if (type == GEN_IPADD) {
      addresses.push_back(json_text(ip_text(as_bytes(text))));
    } else {
      uri_objects.push_back(describe_uri(text));
      uri_texts.push_back(json_text(text));
    }
  }
  out.add("DNSNames", json_list(dns))
      .add("EmailAddresses", json_list(mail))
      .add("IPAddresses", json_list(addresses))
      .add("URIs", json_list(uri_objects));
  if (uris != nullptr) {
    *uris = json_list(uri_texts);
  }
}

}  // namespace unhidra::pki
