#include "case.h"

#include "unhidra/base/text.h"

namespace unhidra::wycheproof {

const json::value& member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr) {
    throw Malformed("the member '" + std::string(name) + "' is missing");
  }
  return *value;
}

const json::object& object_member(const json::object& object, std::string_view name) {
  const json::object* out = member(object, name).if_object();
  if (out == nullptr) {
    throw Malformed("the member '" + std::string(name) + "' is no object");
  }
  return *out;
}

std::string text_member(const json::object& object, std::string_view name) {
  const json::string* out = member(object, name).if_string();
  if (out == nullptr) {
    throw Malformed("the member '" + std::string(name) + "' is no string");
  }
  return std::string(*out);
}

Bytes hex_member(const json::object& object, std::string_view name) {
  auto bytes = from_hex(text_member(object, name));
  if (!bytes) {
    throw Malformed("the member '" + std::string(name) + "' is no hexadecimal string");
  }
  return std::move(*bytes);
}

std::size_t number_member(const json::object& object, std::string_view name) {
  const auto* number = member(object, name).if_int64();
  if (number == nullptr || *number < 0) {
    throw Malformed("the member '" + std::string(name) + "' is no count");
  }
  return static_cast<std::size_t>(*number);
}

Outcome from_status(const Status& status) {
  if (status) {
    return {Verdict::accepted, {}};
  }
  if (status.error() == crypto::Errc::unsupported) {
    return skipped(status.error().message());
  }
  return {Verdict::refused, status.error().message()};
}

Outcome from_value(const Status& status, ByteView computed, ByteView expected) {
  if (status && !constant_time_equal(computed, expected)) {
    return {Verdict::wrong, "computed " + to_hex(computed) + ", expected " + to_hex(expected)};
  }
  return from_status(status);
}

Handler find_handler(std::string_view group_type) {
  static constexpr std::pair<std::string_view, Handler> kHandlers[] = {
      {"AeadTest", run_aead},
      {"XdhComp", run_x25519},
      {"EddsaVerify", run_eddsa},
      {"HkdfTest", run_hkdf},
      {"MacTest", run_mac},
      {"EcdhEcpointTest", run_ecdh},
      {"EcdsaVerify", run_ecdsa_der},
      {"EcdsaP1363Verify", run_ecdsa_fixed},
      {"RsassaPkcs1Verify", run_rsa_pkcs1},
      {"RsassaPssVerify", run_rsa_pss},
      {"JsonWebSignature", run_jose},
      {"JsonWebKey", run_jose},
  };
  for (const auto& [type, handler] : kHandlers) {
    if (type == group_type) {
      return handler;
    }
  }
  return nullptr;
}

}  // namespace unhidra::wycheproof
