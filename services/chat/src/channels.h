#pragma once
// Channels: the directory, their life, who comes and goes. The conversation and its keys are the
// group's; here stands what the server has to know to enforce the rules.

#include <set>

#include "unhidra/storage/transaction.h"
#include "unhidra/wire/channels.h"

#include "group_changes.h"
#include "places.h"

namespace unhidra::chat {

// Of a group that the asker has created. The same again is answered as the first time.
// Errc::not_found, not_allowed, bad_name, name_taken, bad_group (a public one without the extension
// `open_channel`, a private one with it), place_exists, place_archived.
Status create_channel(storage::Transaction& tx, const Asker& asker,
                      const wire::CreateChannel& request, Timestamp now);
Status update_channel(storage::Transaction& tx, const Asker& asker,
                      const wire::UpdateChannel& request, Timestamp now);
// Everybody is out; the server proposes it to the group, and closes it.
Result<GroupChange> delete_channel(const GroupService& service, storage::Transaction& tx,
                                   const Asker& asker, ConversationId id, Timestamp now);
Result<wire::Channels> list_channels(storage::Transaction& tx, const Asker& asker,
                                     const wire::ListChannels& request);
Result<wire::ChannelDetails> fetch_channel(storage::Transaction& tx, const Asker& asker,
                                           ConversationId id);
Status set_override(storage::Transaction& tx, const Asker& asker,
                    const wire::SetChannelOverride& request);

// ---- who comes and goes (channel_members.cpp) ----
// How many were joined: without an id all default channels that the asker has never been in.
Result<std::uint32_t> join_channel(storage::Transaction& tx, const Asker& asker,
                                   const wire::JoinChannel& request, Timestamp now);
// The server proposes that the person's devices leave. Errc::not_allowed, not_found, outranked.
Result<GroupChange> remove_from_channel(const GroupService& service, storage::Transaction& tx,
                                        const Asker& asker, const wire::RemoveFromChannel& request,
                                        Timestamp now);
Status unban(storage::Transaction& tx, const Asker& asker, const wire::UnbanFromChannel& request);

// ---- what the delivery service asks; all pass for a group that is no channel ----
// Errc::not_allowed, place_archived.
Status check_channel_message(storage::Transaction& tx, const Asker& asker, ConversationId id,
                             wire::MessageKind kind);
// A commit brings in these people anew and takes these out altogether.
Status check_channel_commit(storage::Transaction& tx, const Asker& asker, ConversationId id,
                            const std::set<UserId>& brought_in, const std::set<UserId>& taken_out);
// People who came in by a commit have been there from now on.
Status note_channel_members(storage::Transaction& tx, OrgId org, ConversationId id,
                            const std::set<UserId>& users, Timestamp now);
// Somebody begins the group anew.
Status check_channel_reset(storage::Transaction& tx, const Asker& asker, ConversationId id);

}  // namespace unhidra::chat
