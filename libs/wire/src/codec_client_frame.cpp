#include "unhidra/wire/frames.h"

#include "codec_impl.h"

namespace unhidra::wire {

UNHIDRA_WIRE_MESSAGE(ClientFrame);
UNHIDRA_WIRE_MESSAGE(Authenticate);
UNHIDRA_WIRE_MESSAGE(SetPresence);
UNHIDRA_WIRE_MESSAGE(WatchPresence);
UNHIDRA_WIRE_MESSAGE(LookUpUser);
UNHIDRA_WIRE_MESSAGE(SignedPreKey);
UNHIDRA_WIRE_MESSAGE(OneTimePreKey);
UNHIDRA_WIRE_MESSAGE(PublishKeys);
UNHIDRA_WIRE_MESSAGE(CountPreKeys);
UNHIDRA_WIRE_MESSAGE(FetchPreKeyBundles);
UNHIDRA_WIRE_MESSAGE(FetchKeyDigest);
UNHIDRA_WIRE_MESSAGE(PublishDeviceList);
UNHIDRA_WIRE_MESSAGE(FetchDeviceLists);
UNHIDRA_WIRE_MESSAGE(ListPendingDevices);
UNHIDRA_WIRE_MESSAGE(OpenDirectConversation);
UNHIDRA_WIRE_MESSAGE(ListConversations);
UNHIDRA_WIRE_MESSAGE(DeviceCiphertext);
UNHIDRA_WIRE_MESSAGE(SendMessage);
UNHIDRA_WIRE_MESSAGE(FetchInbox);
UNHIDRA_WIRE_MESSAGE(AcknowledgeInbox);
UNHIDRA_WIRE_MESSAGE(FetchLog);
UNHIDRA_WIRE_MESSAGE(PublishKeyPackages);
UNHIDRA_WIRE_MESSAGE(CountKeyPackages);
UNHIDRA_WIRE_MESSAGE(ClaimKeyPackages);
UNHIDRA_WIRE_MESSAGE(CreateGroup);
UNHIDRA_WIRE_MESSAGE(CommitGroup);
UNHIDRA_WIRE_MESSAGE(ProposeToGroup);
UNHIDRA_WIRE_MESSAGE(SendGroupMessage);
UNHIDRA_WIRE_MESSAGE(FetchGroupLog);
UNHIDRA_WIRE_MESSAGE(FetchGroupInfo);
UNHIDRA_WIRE_MESSAGE(FetchRatchetTree);
UNHIDRA_WIRE_MESSAGE(ResetGroup);

}  // namespace unhidra::wire
