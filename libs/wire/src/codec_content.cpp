#include "unhidra/wire/content.h"

#include "codec_impl.h"

namespace unhidra::wire {

UNHIDRA_WIRE_MESSAGE(GroupProfile);
UNHIDRA_WIRE_MESSAGE(Content);
UNHIDRA_WIRE_MESSAGE(ImportedReaction);
UNHIDRA_WIRE_MESSAGE(Imported);
UNHIDRA_WIRE_MESSAGE(CustomEmoji);
UNHIDRA_WIRE_MESSAGE(Text);
UNHIDRA_WIRE_MESSAGE(AccountKeyShare);
UNHIDRA_WIRE_MESSAGE(SessionReset);
UNHIDRA_WIRE_MESSAGE(Reaction);
UNHIDRA_WIRE_MESSAGE(Edit);
UNHIDRA_WIRE_MESSAGE(Deletion);
UNHIDRA_WIRE_MESSAGE(Receipt);
UNHIDRA_WIRE_MESSAGE(ReadMark);
UNHIDRA_WIRE_MESSAGE(FollowRule);
UNHIDRA_WIRE_MESSAGE(ReceiptWish);
UNHIDRA_WIRE_MESSAGE(ReadState);
UNHIDRA_WIRE_MESSAGE(HistoryTransfer);
UNHIDRA_WIRE_MESSAGE(CommitFault);

}  // namespace unhidra::wire
