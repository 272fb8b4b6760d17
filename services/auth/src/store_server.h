#pragma once
// Rows of signing_keys and server_state.

#include <optional>
#include <string>
#include <vector>

#include "unhidra/base/bytes.h"
#include "unhidra/storage/transaction.h"

namespace unhidra::auth::store {

struct SigningKey {
  std::string kid;
  std::string algorithm;
  std::string public_jwk;
  Bytes sealed_private;
  Timestamp created_at{};
  Timestamp not_before{};              // signs from then on
  std::optional<Timestamp> retire_at;  // verifies until then
};

Status insert(storage::Transaction& tx, const SigningKey& key);
// Those that have not retired, oldest first.
Result<std::vector<SigningKey>> list_signing_keys(storage::Transaction& tx, Timestamp now);
// Every key but this one verifies no longer than until then.
Status retire_others(storage::Transaction& tx, std::string_view kid, Timestamp when);

Result<std::optional<Bytes>> get_state(storage::Transaction& tx, std::string_view name);
Status put_state(storage::Transaction& tx, std::string_view name, ByteView value, Timestamp now);
Status delete_state(storage::Transaction& tx, std::string_view name);

}  // namespace unhidra::auth::store
