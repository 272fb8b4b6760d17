// A request as a connection reads it: the end of the head, its form, the parser, the body. Whatever
// the form check lets through must have exactly one reading of the body's length.
#include <cstdlib>

#include "http_form.h"
#include "http_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace unhidra;
  using namespace unhidra::net;
  const std::string_view text = as_text(ByteView(data, size));
  const HttpLimits limits{2048, 20};
  const auto found = find_head_end(text, 0, limits);
  if (found.error || found.end == std::string_view::npos) {
    return 0;
  }
  HttpParser parser(limits);
  if (parser.parse_head(text.substr(0, found.end))) {
    return 0;
  }
  const auto& headers = parser.head().headers;
  if (headers.count("Content-Length") + headers.count("Transfer-Encoding") > 1 ||
      headers.size() > limits.max_header_fields) {
    std::abort();
  }
  if (parser.set_body_limit(1000) || !parser.has_body()) {
    return 0;
  }
  const auto progress = parser.parse_body(as_bytes(text.substr(found.end)));
  if (progress.consumed > size - found.end || parser.take_body().size() > 1000) {
    std::abort();
  }
  return 0;
}
