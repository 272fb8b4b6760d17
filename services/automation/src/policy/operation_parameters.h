#pragma once
// The ids that an operation's request names: what it is about.

#include <vector>

#include "unhidra/access/operation_policy.h"
#include "unhidra/rego/value.h"

namespace unhidra::automation {

// Of the path, of a frame's own fields, and of a JSON body's own members (`..._id`: a UUID;
// `..._ids`: a list of them); on two of one name the path's counts, as it does for the handler. A
// body that cannot be read names nothing: its handler refuses it.
std::vector<rego::Value::Member> operation_parameters(const access::OperationQuestion& question);

}  // namespace unhidra::automation
