#pragma once
// What the operation policy is asked, after the roles have allowed an operation of chat or
// administration (access/operation_policy.h). The query is data.unhidra.operations.allow; anything
// but true is a denial, and so is every failure. Input:
//
//   operation {name, permission, face, method, path, frame, changes}
//              name "messages.send", as it stands in the audit log; permission only where one was
//              needed; face "rest", "frame" or "upgrade"; method and path, with its {parameters},
//              of the first and the last; frame: the field number of the second; changes: whether
//              it changes what is stored
//   user      {id, org, role, roles}   role: the highest one, "guest" to "super_admin"
//   device    {id}                     only where the session is bound to one
//   session   {id, expires}            expires: of the access token, in nanoseconds since 1970
//   resource  {org, type, parameters}  type "user", only where the audit log has one; parameters:
//             the ids that the path names, as {"user_id": "..."}, or the frame or a JSON body in
//             fields of its own, as {"conversation_id": "..."}; of a list of ids an array
//   client    {ip, loopback, agent}    loopback: from the machine itself, not by a proxy there
//   time      nanoseconds since 1970, as time.now_ns() gives them

#include "unhidra/access/operation_policy.h"
#include "unhidra/rego/value.h"

namespace unhidra::automation {

inline constexpr std::string_view kOperationQuery = "data.unhidra.operations.allow";

rego::Value operation_input(const access::OperationQuestion& question);
// With these parameters instead of those that the request names.
rego::Value operation_input(const access::OperationQuestion& question,
                            std::vector<rego::Value::Member> parameters);

}  // namespace unhidra::automation
