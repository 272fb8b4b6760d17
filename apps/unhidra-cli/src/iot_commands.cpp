// device list, show, add, code, rename, label, revoke, delete, twin: what an administrator does
// with the IoT devices of the organisation. Names and ids of devices are the server's word.

#include <functional>

#include <boost/json.hpp>

#include "unhidra/base/text.h"

#include "app.h"
#include "errc.h"
#include "iot_text.h"
#include "iot_wishes.h"
#include "json_fields.h"

namespace unhidra::cli {

namespace json = boost::json;

namespace {

constexpr std::uint16_t kDevicesPort = 9300;
constexpr std::size_t kMaxListed = 100'000;
constexpr std::string_view kRoot = "/v1/iot-devices";

// What needs the keys of device groups.
struct GroupDoors {
  std::function<Status(const json::object& device)> in_group;
  std::function<void(DeviceId, json::object& twin)> open_twin;
  SealDesired seal_desired;
};

class IotCommands {
 public:
  // All outlive it.
  IotCommands(const Options& options, const Surroundings& around, Output& output, Rest& server,
              Rest& devices, std::string token, GroupDoors groups)
      : options_(options),
        iot_(options.iot),
        around_(around),
        output_(output),
        server_(server),
        devices_(devices),
        token_(std::move(token)),
        groups_(std::move(groups)) {}

  Status run() {
    if (iot_.action == IotAction::list) {
      return list();
    }
    if (iot_.action == IotAction::add) {
      return add();
    }
    if (iot_.action == IotAction::pending) {
      return pending();
    }
    if (iot_.action == IotAction::topics) {
      return topics();
    }
    UNHIDRA_TRY(const auto device, find());
    switch (iot_.action) {
      case IotAction::show:
        output_.result(typed("iot_device", device), sheet_of(device));
        return {};
      case IotAction::code:
        return make_code(device);
      case IotAction::approve:
      case IotAction::deny:
        return decide(device);
      case IotAction::rename:
        return change(device, {{"name", iot_.name}});
      case IotAction::label:
        return label(device);
      case IotAction::revoke:
        return end(device, server_, "", "iot_device_revoked", "Revoked ");
      case IotAction::remove:
        return end(device, devices_, "/record", "iot_device_deleted", "Deleted ");
      case IotAction::group_add:
      case IotAction::group_allow:
      case IotAction::group_remove:
      case IotAction::command:
        return groups_.in_group(device);
      default:
        return twin(device);
    }
  }

 private:
  Result<json::object> ask(Rest& whom, const char* method, const std::string& path,
                           const json::object* body = nullptr) {
    return object_of(whom.call(method, std::string(kRoot) + path, body, token_));
  }

  // Each device of the pages of a query; `take` says whether to go on.
  Status each(const std::string& query, const std::function<bool(const json::object&)>& take) {
    return each_of(std::string(kRoot), query, take);
  }
  Status each_of(const std::string& path, const std::string& query,
                 const std::function<bool(const json::object&)>& take) {
    std::string cursor;
    std::size_t seen = 0;
    do {
      UNHIDRA_TRY(const auto page, object_of(devices_.call(
                                       "GET",
                                       path + "?limit=200" + query +
                                           (cursor.empty() ? "" : "&cursor=" + url_escaped(cursor)),
                                       nullptr, token_)));
      const auto* items = page.if_contains("items");
      if (items == nullptr || !items->is_array()) {
        return fail(Errc::server_failed, "the server's answer lists no devices");
      }
      for (const auto& item : items->get_array()) {
        ++seen;
        if (item.is_object() && !take(item.get_object())) {
          return {};
        }
      }
      cursor = text_of(page, "next_cursor");
    } while (!cursor.empty() && seen < kMaxListed);
    return {};
  }

  Status list() {
    if (iot_.groups.size() > 1 || iot_.labels.size() > 1) {
      return fail(Errc::usage, "a list is of one group and one label");
    }
    UNHIDRA_TRY_VOID(labels_of(iot_.labels));
    std::string query;
    if (!iot_.type.empty()) {
      query += "&type=" + url_escaped(iot_.type);
    }
    if (!iot_.groups.empty()) {
      query += "&group=" + url_escaped(iot_.groups.front());
    }
    if (!iot_.labels.empty()) {
      query += "&label=" + url_escaped(iot_.labels.front());
    }
    std::size_t count = 0;
    UNHIDRA_TRY_VOID(each(query, [&](const json::object& device) {
      ++count;
      output_.result(typed("iot_device", device), line_of(device));
      return true;
    }));
    if (count == 0) {
      output_.remark("No devices. unhidra-cli device add NAME registers one.");
    }
    return {};
  }

  // By id, by name, or by how the id begins: in this order, and only when it is one.
  Result<json::object> find() {
    if (const auto id = DeviceId::parse(iot_.device)) {
      return ask(devices_, "GET", "/" + id->to_string());
    }
    std::vector<json::object> by_name;
    std::vector<json::object> by_id;
    UNHIDRA_TRY_VOID(each("", [&](const json::object& device) {
      if (text_of(device, "name") == iot_.device) {
        by_name.push_back(device);
      } else if (text_of(device, "device_id").starts_with(iot_.device)) {
        by_id.push_back(device);
      }
      return true;
    }));
    auto& found = by_name.empty() ? by_id : by_name;
    if (found.empty()) {
      return fail(Errc::not_found, "no such device: " + printable(iot_.device) +
                                       ". unhidra-cli device list lists them");
    }
    if (found.size() > 1) {
      return fail(Errc::usage, "there are " + std::to_string(found.size()) +
                                   " devices of that name or beginning: say the id");
    }
    return std::move(found.front());
  }

  Status add() {
    json::object changes;
    UNHIDRA_TRY(const auto labels, labels_of(iot_.labels));
    if (!iot_.type.empty()) {
      changes["type"] = iot_.type;
    }
    if (!iot_.groups.empty()) {
      changes["groups"] = json::value_from(iot_.groups);
    }
    if (!labels.empty()) {
      changes["labels"] = labels;
    }
    if (!iot_.owner.empty()) {
      changes["owner_id"] = iot_.owner;
    }
    if (iot_.encrypted) {
      changes["encrypted"] = true;
    }
    const json::object body{{"name", iot_.name}};
    UNHIDRA_TRY(const auto made, ask(server_, "POST", "", &body));
    const auto* device = made.if_contains("device");
    if (device == nullptr || !device->is_object()) {
      return fail(Errc::server_failed, "the server's answer holds no device");
    }
    const auto& added = device->get_object();
    if (!changes.empty()) {
      auto done = ask(devices_, "PATCH", "/" + text_of(added, "device_id"), &changes);
      if (!done) {
        return fail(Error(std::move(done).error())
                        .in("the device " + text_of(added, "device_id") +
                            " is registered, but without what was said of it"));
      }
    }
    return make_code(added);
  }

  Status make_code(const json::object& device) {
    const auto id = text_of(device, "device_id");
    UNHIDRA_TRY(const auto made, ask(devices_, "POST", "/" + id + "/enrolment-codes"));
    const auto code = text_of(made, "code");
    if (code.empty()) {
      return fail(Errc::server_failed, "the server's answer holds no code");
    }
    auto object = typed("enrolment_code", made);
    object["name"] = text_of(device, "name");
    output_.result(
        object, "Device        " + printable(text_of(device, "name")) + "\nId            " + id +
                    "\nOne-time code " + printable(code) + "\nGood until    " +
                    printable(text_of(made, "expires_at")) +
                    "\n\nWhat to do next: give id and code to the device. It enrols once, at\n  " +
                    iot_.url +
                    "/.well-known/est/simpleenroll\nwith the id as user and the code as "
                    "password (EST, RFC 7030), and keeps its key to itself.\nThe code is shown "
                    "this once; unhidra-cli device code makes another.");
    return {};
  }

  // What is not said stays as it is.
  Status topics() {
    constexpr std::string_view kProtection = "/v1/topic-protection";
    UNHIDRA_TRY(auto shown,
                object_of(devices_.call("GET", std::string(kProtection), nullptr, token_)));
    if (iot_.as_server || iot_.no_plaintext || !iot_.encrypted_topics.empty() ||
        !iot_.plaintext_topics.empty()) {
      json::object body{{"plaintext_topics", shown["plaintext_topics"]}};
      if (!iot_.plaintext_topics.empty() || iot_.no_plaintext) {
        body["plaintext_topics"] = json::value_from(iot_.plaintext_topics);
      }
      if (!iot_.encrypted_topics.empty()) {
        body["encrypted_topics"] = json::value_from(iot_.encrypted_topics);
      } else if (!iot_.as_server && shown["inherited"] != json::value(true)) {
        body["encrypted_topics"] = shown["encrypted_topics"];
      }
      if (shown["version"] != json::value(0)) {
        body["if_version"] = shown["version"];
      }
      UNHIDRA_TRY(shown, object_of(devices_.call("PUT", std::string(kProtection), &body, token_)));
    }
    output_.result(typed("topic_protection", shown), protection_sheet(shown));
    return {};
  }

  // ---- enrolments that wait ----

  Status pending() {
    std::size_t count = 0;
    UNHIDRA_TRY_VOID(each_of("/v1/enrolment-requests", "", [&](const json::object& request) {
      ++count;
      output_.result(typed("enrolment_request", request), request_line(request));
      return true;
    }));
    if (count == 0) {
      output_.remark("No enrolment waits for approval.");
    }
    return {};
  }

  Status decide(const json::object& device) {
    const auto id = text_of(device, "device_id");
    std::optional<json::object> found;
    UNHIDRA_TRY_VOID(each_of("/v1/enrolment-requests", "", [&](const json::object& request) {
      if (text_of(request, "device_id") == id) {
        found = request;
      }
      return !found;
    }));
    if (!found) {
      return fail(Errc::not_found, "no enrolment of that device waits for approval");
    }
    const bool approve = iot_.action == IotAction::approve;
    if (!options_.yes &&
        !confirm(around_, request_line(*found) + (approve ? "\nApprove?" : "\nDeny?"), false)) {
      return fail(Errc::usage,
                  around_.in_is_terminal ? "nothing was done" : "compare the key, then say --yes");
    }
    const auto path = std::string(kRoot) + "/" + id + "/enrolment-request";
    const json::object body{{"fingerprint", text_of(*found, "fingerprint")}};
    UNHIDRA_TRY_VOID(approve ? devices_.call("POST", path + "/approval", &body, token_)
                             : devices_.call("DELETE", path, nullptr, token_));
    output_.result(
        {{"type", approve ? "enrolment_approved" : "enrolment_denied"},
         {"device_id", id},
         {"fingerprint", text_of(*found, "fingerprint")}},
        (approve ? "Approved " : "Denied ") + printable(text_of(device, "name")) +
            (approve ? ": it gets its certificate when it asks again, within a minute" : ""));
    return {};
  }

  Status change(const json::object& device, const json::object& changes) {
    UNHIDRA_TRY(const auto changed,
                ask(devices_, "PATCH", "/" + text_of(device, "device_id"), &changes));
    output_.result(typed("iot_device", changed), line_of(changed));
    return {};
  }

  Status label(const json::object& device) {
    UNHIDRA_TRY(const auto fresh, labels_of(iot_.labels));
    if (fresh.empty() && iot_.removed.empty()) {
      return fail(Errc::usage, "say a label as name=value, or one to --remove");
    }
    json::object labels;
    if (const auto* old = device.if_contains("labels"); old != nullptr && old->is_object()) {
      labels = old->get_object();
    }
    for (const auto& name : iot_.removed) {
      if (labels.erase(name) == 0) {
        return fail(Errc::not_found, "the device has no label " + printable(name));
      }
    }
    for (const auto& [name, value] : fresh) {
      labels[name] = value;
    }
    return change(device, {{"labels", labels}});
  }

  Status end(const json::object& device, Rest& whom, const char* suffix, const char* type,
             const char* done) {
    const auto id = text_of(device, "device_id");
    const auto name = printable(text_of(device, "name"));
    if (!options_.yes &&
        !confirm(around_, "End the device " + name + " (" + id + ") for good?", false)) {
      return fail(Errc::usage,
                  around_.in_is_terminal ? "nothing was done" : "this cannot be undone: say --yes");
    }
    UNHIDRA_TRY_VOID(whom.call("DELETE", std::string(kRoot) + "/" + id + suffix, nullptr, token_));
    output_.result({{"type", type}, {"device_id", id}}, done + name + " (" + id + ")");
    return {};
  }

  Status twin(const json::object& device) {
    const auto id = DeviceId::parse(text_of(device, "device_id"));
    if (!id) {
      return fail(Errc::server_failed, "the server's answer has no device id");
    }
    const auto path = "/" + id->to_string() + "/twin";
    UNHIDRA_TRY(auto twin, ask(devices_, "GET", path));
    groups_.open_twin(*id, twin);
    if (!iot_.desired.empty()) {
      UNHIDRA_TRY(const auto body, twin_wish(iot_, *around_.in, *id, twin, groups_.seal_desired));
      UNHIDRA_TRY(twin, ask(devices_, "PUT", path, &body));
      groups_.open_twin(*id, twin);
    }
    output_.result(typed("device_twin", twin), twin_text(twin));
    return {};
  }

  const Options& options_;
  const IotOptions& iot_;
  const Surroundings& around_;
  Output& output_;
  Rest& server_;
  Rest& devices_;
  std::string token_;
  GroupDoors groups_;
};

bool is_of_groups_alone(IotAction action) {
  return action == IotAction::owner || action == IotAction::group_list ||
         action == IotAction::group_create || action == IotAction::group_rotate ||
         action == IotAction::group_accept;
}

}  // namespace

Status App::iot() {
  UNHIDRA_TRY_VOID(open_device());
  UNHIDRA_TRY_VOID(open_connection(false));
  if (const auto done = look_after_groups(); !done) {
    output_.remark("Keys of device groups that are due wait: " + done.error().message());
  }
  if (is_of_groups_alone(options_.iot.action)) {
    return device_groups_action();
  }
  // A hub is a client, which the registry of devices does not know.
  if (const auto id = DeviceId::parse(options_.iot.device);
      id && options_.iot.role != "device" && options_.iot.action == IotAction::group_add) {
    return device_in_group({{"device_id", id->to_string()}});
  }
  UNHIDRA_TRY(const auto token, tokens_->fresh(std::chrono::seconds(30)));
  auto& url = options_.iot.url;
  UNHIDRA_TRY(const auto endpoint, parse_endpoint(url.empty() ? profile_->settings.server : url));
  if (endpoint.scheme != "https") {
    return fail(Errc::usage, "--devices takes an address such as https://host:9300");
  }
  if (url.empty()) {
    const bool numeric6 = endpoint.host.find(':') != std::string::npos;
    url = "https://" + (numeric6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" +
          std::to_string(kDevicesPort);
  }
  UNHIDRA_TRY(auto tls, profile_->tls());
  Rest devices(url, std::move(tls), clock_);
  return IotCommands(
             options_, around_, output_, *rest_, devices, token,
             {.in_group = [this](const json::object& device) { return device_in_group(device); },
              .open_twin = [this](DeviceId device, json::object& twin) { open_twin(device, twin); },
              .seal_desired =
                  [this](DeviceId device, const json::value& document, const json::object& twin) {
                    return seal_desired(device, document, twin);
                  }})
      .run();
}

}  // namespace unhidra::cli
