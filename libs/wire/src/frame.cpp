// Frames whose body stays encoded: what the gateway needs to route.

#include "unhidra/wire/codec.h"

#include "reader.h"
#include "writer.h"

namespace unhidra::wire {
namespace {

constexpr std::uint32_t kRequestIdField = 1;
// gateway.proto: fields 10 to 999 of ClientFrame are requests.
constexpr std::uint32_t kFirstBody = 10;
constexpr std::uint32_t kLastBody = 999;

void write_frame(Writer& out, std::uint64_t request_id, std::uint32_t field, ByteView body) {
  if (request_id != 0) {
    out.number(kRequestIdField, request_id);
  }
  out.bytes(field, body);
}

Bytes make_frame(std::uint64_t request_id, std::uint32_t field, ByteView body) {
  Writer counter;
  write_frame(counter, request_id, field, body);
  Bytes out(counter.written());
  Writer writer(out);
  write_frame(writer, request_id, field, body);
  return out;
}

}  // namespace

Result<PeekedRequest> peek_request(ByteView frame, const Limits& limits) {
  if (frame.size() > limits.max_size) {
    return fail(Errc::too_large, "frame of " + std::to_string(frame.size()) + " bytes, at most " +
                                     std::to_string(limits.max_size) + " are accepted");
  }
  Budget budget{limits, 0};
  Reader reader(frame, "ClientFrame", budget, 0);
  PeekedRequest request;
  while (reader.next()) {
    const auto field = reader.field();
    if (field == kRequestIdField) {
      request.request_id = reader.u64();
    } else if (field < kFirstBody || field > kLastBody) {
      reader.skip();
    } else if (request.field != 0) {
      reader.fail_with(Errc::malformed, "two requests in one frame");
    } else {
      request.field = field;
      request.body = reader.bytes();
    }
  }
  UNHIDRA_TRY_VOID(reader.status());
  if (request.request_id == 0) {
    return fail(Errc::missing_field, "ClientFrame.request_id: missing");
  }
  if (request.field == 0) {
    return fail(Errc::no_body, "the frame holds no request");
  }
  return request;
}

Bytes make_response(std::uint64_t request_id, std::uint32_t field, ByteView body) {
  return make_frame(request_id, field, body);
}

Bytes make_request(std::uint64_t request_id, std::uint32_t field, ByteView body) {
  return make_frame(request_id, field, body);
}

}  // namespace unhidra::wire
