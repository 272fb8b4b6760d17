#include "payloads.h"

#include <algorithm>

namespace unhidra::device {

std::string status_text(uh_status status) {
  switch (status) {
    case UH_DENIED:
      return "the owner's policy does not allow it";
    case UH_STALE:
      return "past its deadline, or an older retained one";
    case UH_DUPLICATE:
      return "seen before";
    case UH_UNDECRYPTABLE:
      return "not sealed by who it says";
    case UH_WRONG_DEVICE:
      return "from nobody that this device listens to";
    case UH_UNKNOWN_EPOCH:
      return "of another group or epoch, or of a session that is not there";
    default:
      return "malformed";
  }
}

uh_content content_of(const Home& home, std::string_view body) {
  uh_content out{};
  out.sent_at = home.now();
  out.body = reinterpret_cast<const std::uint8_t*>(body.data());
  out.body_size = body.size();
  return out;
}

std::string id_text(const std::uint8_t id[UH_ID_SIZE]) {
  Uuid out{};
  std::copy_n(id, out.size(), out.begin());
  return uuid_to_string(out);
}

std::string keys_topic(DeviceId device, std::string_view group) {
  return "devices/" + device.to_string() + "/group/" + std::string(group);
}

}  // namespace unhidra::device
