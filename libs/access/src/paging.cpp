#include "unhidra/access/paging.h"

#include <charconv>

#include "unhidra/base/codec.h"
#include "unhidra/base/text.h"

namespace unhidra::access {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kMaxCursor = 1024;
constexpr std::size_t kMaxListName = 64;

}  // namespace

std::string encode_cursor(std::string_view list, ByteView position) {
  ByteWriter out;
  out.u8(kVersion).text(list).bytes(position);
  return to_base64url(out.view());
}

Result<Bytes> decode_cursor(std::string_view list, std::string_view cursor) {
  const auto bad = [] { return fail(Errc::bad_cursor, "cursor: not one of this list"); };
  if (cursor.size() > kMaxCursor) {
    return bad();
  }
  const auto bytes = from_base64url(cursor);
  if (!bytes) {
    return bad();
  }
  ByteReader in(*bytes);
  const auto version = in.u8();
  const auto name = in.text(kMaxListName);
  auto position = to_bytes(in.bytes(kMaxCursor));
  if (!in.finish("cursor") || version != kVersion || name != list || position.empty()) {
    return bad();
  }
  return position;
}

Result<PageRequest> page_request(const OperationContext& context) {
  PageRequest out;
  if (const auto cursor = context.query("cursor")) {
    UNHIDRA_TRY(out.position, decode_cursor(context.operation().name, *cursor));
  }
  if (const auto limit = context.query("limit")) {
    const auto* const end = limit->data() + limit->size();
    const auto [stop, error] = std::from_chars(limit->data(), end, out.limit);
    if (error != std::errc{} || stop != end || out.limit == 0 || out.limit > kMaxPageSize) {
      return fail(Errc::bad_request,
                  "limit: expected a number from 1 to " + std::to_string(kMaxPageSize));
    }
  }
  return out;
}

}  // namespace unhidra::access
