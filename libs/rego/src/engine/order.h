#pragma once
// The order of a body's expressions: each variable is bound before it is needed, as the reference's
// safety rule asks; what cannot be ordered is unsafe.

#include <set>
#include <string>
#include <vector>

#include "unhidra/rego/errc.h"

#include "engine/probe.h"
#include "syntax/problems.h"

namespace unhidra::rego {

// `bound` are the slots that have a value before the body. Closures inside are ordered too. False:
// something is unsafe, and `problems` says each variable that is (Errc::unsafe_var). `rule`: whose
// body it is; none: a query's.
bool order_body(Body& body, const std::set<int>& bound, std::vector<std::string>& slot_names,
                const Rule* rule, Problems& problems);
// Adds the slots that an ordered body binds, outside its closures.
void bind_body(const Body& body, std::set<int>& bound);

}  // namespace unhidra::rego
