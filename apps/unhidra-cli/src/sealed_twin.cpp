// The twin of an end-to-end encrypted device: the server keeps what it cannot read, members of the
// device's group seal and open it.

#include <boost/json.hpp>

#include "unhidra/base/text.h"

#include "app.h"
#include "json_fields.h"

namespace unhidra::cli {

namespace json = boost::json;

namespace {

using identity::GroupRole;

json::object* side_of(json::object& twin, std::string_view name) {
  auto* side = twin.if_contains(name);
  return side != nullptr && side->is_object() ? &side->get_object() : nullptr;
}

std::optional<Bytes> ciphertext_of(const json::object& side) {
  auto sealed = from_base64url(text_of(side, "ciphertext"));
  return sealed && !sealed->empty() ? std::optional(std::move(*sealed)) : std::nullopt;
}

// Which wish the device has taken last, by its own word; the beginning of time: none.
Timestamp taken_at(const json::object& twin) {
  const auto* reported = twin.if_contains("reported");
  const auto* document = reported != nullptr && reported->is_object()
                             ? reported->get_object().if_contains("document")
                             : nullptr;
  const auto* at = document != nullptr && document->is_object()
                       ? document->get_object().if_contains("desired_at")
                       : nullptr;
  boost::system::error_code error;
  const auto millis = at != nullptr ? at->to_number<std::int64_t>(error) : 0;
  return error ? Timestamp() : Timestamp(std::chrono::milliseconds(millis));
}

}  // namespace

// The sender is whom `is_its` says, the payload a kept state of this side of the twin.
void App::open_side(json::object& side, const std::string& topic,
                    const std::function<bool(const identity::GroupMember&)>& is_its) {
  const auto sealed = ciphertext_of(side);
  if (!sealed) {
    return;
  }
  const auto from = engine_->open_from_devices(topic, *sealed, true);
  driver_->flush();
  if (!from || from->opened.header.kind != identity::PayloadKind::state ||
      !is_its(from->opened.sender)) {
    return;
  }
  boost::system::error_code error;
  auto document = json::parse(as_text(from->opened.content.body), error);
  if (!error) {
    side["document"] = std::move(document);
  }
}

void App::open_twin(DeviceId device, json::object& twin) {
  if (auto* reported = side_of(twin, "reported")) {
    open_side(*reported, client::twin_topic(device),
              [device](const auto& member) { return member.keys.device_id == device; });
  }
  if (auto* desired = side_of(twin, "desired")) {
    open_side(*desired, client::desired_twin_topic(device), [](const auto& member) {
      return member.role == GroupRole::controller || member.role == GroupRole::hub;
    });
  }
}

// Whether it is sealed is for this client to say: a device in one of its groups gets nothing that
// the server could read. Nothing: it is in none.
Result<std::optional<Bytes>> App::seal_desired(DeviceId device, const json::value& document,
                                               const json::object& twin) {
  const auto group = group_with(device);
  if (!group && group.error() == Errc::not_found) {
    return std::nullopt;
  }
  UNHIDRA_TRY_VOID(group);
  // The later one counts: also where another controller's clock was ahead.
  const auto sent_at = std::max(clock_.now(), taken_at(twin) + std::chrono::milliseconds(1));
  UNHIDRA_TRY(auto sealed,
              engine_->seal_for_devices(*group, client::desired_twin_topic(device),
                                        identity::PayloadKind::state, true,
                                        {.sent_at = sent_at,
                                         .not_after = std::nullopt,
                                         .request_id = std::nullopt,
                                         .challenge = std::nullopt,
                                         .body = to_bytes(as_bytes(json::serialize(document)))}));
  driver_->flush();
  return std::optional(std::move(sealed));
}

}  // namespace unhidra::cli
