#include "unhidra/wire/content.h"

#include "codec_impl.h"

namespace unhidra::wire {

UNHIDRA_WIRE_MESSAGE(GroupProfile);
UNHIDRA_WIRE_MESSAGE(Content);
UNHIDRA_WIRE_MESSAGE(Text);
UNHIDRA_WIRE_MESSAGE(AccountKeyShare);
UNHIDRA_WIRE_MESSAGE(SessionReset);

}  // namespace unhidra::wire
