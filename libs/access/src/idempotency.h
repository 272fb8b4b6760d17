#pragma once
// Idempotency-Key: the answer to a change is kept beside it, so that the same request again is
// answered as the first time. The key is claimed in the transaction of the change, so two requests
// that race cannot both take effect; the answer is added once it is known.

#include "unhidra/access/context.h"

namespace unhidra::access::idempotency {

// Whether the request takes part: a change, by a signed-in user, with a key.
bool applies(const Operation& operation, const OperationRequest& request);

// The kept answer; nothing when the key is new. Errc::idempotency_mismatch for another request,
// Errc::idempotency_conflict when the change was made but its answer was not kept.
Result<std::optional<Reply>> look_up(storage::Transaction& tx, const Operation& operation,
                                     const OperationRequest& request, Timestamp now);
// Errc::idempotency_conflict when another request has claimed it meanwhile.
Status claim(storage::Transaction& tx, const Operation& operation, const OperationRequest& request,
             Timestamp now);
Status keep(storage::Transaction& tx, const OperationRequest& request, const Reply& reply);

}  // namespace unhidra::access::idempotency
