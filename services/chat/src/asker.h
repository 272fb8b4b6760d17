#pragma once
// Who a request comes from, as far as the chat role needs to know: every query is scoped by it.

#include "unhidra/base/id.h"

namespace unhidra::chat {

struct Asker {
  OrgId org_id;
  UserId user_id;
  DeviceId device_id;
};

}  // namespace unhidra::chat
