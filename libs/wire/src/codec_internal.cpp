#include "unhidra/wire/internal.h"

#include "codec_impl.h"

namespace unhidra::wire {

UNHIDRA_WIRE_MESSAGE(RoutedPrincipal);
UNHIDRA_WIRE_MESSAGE(RoutedRequest);
UNHIDRA_WIRE_MESSAGE(RoutedReply);
UNHIDRA_WIRE_MESSAGE(ConnectionRecord);
UNHIDRA_WIRE_MESSAGE(ConnectionList);

}  // namespace unhidra::wire
