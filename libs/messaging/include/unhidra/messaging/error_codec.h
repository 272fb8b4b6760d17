#pragma once
// An Error as bytes, for buses that leave the process.

#include "unhidra/base/bytes.h"
#include "unhidra/messaging/errc.h"

namespace unhidra::messaging {

Bytes encode_error(const Error& error);

// The same code, kind, message and retry_after. Code names are interned for the life of the
// process; there is room for 4,096 different ones, after which a name unseen becomes
// "messaging.foreign_error" of the same kind. Errc::bad_reply when it does not parse.
Status decode_error(ByteView bytes, Error& out);

}  // namespace unhidra::messaging
