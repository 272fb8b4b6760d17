#pragma once
// What a client's request is about, for whoever judges it before its handler reads it.

#include <string_view>
#include <vector>

#include "unhidra/base/id.h"
#include "unhidra/wire/codec.h"

namespace unhidra::wire {

// A field of the request that is an id, or a list of ids.
struct RequestIds {
  std::string_view name;  // as in api/proto; static
  bool list = false;
  std::vector<Uuid> ids;  // one, unless it is a list
};

// The fields of the body itself (not of messages in it), read by decode() as the handler will read
// them under the same limits; without those that were left out. `field`: the body's number in
// ClientFrame. Errors: as decode(); no_body for a number that is no request.
Result<std::vector<RequestIds>> ids_of_request(std::uint32_t field, ByteView body,
                                               const Limits& limits = {});

}  // namespace unhidra::wire
