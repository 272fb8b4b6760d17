#pragma once
// Who a request comes from, as far as the chat role needs to know: every query is scoped by it.

#include "unhidra/access/context.h"

namespace unhidra::chat {

struct Asker {
  OrgId org_id;
  UserId user_id;
  DeviceId device_id;
  // The most powerful role in the organisation: 1 guest ... 5 super admin.
  std::uint32_t level = 2;
};

// Errc::no_device when the session is bound to none.
Result<Asker> asker_of(const access::OperationContext& context);

}  // namespace unhidra::chat
