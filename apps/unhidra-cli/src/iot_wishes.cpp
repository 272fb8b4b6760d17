#include "iot_wishes.h"

#include <istream>
#include <iterator>

#include <boost/json.hpp>

#include "unhidra/base/text.h"

#include "errc.h"

namespace unhidra::cli {

namespace json = boost::json;

namespace {

constexpr std::size_t kMaxDesired = 16 * 1024;

Result<json::value> desired(const IotOptions& options, std::istream& in) {
  std::string text = options.desired;
  if (text == "-") {
    text.assign(std::istreambuf_iterator<char>(in), {});
  }
  boost::system::error_code error;
  auto out = text.size() > kMaxDesired ? json::value() : json::parse(text, error);
  if (error || !out.is_object()) {
    return fail(Errc::usage, "what is wanted is told as a JSON object of at most 8 KiB");
  }
  return out;
}

}  // namespace

std::string url_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.';
    const auto byte = static_cast<Byte>(c);
    out += plain ? std::string(1, c) : "%" + to_hex({&byte, 1});
  }
  return out;
}

Result<json::object> labels_of(const std::vector<std::string>& labels) {
  json::object out;
  for (const auto& label : labels) {
    const auto equals = label.find('=');
    if (equals == std::string::npos || equals == 0) {
      return fail(Errc::usage, "a label is written name=value: " + printable(label));
    }
    out[label.substr(0, equals)] = label.substr(equals + 1);
  }
  return out;
}

Result<json::object> twin_wish(const IotOptions& options, std::istream& in, DeviceId device,
                               const json::object& twin, const SealDesired& seal) {
  UNHIDRA_TRY(const auto document, desired(options, in));
  UNHIDRA_TRY(const auto sealed, seal(device, document, twin));
  json::object out;
  const auto* encrypted = twin.if_contains("encrypted");
  if (sealed) {
    out["ciphertext"] = to_base64url(*sealed);
  } else if (encrypted != nullptr && *encrypted == true) {
    return fail(Errc::not_found, "the device is encrypted, and in no device group of this client");
  } else {
    out["document"] = document;
  }
  if (options.if_version) {
    out["if_version"] = *options.if_version;
  }
  return out;
}

}  // namespace unhidra::cli
