// Text from a client as a JSON body, and as a cursor.
#include <cstdlib>

#include "unhidra/access/json.h"
#include "unhidra/access/paging.h"

struct Request {
  std::string text;
  std::optional<unhidra::UserId> id;
  std::vector<std::int32_t> numbers;
  std::optional<unhidra::Bytes> blob;
};
BOOST_DESCRIBE_STRUCT(Request, (), (text, id, numbers, blob))

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace unhidra;
  const ByteView bytes(data, size);
  if (const auto value = access::parse_json(as_text(bytes))) {
    // What was accepted is accepted again, and means the same.
    const auto again = access::parse_json(access::serialize(*value));
    if (!again || *again != *value) {
      std::abort();
    }
  }
  static_cast<void>(access::parse_body<Request>(bytes));
  static_cast<void>(access::decode_cursor("users.list", as_text(bytes)));
  return 0;
}
