// The twin of an end-to-end encrypted device: the server keeps what it cannot read, members of the
// device's group open it.

#include <boost/json.hpp>

#include "unhidra/base/text.h"

#include "app.h"
#include "json_fields.h"

namespace unhidra::cli {

namespace json = boost::json;

// Only what the device itself sealed, as its state, for its twin.
void App::open_twin(DeviceId device, json::object& twin) {
  auto* reported = twin.if_contains("reported");
  if (reported == nullptr || !reported->is_object()) {
    return;
  }
  auto& side = reported->get_object();
  const auto sealed = from_base64url(text_of(side, "ciphertext"));
  if (!sealed || sealed->empty()) {
    return;
  }
  const auto from = engine_->open_from_devices(client::twin_topic(device), *sealed, true);
  driver_->flush();
  if (!from || from->opened.header.kind != identity::PayloadKind::state ||
      from->opened.sender.keys.device_id != device) {
    return;
  }
  boost::system::error_code error;
  auto document = json::parse(as_text(from->opened.content.body), error);
  if (!error) {
    side["document"] = std::move(document);
  }
}

}  // namespace unhidra::cli
