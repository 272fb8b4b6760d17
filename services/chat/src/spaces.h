#pragma once
// Spaces: where channels stand, nested, with roles that are inherited.

#include "unhidra/storage/transaction.h"
#include "unhidra/wire/channels.h"

#include "places.h"

namespace unhidra::chat {

// The same again is answered as the first time. Errc::not_allowed, not_found (of the parent),
// bad_name, too_deep.
Status create_space(storage::Transaction& tx, const Asker& asker, const wire::CreateSpace& request,
                    Timestamp now);
Status update_space(storage::Transaction& tx, const Asker& asker, const wire::UpdateSpace& request,
                    Timestamp now);
// Errc::not_empty.
Status delete_space(storage::Transaction& tx, const Asker& asker, SpaceId id);
Result<wire::Spaces> list_spaces(storage::Transaction& tx, const Asker& asker,
                                 const wire::ListSpaces& request);
// Never above one's own, never of somebody who has more. Errc::not_allowed, not_found.
Status set_place_role(storage::Transaction& tx, const Asker& asker,
                      const wire::SetPlaceRole& request, Timestamp now);

}  // namespace unhidra::chat
