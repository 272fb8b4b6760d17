#pragma once
// The handlers of chat policy, typing, message versions, spaces and channels.

#include <mutex>
#include <unordered_map>

#include "unhidra/chat/chat_role.h"
#include "unhidra/wire/frame_bodies.h"

#include "asker.h"
#include "group_operations.h"

namespace unhidra::chat {

// At most one notice of typing in a while from each device; stopping is always told. Bounded: when
// it is full it forgets all. Safe from any thread.
class TypingGate {
 public:
  static constexpr std::chrono::seconds kInterval{2};
  static constexpr std::size_t kMaxDevices = 100'000;
  bool pass(DeviceId device, bool active, SteadyTime now);

 private:
  std::mutex mutex_;
  std::map<DeviceId, SteadyTime> last_;
};

class PlaceOperations {
 public:
  // `groups` outlives it.
  PlaceOperations(ChatDependencies dependencies, GroupOperations& groups)
      : deps_(dependencies), groups_(groups) {}
  void bind(access::Handlers& handlers);

 private:
  using Context = access::OperationContext;

  Task<Result<void>> send_typing(Context& context, wire::SendTyping request);
  Task<Result<wire::ChatPolicy>> fetch_policy(Context& context, wire::FetchChatPolicy request);
  Task<Result<void>> set_policy(Context& context, wire::SetChatPolicy request);
  Task<Result<wire::MessageVersions>> fetch_versions(Context& context,
                                                     wire::FetchMessageVersions request);
  Task<Result<void>> create_space(Context& context, wire::CreateSpace request);
  Task<Result<void>> update_space(Context& context, wire::UpdateSpace request);
  Task<Result<void>> delete_space(Context& context, wire::DeleteSpace request);
  Task<Result<wire::Spaces>> list_spaces(Context& context, wire::ListSpaces request);
  Task<Result<void>> set_role(Context& context, wire::SetPlaceRole request);
  Task<Result<void>> create_channel(Context& context, wire::CreateChannel request);
  Task<Result<void>> update_channel(Context& context, wire::UpdateChannel request);
  Task<Result<void>> delete_channel(Context& context, wire::DeleteChannel request);
  Task<Result<wire::Channels>> list_channels(Context& context, wire::ListChannels request);
  Task<Result<void>> join_channel(Context& context, wire::JoinChannel request);
  Task<Result<void>> remove_member(Context& context, wire::RemoveFromChannel request);
  Task<Result<void>> unban(Context& context, wire::UnbanFromChannel request);
  Task<Result<void>> set_override(Context& context, wire::SetChannelOverride request);
  Task<Result<wire::ChannelDetails>> fetch_channel(Context& context, wire::FetchChannel request);

  // After the commit: the devices in the channel look again.
  Task<void> tell_changed(ConversationId id);
  // Likewise every device of the organisation takes the policy over.
  Task<void> tell_policy(OrgId org, wire::ChatPolicy policy);

  ChatDependencies deps_;
  GroupOperations& groups_;
  TypingGate gate_;
};

}  // namespace unhidra::chat
