#pragma once
// Spaces, channels, people, chat policy and versions of messages, as the server tells them: what of
// these the server has to know is described in gateway.proto. Requests are asked at once and need a
// connection; each is answered by one event::PlaceAnswer.

#include <string>
#include <variant>

#include "unhidra/wire/channels.h"
#include "unhidra/wire/keys.h"

namespace unhidra::client {

using PlaceRequest =
    std::variant<wire::CreateSpace, wire::UpdateSpace, wire::DeleteSpace, wire::ListSpaces,
                 wire::SetPlaceRole, wire::UpdateChannel, wire::DeleteChannel, wire::ListChannels,
                 wire::JoinChannel, wire::RemoveFromChannel, wire::UnbanFromChannel,
                 wire::SetChannelOverride, wire::FetchChannel, wire::FetchChatPolicy,
                 wire::SetChatPolicy, wire::FetchMessageVersions, wire::ListPeople>;

using PlaceAnswerBody =
    std::variant<std::monostate, wire::Spaces, wire::Channels, wire::ChannelDetails,
                 wire::ChatPolicy, wire::MessageVersions, wire::People>;

// A channel to be made.
struct NewChannel {
  std::string name;
  std::string topic;        // told to the members alone
  std::string description;  // likewise
  // Whoever is in the organisation may come in; the server learns the name. Fixed for good.
  bool open = false;
  std::optional<SpaceId> space;
  bool announcements = false;  // only who manages it may post
  bool is_default = false;     // newcomers come in by themselves
  std::vector<UserId> users;   // besides oneself
};

}  // namespace unhidra::client
