#include "strict_json.h"

#include <set>
#include <vector>

#include <boost/json/basic_parser_impl.hpp>

namespace unhidra::pki {
namespace {

namespace json = boost::json;
using ErrorCode = json::error_code;

constexpr std::size_t kMaxDepth = 8;

// Collects the member names of each open object and fails on the second of a name.
struct DuplicateFinder {
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);

  bool on_document_begin(ErrorCode&) { return true; }
  bool on_document_end(ErrorCode&) { return true; }
  bool on_object_begin(ErrorCode&) {
    open.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t, ErrorCode&) {
    open.pop_back();
    return true;
  }
  bool on_array_begin(ErrorCode&) { return true; }
  bool on_array_end(std::size_t, ErrorCode&) { return true; }
  bool on_key_part(json::string_view part, std::size_t, ErrorCode&) {
    key.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, std::size_t, ErrorCode& error) {
    key.append(part.data(), part.size());
    if (!open.back().insert(std::move(key)).second) {
      error = json::error::syntax;
      return false;
    }
    key.clear();
    return true;
  }
  bool on_string_part(json::string_view, std::size_t, ErrorCode&) { return true; }
  bool on_string(json::string_view, std::size_t, ErrorCode&) { return true; }
  bool on_number_part(json::string_view, ErrorCode&) { return true; }
  bool on_int64(std::int64_t, json::string_view, ErrorCode&) { return true; }
  bool on_uint64(std::uint64_t, json::string_view, ErrorCode&) { return true; }
  bool on_double(double, json::string_view, ErrorCode&) { return true; }
  bool on_bool(bool, ErrorCode&) { return true; }
  bool on_null(ErrorCode&) { return true; }
  bool on_comment_part(json::string_view, ErrorCode&) { return true; }
  bool on_comment(json::string_view, ErrorCode&) { return true; }

  std::vector<std::set<std::string>> open;
  std::string key;
};

}  // namespace

std::optional<json::object> parse_strict(std::string_view text) {
  json::parse_options options;
  options.max_depth = kMaxDepth;
  json::basic_parser<DuplicateFinder> finder(options);
  ErrorCode error;
  const std::size_t used = finder.write_some(false, text.data(), text.size(), error);
  if (error || used != text.size()) {
    return std::nullopt;
  }
  json::value value = json::parse({text.data(), text.size()}, error, {}, options);
  if (error || !value.is_object()) {
    return std::nullopt;
  }
  return std::move(value.get_object());
}

const json::string* string_member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains({name.data(), name.size()});
  return value == nullptr ? nullptr : value->if_string();
}

}  // namespace unhidra::pki
