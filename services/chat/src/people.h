#pragma once
// The people of an organisation: one by name or id, those whose names begin as somebody types, and
// those who are called otherwise than before.

#include "unhidra/storage/transaction.h"
#include "unhidra/wire/keys.h"

#include "asker.h"

namespace unhidra::chat {

inline constexpr std::size_t kMaxPeopleSearch = 128;  // bytes
inline constexpr std::size_t kMaxSearchWords = 6;

// One whom the asker may know of: a guest only with whom he shares a conversation. Errc::not_found,
// malformed.
Result<wire::UserInfo> look_up_user(storage::Transaction& tx, const Asker& asker,
                                    const wire::LookUpUser& request);

// In the order of user names. Guests, and everybody but administrators where the organisation hides
// its people, list those alone with whom they share a conversation. Errc::malformed: a search that
// is too long, or a cursor that no page gave.
Result<wire::People> list_people(storage::Transaction& tx, const Asker& asker,
                                 const wire::ListPeople& request);

}  // namespace unhidra::chat
