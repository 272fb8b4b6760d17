#include "iot_text.h"

#include <boost/json.hpp>

#include "unhidra/base/text.h"

#include "json_fields.h"
#include "json_text.h"

namespace unhidra::cli {

namespace json = boost::json;

namespace {

std::string state_of(const json::object& device) {
  if (!text_of(device, "revoked_at").empty()) {
    return "revoked";
  }
  return device.contains("certificate") ? "enrolled" : "waits for its enrolment";
}

std::string words_of(const json::object& device) {
  std::string out;
  const auto add = [&out](const std::string& word) { out += (out.empty() ? "" : " ") + word; };
  if (const auto* groups = device.if_contains("groups"); groups != nullptr && groups->is_array()) {
    for (const auto& group : groups->get_array()) {
      add(group.is_string() ? printable(std::string(group.get_string())) : "");
    }
  }
  if (const auto* labels = device.if_contains("labels"); labels != nullptr && labels->is_object()) {
    for (const auto& [name, value] : labels->get_object()) {
      add(printable(std::string(name)) + "=" +
          (value.is_string() ? printable(std::string(value.get_string())) : ""));
    }
  }
  return out;
}

std::string or_never(const std::string& text) {
  return text.empty() ? "never" : printable(text);
}

std::string side(const json::object& twin, std::string_view name) {
  const auto* found = twin.if_contains(name);
  if (found == nullptr || !found->is_object()) {
    return "nothing";
  }
  const auto& object = found->get_object();
  const auto* document = object.if_contains("document");
  const auto at = text_of(object, "updated_at");
  const auto content = document != nullptr             ? printable(readable(*document))
                       : object.contains("ciphertext") ? "end-to-end encrypted"
                                                       : "nothing";
  const auto* version = object.if_contains("version");
  return content + (at.empty()
                        ? ""
                        : "  (version " + (version == nullptr ? "" : json::serialize(*version)) +
                              ", " + printable(at) + ")");
}

}  // namespace

json::object typed(std::string_view type, json::object object) {
  if (auto* own = object.if_contains("type")) {
    object["device_type"] = *own;
  }
  object["type"] = type;
  return object;
}

std::string line_of(const json::object& device) {
  auto out = text_of(device, "device_id") + "  " + printable(text_of(device, "name")) + "  " +
             state_of(device);
  if (const auto type = text_of(device, "type"); !type.empty()) {
    out += "  " + printable(type);
  }
  const auto words = words_of(device);
  return words.empty() ? out : out + "  " + words;
}

std::string sheet_of(const json::object& device) {
  const auto* certificate = device.if_contains("certificate");
  const auto* encrypted = device.if_contains("encrypted");
  auto out = "Device       " + text_of(device, "device_id") + "\nName         " +
             printable(text_of(device, "name")) + "\nState        " + state_of(device) +
             "\nType         " + printable(text_of(device, "type")) + "\nGroups and labels  " +
             words_of(device) + "\nOwner        " +
             (device.contains("owner_id") ? text_of(device, "owner_id") : "the organisation") +
             "\nFirmware     " + printable(text_of(device, "firmware")) + "\nLast seen    " +
             or_never(text_of(device, "last_seen_at")) + "\nTwin         " +
             (encrypted != nullptr && encrypted->is_bool() && encrypted->get_bool()
                  ? "end-to-end encrypted"
                  : "readable by the server");
  if (certificate != nullptr && certificate->is_object()) {
    out += "\nCertificate  " + printable(text_of(certificate->get_object(), "serial_number")) +
           ", good until " + printable(text_of(certificate->get_object(), "not_after"));
  }
  if (const auto* queued = device.if_contains("queued_messages"); queued != nullptr) {
    out += "\nMessages     " + json::serialize(*queued) + " wait for it";
  }
  return out;
}

std::string request_line(const json::object& request) {
  return text_of(request, "device_id") + "  " + printable(text_of(request, "name")) + "  from " +
         printable(text_of(request, "ip_address")) + " at " +
         printable(text_of(request, "created_at")) + "\n    key " +
         printable(text_of(request, "fingerprint"));
}

std::string twin_text(const json::object& twin) {
  return "Wanted    " + side(twin, "desired") + "\nReported  " + side(twin, "reported");
}

std::string protection_sheet(const json::object& protection) {
  const auto listed = [&](const char* name) {
    std::string out;
    if (const auto* filters = protection.if_contains(name); filters && filters->is_array()) {
      for (const auto& filter : filters->get_array()) {
        out += "\n  " + (filter.is_string() ? printable(filter.get_string()) : std::string("?"));
      }
    }
    return out.empty() ? std::string("\n  none") : out;
  };
  const auto* inherited = protection.if_contains("inherited");
  const bool of_server = inherited != nullptr && inherited->is_bool() && inherited->get_bool();
  return std::string("Take end-to-end encrypted payloads alone") +
         (of_server ? " (the server's setting):" : ":") + listed("encrypted_topics") +
         "\nWhere encrypted devices may publish plaintext:" + listed("plaintext_topics");
}

}  // namespace unhidra::cli
