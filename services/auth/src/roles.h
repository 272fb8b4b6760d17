#pragma once
// Who may do what to whom. All of it is asked inside the transaction of the change, against the
// roles that stand at that moment: a role that was taken away a moment ago is gone.

#include "unhidra/access/authorizer.h"

#include "domain.h"
#include "store_users.h"

namespace unhidra::auth {

// The actor as he stands now. Errc::invalid_session when his session or account has ended
// meanwhile, access::Errc::denied when his roles no longer allow the operation.
Result<access::Principal> present_principal(storage::Transaction& tx, const Domain& domain,
                                            const Actor& actor);

// Errc::role_too_high for a role that the actor may not hand out.
Status check_may_give(storage::Transaction& tx, const Domain& domain, const Actor& actor,
                      access::Role role);

// The user, if the actor may administer him: Errc::not_found outside of the organisation,
// Errc::role_too_high when he stands above the actor (to reset his password is to become him).
Result<store::User> find_subject(storage::Transaction& tx, const Domain& domain, const Actor& actor,
                                 UserId user);

// Errc::last_administrator when without these roles of this user nobody could administer any more.
Status check_not_last(storage::Transaction& tx, OrgId org, UserId user, access::RoleSet to_lose);

Status assign_role(storage::Transaction& tx, const Domain& domain, const Actor& actor, UserId user,
                   access::Role role);
// Nothing happens when he does not hold it.
Status unassign_role(storage::Transaction& tx, const Domain& domain, const Actor& actor,
                     UserId user, access::Role role);

}  // namespace unhidra::auth
