#pragma once
// Lists are paged by an opaque cursor: base64url of a version, the list's name and the position. A
// cursor is no secret and grants nothing, every page is authorised anew; it only has to be ours.

#include "unhidra/access/context.h"

namespace unhidra::access {

inline constexpr std::uint32_t kDefaultPageSize = 50;
inline constexpr std::uint32_t kMaxPageSize = 200;

// `position`: the key after which the next page begins.
std::string encode_cursor(std::string_view list, ByteView position);
// Errc::bad_cursor for anything that encode_cursor did not write for this list.
Result<Bytes> decode_cursor(std::string_view list, std::string_view cursor);

struct PageRequest {
  Bytes position;  // empty: the first page
  std::uint32_t limit = kDefaultPageSize;
};
// From the query parameters `cursor` and `limit`; the list is the operation's name. A limit that is
// no number or outside 1..kMaxPageSize is Errc::bad_request.
Result<PageRequest> page_request(const OperationContext& context);

// Rows were fetched with limit + 1: drops the extra one and gives the cursor of the next page.
template <class Rows, class PositionOf>
std::optional<std::string> next_cursor(std::string_view list, const PageRequest& page, Rows& rows,
                                       PositionOf position_of) {
  if (rows.size() <= page.limit) {
    return std::nullopt;
  }
  rows.resize(page.limit);
  return encode_cursor(list, to_bytes(ByteView(position_of(rows.back()))));
}

}  // namespace unhidra::access
