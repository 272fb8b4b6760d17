#pragma once
// The handlers of the chat role: each reads its request, changes the database in one transaction,
// and tells the devices concerned after the commit.

#include "unhidra/access/context.h"
#include "unhidra/chat/chat_role.h"
#include "unhidra/wire/frame_bodies.h"

#include "asker.h"

namespace unhidra::chat {

class ChatOperations {
 public:
  explicit ChatOperations(ChatDependencies dependencies) : deps_(dependencies) {}
  void bind(access::Handlers& handlers);
  // Those who share a conversation with somebody, and his own devices, learn what he is called now.
  Task<Result<Bytes>> tell_profile(Bytes change);
  // The other own devices of somebody whose device was revoked: it may have waited for their
  // approval.
  Task<Status> tell_revoked(DeviceId device);

 private:
  using Context = access::OperationContext;

  Task<Result<wire::UserInfo>> look_up_user(Context& context, wire::LookUpUser request);
  Task<Result<wire::People>> list_people(Context& context, wire::ListPeople request);
  Task<Result<void>> publish_keys(Context& context, wire::PublishKeys request);
  Task<Result<wire::PreKeyCount>> count_pre_keys(Context& context, wire::CountPreKeys request);
  Task<Result<wire::PreKeyBundles>> fetch_bundles(Context& context,
                                                  wire::FetchPreKeyBundles request);
  Task<Result<wire::KeyDigest>> fetch_digest(Context& context, wire::FetchKeyDigest request);
  Task<Result<void>> publish_device_list(Context& context, wire::PublishDeviceList request);
  Task<Result<wire::DeviceLists>> fetch_device_lists(Context& context,
                                                     wire::FetchDeviceLists request);
  Task<Result<wire::PendingDevices>> list_pending(Context& context,
                                                  wire::ListPendingDevices request);
  Task<Result<wire::Conversation>> open_direct(Context& context,
                                               wire::OpenDirectConversation request);
  Task<Result<wire::Conversations>> list_conversations(Context& context,
                                                       wire::ListConversations request);
  Task<Result<wire::SendOutcome>> send_message(Context& context, wire::SendMessage request);
  Task<Result<wire::Inbox>> fetch_inbox(Context& context, wire::FetchInbox request);
  Task<Result<void>> acknowledge_inbox(Context& context, wire::AcknowledgeInbox request);
  Task<Result<wire::Log>> fetch_log(Context& context, wire::FetchLog request);

  ChatDependencies deps_;
};

}  // namespace unhidra::chat
