#include "http_parser.h"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/vector_body.hpp>

#include "http_text.h"

namespace unhidra::net {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

// Chunk extensions and size lines are overhead that a peer can make as large as it likes.
constexpr std::size_t kMaxChunkExtensions = 1024;
// A size line or trailer field that is longer than this will not be waited for.
constexpr std::size_t kMaxUnfinishedLine = 4096;

std::string to_string(beast::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

struct HttpParser::Beast {
  http::request_parser<http::vector_body<Byte>> parser;
  std::size_t extension_bytes = 0;
  std::function<void(std::uint64_t, beast::string_view, beast::error_code&)> on_chunk;
};

HttpParser::HttpParser(const HttpLimits& limits)
    : limits_(limits), beast_(std::make_unique<Beast>()) {
  auto& parser = beast_->parser;
  parser.header_limit(static_cast<std::uint32_t>(limits.max_header_bytes));
  parser.body_limit(boost::none);  // the handler decides it after the head
  parser.eager(false);
  beast_->on_chunk = [beast = beast_.get()](std::uint64_t, beast::string_view extensions,
                                            beast::error_code& error) {
    beast->extension_bytes += extensions.size();
    if (beast->extension_bytes > kMaxChunkExtensions) {
      error = http::error::bad_chunk_extension;
    }
  };
  parser.on_chunk_header(beast_->on_chunk);
}

HttpParser::~HttpParser() = default;

std::optional<FormError> HttpParser::parse_head(std::string_view head) {
  if (auto error = check_request_form(head, limits_)) {
    return error;
  }
  beast::error_code error;
  const auto used = beast_->parser.put(boost::asio::buffer(head), error);
  if (error || used != head.size() || !beast_->parser.is_header_done()) {
    return FormError{400, "a malformed header"};
  }
  read_head();
  if (const auto expect = head_.headers.get("Expect")) {
    if (!equal_ignoring_case(*expect, "100-continue")) {
      return FormError{417, "an unknown expectation"};
    }
    expects_continue_ = has_body_;
  }
  return std::nullopt;
}

void HttpParser::read_head() {
  const auto& message = beast_->parser.get();
  head_.method = to_string(message.method_string());
  for (const auto& field : message) {
    head_.headers.add(to_string(field.name_string()), to_string(field.value()));
  }
  auto target = to_string(message.target());
  if (const std::string absolute(after_scheme(target)); !absolute.empty()) {
    // RFC 9112 section 3.2.2: the target's authority stands for Host.
    const auto end = std::min(absolute.find_first_of("/?"), absolute.size());
    head_.headers.set("Host", absolute.substr(0, end));
    target = (absolute.substr(end, 1) == "/" ? "" : "/") + absolute.substr(end);
  }
  const auto mark = std::min(target.find('?'), target.size());
  head_.path = target.substr(0, mark);
  head_.query = target.substr(std::min(mark + 1, target.size()));
  keep_alive_ = message.keep_alive();
  version_1_1_ = message.version() == 11;
  const auto length = beast_->parser.content_length();
  has_body_ = beast_->parser.chunked() || (length && *length > 0);
}

std::optional<FormError> HttpParser::set_body_limit(std::uint64_t limit) {
  const auto length = beast_->parser.content_length();
  if (length && *length > limit) {
    return FormError{413, "the body is too large"};
  }
  beast_->parser.body_limit(limit);
  beast_->parser.eager(true);
  return std::nullopt;
}

HttpParser::Progress HttpParser::parse_body(ByteView bytes) {
  Progress out;
  auto& parser = beast_->parser;
  while (out.consumed < bytes.size() && !parser.is_done()) {
    beast::error_code error;
    const auto rest = bytes.subspan(out.consumed);
    const auto used = parser.put(boost::asio::buffer(rest.data(), rest.size()), error);
    out.consumed += used;
    if (error == http::error::body_limit) {
      out.error = FormError{413, "the body is too large"};
      return out;
    }
    if (error && error != http::error::need_more) {
      out.error = FormError{400, "a malformed body"};
      return out;
    }
    if (used == 0) {
      break;
    }
  }
  out.done = parser.is_done();
  if (!out.done && bytes.size() - out.consumed > kMaxUnfinishedLine) {
    out.error = FormError{400, "an endless chunk line"};
  }
  return out;
}

Bytes HttpParser::take_body() {
  return std::move(beast_->parser.get().body());
}

}  // namespace unhidra::net
