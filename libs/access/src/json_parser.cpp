// Text to boost::json::value. Boost's own parser lets the last of two equal keys win, silently; two
// parsers that disagree on which one counts are a way around a check, so equal keys are refused.

#include <unordered_set>
#include <vector>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_stack.hpp>

#include "unhidra/access/json.h"

namespace unhidra::access {
namespace {

namespace json = boost::json;
using ErrorCode = boost::system::error_code;
using Text = json::string_view;

// Builds the value as json::parser does, and remembers the keys of the objects it is inside of.
struct Builder {
  static constexpr std::size_t max_object_size = 10'000;
  static constexpr std::size_t max_array_size = 100'000;
  static constexpr std::size_t max_key_size = 256;
  static constexpr std::size_t max_string_size = 1 << 20;

  bool on_document_begin(ErrorCode&) { return true; }
  bool on_document_end(ErrorCode&) { return true; }
  bool on_array_begin(ErrorCode&) { return true; }
  bool on_array_end(std::size_t n, ErrorCode&) {
    stack.push_array(n);
    return true;
  }
  bool on_object_begin(ErrorCode&) {
    keys.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t n, ErrorCode&) {
    keys.pop_back();
    stack.push_object(n);
    return true;
  }
  bool on_key_part(Text text, std::size_t, ErrorCode&) {
    key.append(text.data(), text.size());
    stack.push_chars(text);
    return true;
  }
  bool on_key(Text text, std::size_t, ErrorCode& error) {
    key.append(text.data(), text.size());
    if (!keys.back().insert(key).second) {
      duplicate = true;
      error = json::error::syntax;
      return false;
    }
    key.clear();
    stack.push_key(text);
    return true;
  }
  bool on_string_part(Text text, std::size_t, ErrorCode&) {
    stack.push_chars(text);
    return true;
  }
  bool on_string(Text text, std::size_t, ErrorCode&) {
    stack.push_string(text);
    return true;
  }
  bool on_number_part(Text, ErrorCode&) { return true; }
  bool on_int64(std::int64_t number, Text, ErrorCode&) {
    stack.push_int64(number);
    return true;
  }
  bool on_uint64(std::uint64_t number, Text, ErrorCode&) {
    stack.push_uint64(number);
    return true;
  }
  bool on_double(double number, Text, ErrorCode&) {
    stack.push_double(number);
    return true;
  }
  bool on_bool(bool value, ErrorCode&) {
    stack.push_bool(value);
    return true;
  }
  bool on_null(ErrorCode&) {
    stack.push_null();
    return true;
  }
  bool on_comment_part(Text, ErrorCode&) { return true; }
  bool on_comment(Text, ErrorCode&) { return true; }

  json::value_stack stack;
  std::vector<std::unordered_set<std::string>> keys;
  std::string key;
  bool duplicate = false;
};

json::parse_options strict_options() {
  json::parse_options out;
  out.max_depth = kMaxJsonDepth;
  out.allow_comments = false;
  out.allow_trailing_commas = false;
  out.allow_invalid_utf8 = false;
  return out;
}

}  // namespace

Result<json::value> parse_json(std::string_view text) {
  json::basic_parser<Builder> parser(strict_options());
  parser.handler().stack.reset();
  ErrorCode error;
  const auto read = parser.write_some(false, text.data(), text.size(), error);
  if (parser.handler().duplicate) {
    return fail(Errc::bad_json, "a key stands twice in one object");
  }
  if (error) {
    return fail(Errc::bad_json,
                "not JSON at byte " + std::to_string(read) + ": " + error.message());
  }
  if (!parser.done()) {
    return fail(Errc::bad_json, "the JSON text is cut short");
  }
  if (read < text.size()) {
    return fail(Errc::bad_json, "something follows the JSON value");
  }
  return parser.handler().stack.release();
}

std::string serialize(const json::value& value) {
  return json::serialize(value);
}

}  // namespace unhidra::access
