#pragma once
// Protobuf encoding of the messages of this room. Instantiated in src/ for every message; pure, no
// state, safe from any thread.
// Source: https://protobuf.dev/programming-guides/encoding/ and the .proto files in api/proto.

#include "unhidra/wire/errc.h"
#include "unhidra/wire/field.h"

namespace unhidra::wire {

// What a decoder accepts before it gives up. Memory use is bounded by them: no allocation is larger
// than the input, except for the elements of repeated messages, which are counted.
struct Limits {
  std::size_t max_size = 1 << 20;   // bytes of the whole message
  std::size_t max_elements = 8192;  // repeated elements, all levels together
  unsigned max_depth = 8;           // messages inside messages
};

// Cannot fail: every struct has an encoding. Fields at their default are left out (proto3). The
// result is allocated once at its exact size, so nothing of a secret stays behind in the heap.
template <Message T>
Bytes encode(const T& message);

// Unknown fields are skipped; of a singular field given twice the last counts, and two halves of a
// message are merged, as Protobuf prescribes.
template <Message T>
Result<T> decode(ByteView bytes, const Limits& limits = {});

// A ClientFrame whose body is left encoded, for routing. `body` points into the frame.
struct PeekedRequest {
  std::uint64_t request_id = 0;
  std::uint32_t field = 0;
  ByteView body;
};
// Errors: malformed; no_body; too_large. Refuses a frame with two bodies and one without request
// id.
Result<PeekedRequest> peek_request(ByteView frame, const Limits& limits = {});

// A ServerFrame around a body that is encoded already. request_id 0 makes an event.
Bytes make_response(std::uint64_t request_id, std::uint32_t field, ByteView body);
// A ClientFrame around a body that is encoded already.
Bytes make_request(std::uint64_t request_id, std::uint32_t field, ByteView body);

}  // namespace unhidra::wire
