#pragma once
// SQL of the passwords with which people's programs sign in to MQTT.

#include <optional>
#include <vector>

#include "unhidra/access/principal.h"
#include "unhidra/storage/transaction.h"

#include "broker/scram.h"

namespace unhidra::automation {

using MqttPasswordId = Id<struct MqttPasswordIdTag>;

struct MqttPassword {
  MqttPasswordId id;
  OrgId org_id;
  UserId user_id;
  std::string name;
  ScramVerifier verifier;
  Timestamp created_at{};
};

// The salt of every password with this id, whether there is one or not.
Bytes salt_of(std::string_view id);

namespace store {
Status insert(storage::Transaction& tx, const MqttPassword& password);
Result<std::vector<MqttPassword>> list(storage::Transaction& tx, OrgId org, UserId user);
// False: the user has no such password.
Result<bool> remove(storage::Transaction& tx, OrgId org, UserId user, MqttPasswordId id);
// With whoever signs in by it and what that may do, as it stands now. Nothing: no such password, or
// its user is disabled.
struct PasswordHolder {
  ScramVerifier verifier;
  access::Principal principal;
};
Result<std::optional<PasswordHolder>> find_holder(storage::Transaction& tx, MqttPasswordId id,
                                                  Timestamp expires_at);
}  // namespace store

}  // namespace unhidra::automation
