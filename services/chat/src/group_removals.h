#pragma once
// Devices that were revoked, and those of users who were deactivated, leave their groups: the
// server proposes it, a member commits it, and until then no message is taken.

#include "group_telling.h"

namespace unhidra::chat {

class GroupRemovals {
 public:
  GroupRemovals(storage::Database& database, messaging::Bus& bus, const Clock& clock,
                GroupService service)
      : database_(database), bus_(bus), clock_(clock), service_(service) {}

  // In this group, now.
  Task<Status> propose(OrgId org, ConversationId id) const;
  // In all groups: what the database says since the last look, whichever process wrote it.
  Task<Status> look();

 private:
  storage::Database& database_;
  messaging::Bus& bus_;
  const Clock& clock_;
  GroupService service_;
  bool looked_ = false;
};

}  // namespace unhidra::chat
