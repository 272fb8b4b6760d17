#pragma once
// What devices and controllers say to each other, and where.

#include <string>
#include <string_view>

#include "home.h"

namespace unhidra::device {

// Why a payload was refused, for people.
std::string status_text(uh_status status);
// A body that says when it was sent; the text outlives it.
uh_content content_of(const Home& home, std::string_view body);
// A device id as it stands in topics.
std::string id_text(const std::uint8_t id[UH_ID_SIZE]);
// Where a member's keys wait, retained, one topic for each group (libs/client has the same).
std::string keys_topic(DeviceId device, std::string_view group);

}  // namespace unhidra::device
