// Digests, certificates and keys.
#include "unhidra/pki/inspect.h"

#include "builtins/families.h"
#include "builtins/go_text.h"
#include "builtins/json_text.h"
#include "builtins/text_codec.h"

namespace unhidra::rego::builtins {
namespace {

// Of certificates and keys: what is made of them, and the work, signatures included.
Status charge_encoded(const Call& call, std::size_t bytes) {
  constexpr std::uint64_t kMemoryOfByte = 16;
  constexpr std::uint64_t kWorkOfByte = 128;
  UNHIDRA_TRY_VOID(call.environment().charge(bytes * kMemoryOfByte));
  return call.environment().spend(bytes * kWorkOfByte);
}

constexpr const char kMd5[] = "md5";
constexpr const char kSha1[] = "sha1";
constexpr const char kSha256[] = "sha256";
constexpr const char kSha384[] = "sha384";
constexpr const char kSha512[] = "sha512";

Answer as_hex(const std::optional<Bytes>& digest) {
  if (!digest) {
    return failed("this digest is not available");
  }
  return Value::string(encode_hex(as_text(*digest)));
}

template <const char* kName>
Answer digest(const Call& call) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  UNHIDRA_TRY_VOID(call.environment().charge(text.size()));
  return as_hex(pki::policy_digest(kName, as_bytes(text)));
}

template <const char* kName>
Answer hmac(const Call& call) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  UNHIDRA_TRY(const std::string_view key, call.string(1));
  UNHIDRA_TRY_VOID(call.environment().charge(text.size()));
  return as_hex(pki::policy_hmac(kName, as_bytes(key), as_bytes(text)));
}

Answer hmac_equal(const Call& call) {
  UNHIDRA_TRY(const std::string_view a, call.string(0));
  UNHIDRA_TRY(const std::string_view b, call.string(1));
  return Value::boolean(constant_time_equal(as_bytes(a), as_bytes(b)));
}

bool is_pem(std::string_view text) {
  return text.starts_with("-----BEGIN");
}

// PEM as it is, anything else as base64.
Result<std::string> unarmoured(std::string_view text) {
  if (is_pem(text)) {
    return std::string(text);
  }
  return decode_base64(text, Base64Alphabet::standard);
}

Result<std::vector<Bytes>> certificates(std::string_view text) {
  UNHIDRA_TRY(const std::string content, unarmoured(text));
  if (!is_pem(content)) {
    return pki::split_certificates(as_bytes(content));
  }
  std::vector<Bytes> out;
  for (const pki::PemBlock& block : pki::read_pem_blocks(content)) {
    if (block.label != "CERTIFICATE") {
      return failed("PEM block type is '" + block.label + "', expected CERTIFICATE");
    }
    UNHIDRA_TRY(std::vector<Bytes> more, pki::split_certificates(block.der));
    std::move(more.begin(), more.end(), std::back_inserter(out));
  }
  return out;
}

Answer described(const std::vector<Bytes>& list) {
  std::vector<Value> out;
  for (const Bytes& der : list) {
    UNHIDRA_TRY(const std::string text, pki::describe_certificate(der));
    UNHIDRA_TRY(Value value, parse_json(text));
    out.push_back(std::move(value));
  }
  return Value::array(std::move(out));
}

Answer parse_certificates(const Call& call) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  UNHIDRA_TRY_VOID(charge_encoded(call, text.size()));
  UNHIDRA_TRY(const std::vector<Bytes> list, certificates(text));
  return described(list);
}

Answer verified(const Call& call, std::string_view text, const pki::ChainRules& rules) {
  const Value refused = Value::array({Value::boolean(false), Value::array({})});
  UNHIDRA_TRY_VOID(charge_encoded(call, text.size()));
  const auto list = certificates(text);
  if (!list) {
    return refused;
  }
  const auto chain = pki::verify_chain(*list, rules);
  if (!chain) {
    return refused;
  }
  UNHIDRA_TRY(auto value, described(*chain));
  return Value::array({Value::boolean(true), *value});
}

pki::ChainRules rules_now(const Call& call) {
  return {
      .now = from_unix_micros(call.environment().now_ns / 1000), .dns_name = {}, .key_usages = {}};
}

Answer parse_and_verify(const Call& call) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  return verified(call, text, rules_now(call));
}

std::optional<std::string_view> usage_oid(std::string_view name) {
  constexpr auto kUsages = std::to_array<std::pair<std::string_view, std::string_view>>({
      {"KeyUsageAny", "any"},
      {"KeyUsageServerAuth", "1.3.6.1.5.5.7.3.1"},
      {"KeyUsageClientAuth", "1.3.6.1.5.5.7.3.2"},
      {"KeyUsageCodeSigning", "1.3.6.1.5.5.7.3.3"},
      {"KeyUsageEmailProtection", "1.3.6.1.5.5.7.3.4"},
      {"KeyUsageIPSECEndSystem", "1.3.6.1.5.5.7.3.5"},
      {"KeyUsageIPSECTunnel", "1.3.6.1.5.5.7.3.6"},
      {"KeyUsageIPSECUser", "1.3.6.1.5.5.7.3.7"},
      {"KeyUsageTimeStamping", "1.3.6.1.5.5.7.3.8"},
      {"KeyUsageOCSPSigning", "1.3.6.1.5.5.7.3.9"},
      {"KeyUsageMicrosoftServerGatedCrypto", "1.3.6.1.4.1.311.10.3.3"},
      {"KeyUsageNetscapeServerGatedCrypto", "2.16.840.1.113730.4.1"},
      {"KeyUsageMicrosoftCommercialCodeSigning", "1.3.6.1.4.1.311.2.1.22"},
      {"KeyUsageMicrosoftKernelCodeSigning", "1.3.6.1.4.1.311.61.1.1"},
  });
  for (const auto& [known, oid] : kUsages) {
    if (known == name) {
      return oid;
    }
  }
  return std::nullopt;
}

Status read_usages(const Value& list, pki::ChainRules& rules) {
  if (!list.is(Kind::array) && !list.is(Kind::set)) {
    return failed("'KeyUsages' should be an Array or Set");
  }
  std::string unknown;
  for (const Value& element : list.elements()) {
    const std::string name = element.is(Kind::string) ? element.text() : to_term(element);
    if (const auto oid = usage_oid(name)) {
      rules.key_usages.emplace_back(*oid);
    } else {
      unknown += (unknown.empty() ? "" : " ") + name;
    }
  }
  if (!unknown.empty()) {
    return failed("invalid entries for 'KeyUsages' found: [" + unknown + "]");
  }
  return {};
}

Result<pki::ChainRules> read_rules(const Call& call) {
  UNHIDRA_TRY(const Value options, call.of_kind(1, Kind::object));
  pki::ChainRules rules = rules_now(call);
  for (const auto& [key, value] : options.members()) {
    const std::string name = key.is(Kind::string) ? key.text() : "";
    if (name == "DNSName") {
      if (!value.is(Kind::string)) {
        return failed("'DNSName' should be a string");
      }
      rules.dns_name = value.text();
    } else if (name == "CurrentTime" || name == "MaxConstraintComparisons") {
      if (!value.is(Kind::number)) {
        return failed("'" + name + "' should be a number");
      }
      const Value operands[] = {value};
      const auto number = Call(operands, call.environment()).integer(0);
      if (!number) {
        return failed("'" + name + "' should be a valid " +
                      (name == "CurrentTime" ? "int64 number" : "number"));
      }
      // The path builder has a limit of its own on constraints.
      rules.now = name == "CurrentTime" ? from_unix_micros(*number / 1000) : rules.now;
    } else if (name == "KeyUsages") {
      UNHIDRA_TRY_VOID(read_usages(value, rules));
    } else {
      return failed("invalid key option");
    }
  }
  return rules;
}

Answer parse_and_verify_with_options(const Call& call) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  UNHIDRA_TRY_VOID(call.of_kind(1, Kind::object));
  if (!certificates(text)) {
    return Value::array({Value::boolean(false), Value::array({})});
  }
  UNHIDRA_TRY(const pki::ChainRules rules, read_rules(call));
  return verified(call, text, rules);
}

Answer as_value(Result<std::string> json) {
  UNHIDRA_TRY(const std::string text, std::move(json));
  UNHIDRA_TRY(Value value, parse_json(text));
  return value;
}

Answer parse_certificate_request(const Call& call) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  UNHIDRA_TRY_VOID(charge_encoded(call, text.size()));
  UNHIDRA_TRY(const std::string content, unarmoured(text));
  const auto blocks = pki::read_pem_blocks(content);
  if (blocks.empty()) {
    return as_value(pki::describe_certificate_request(as_bytes(content)));
  }
  if (blocks[0].label != "CERTIFICATE REQUEST") {
    return failed("invalid PEM-encoded certificate signing request");
  }
  return as_value(pki::describe_certificate_request(blocks[0].der));
}

std::vector<pki::PemBlock> private_keys(std::string_view content) {
  std::vector<pki::PemBlock> out = pki::read_pem_blocks(content);
  std::erase_if(out, [](const pki::PemBlock& block) {
    return block.label != "RSA PRIVATE KEY" && block.label != "PRIVATE KEY" &&
           block.label != "EC PRIVATE KEY";
  });
  return out;
}

Answer parse_rsa_private_key(const Call& call) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  UNHIDRA_TRY_VOID(charge_encoded(call, text.size()));
  if (text.empty()) {
    return failed("input PEM data was empty");
  }
  UNHIDRA_TRY(const std::string content, unarmoured(text));
  const auto keys = private_keys(content);
  if (keys.empty()) {
    return Value();
  }
  return as_value(pki::private_key_to_jwk(keys[0]));
}

Answer parse_private_keys(const Call& call) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  UNHIDRA_TRY_VOID(charge_encoded(call, text.size()));
  if (text.empty()) {
    return Value();
  }
  const auto decoded = decode_base64(text, Base64Alphabet::standard);
  std::vector<Value> out;
  for (const pki::PemBlock& key : private_keys(decoded ? std::string_view(*decoded) : text)) {
    UNHIDRA_TRY(auto value, as_value(pki::describe_private_key(key)));
    out.push_back(std::move(*value));
  }
  return Value::array(std::move(out));
}

Answer parse_keypair(const Call& call) {
  UNHIDRA_TRY(const std::string_view certificate_text, call.string(0));
  UNHIDRA_TRY(const std::string_view key_text, call.string(1));
  UNHIDRA_TRY_VOID(charge_encoded(call, certificate_text.size() + key_text.size()));
  UNHIDRA_TRY(const std::vector<Bytes> chain, certificates(certificate_text));
  UNHIDRA_TRY(const std::string content, unarmoured(key_text));
  std::vector<pki::PemBlock> keys = private_keys(content);
  if (keys.empty() && !is_pem(content)) {
    keys.push_back({"PRIVATE KEY", to_bytes(content)});
  }
  if (chain.empty()) {
    return failed("tls: failed to find any PEM data in certificate input");
  }
  if (keys.empty()) {
    return failed("tls: failed to find any PEM data in key input");
  }
  UNHIDRA_TRY_VOID(pki::check_key_pair(chain[0], keys[0]));
  UNHIDRA_TRY(auto key, as_value(pki::describe_private_key(keys[0])));
  UNHIDRA_TRY(auto leaf, as_value(pki::describe_certificate(chain[0])));
  std::vector<Value> encoded;
  for (const Bytes& der : chain) {
    encoded.push_back(Value::string(encode_base64(as_text(der), Base64Alphabet::standard, true)));
  }
  return Value::object({{Value::string("Certificate"), Value::array(std::move(encoded))},
                        {Value::string("PrivateKey"), *key},
                        {Value::string("SupportedSignatureAlgorithms"), Value()},
                        {Value::string("OCSPStaple"), Value()},
                        {Value::string("SignedCertificateTimestamps"), Value()},
                        {Value::string("Leaf"), *leaf}});
}

constexpr Builtin kTable[] = {
    {"crypto.hmac.equal", 2, hmac_equal},
    {"crypto.hmac.md5", 2, hmac<kMd5>},
    {"crypto.hmac.sha1", 2, hmac<kSha1>},
    {"crypto.hmac.sha256", 2, hmac<kSha256>},
    {"crypto.hmac.sha512", 2, hmac<kSha512>},
    {"crypto.md5", 1, digest<kMd5>},
    {"crypto.parse_private_keys", 1, parse_private_keys},
    {"crypto.sha1", 1, digest<kSha1>},
    {"crypto.sha256", 1, digest<kSha256>},
    {"crypto.sha384", 1, digest<kSha384>},
    {"crypto.sha512", 1, digest<kSha512>},
    {"crypto.x509.parse_and_verify_certificates", 1, parse_and_verify, true},
    {"crypto.x509.parse_and_verify_certificates_with_options", 2, parse_and_verify_with_options,
     true},
    {"crypto.x509.parse_certificate_request", 1, parse_certificate_request},
    {"crypto.x509.parse_certificates", 1, parse_certificates},
    {"crypto.x509.parse_keypair", 2, parse_keypair},
    {"crypto.x509.parse_rsa_private_key", 1, parse_rsa_private_key},
};

}  // namespace

std::span<const Builtin> crypto_family() {
  return kTable;
}

}  // namespace unhidra::rego::builtins
