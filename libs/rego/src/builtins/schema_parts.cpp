#include "builtins/schema_parts.h"

#include "builtins/go_time.h"
#include "builtins/ip_network.h"
#include "builtins/json_patch.h"
#include "builtins/number_math.h"
#include "builtins/regex.h"

namespace unhidra::rego::builtins {
namespace {

bool is_integer(const Value& value) {
  return value.is(Kind::number) && integer_text(value.text()).has_value();
}

}  // namespace

std::string schema_type_of(const Value& value) {
  return is_integer(value)     ? "integer"
         : value.is(Kind::set) ? "array"
                               : std::string(kind_name(value.kind()));
}

bool has_schema_type(const Value& value, std::string_view type) {
  return type == schema_type_of(value) || (type == "number" && value.is(Kind::number));
}

bool is_schema_list(const Value& value) {
  return value.is(Kind::array) || value.is(Kind::set);
}

bool has_format(std::string_view text, std::string_view format) {
  const auto matches = [&](std::string_view pattern) {
    const auto regex = Regex::compile(pattern);
    return regex && regex->match(text);
  };
  if (format == "date-time") {
    return parse_time("2006-01-02T15:04:05Z07:00", text).has_value();
  }
  if (format == "date") {
    return parse_time("2006-01-02", text).has_value();
  }
  if (format == "time") {
    return parse_time("15:04:05Z07:00", text).has_value() ||
           parse_time("15:04:05", text).has_value();
  }
  if (format == "ipv4" || format == "ipv6") {
    const auto ip = parse_ip(text);
    return ip && (text.find(':') == std::string_view::npos) == (format == "ipv4");
  }
  if (format == "email" || format == "idn-email") {
    return matches(R"(^[^@\s]+@[^@\s]+$)");
  }
  if (format == "hostname") {
    return text.size() <= 255 &&
           matches(
               R"(^([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9\-]{0,61}[a-zA-Z0-9])(\.([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9\-]{0,61}[a-zA-Z0-9]))*$)");
  }
  if (format == "uuid") {
    return matches("^(?i)[a-f0-9]{8}-[a-f0-9]{4}-[1-5][a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}$");
  }
  if (format == "uri" || format == "iri") {
    return matches(R"(^[a-zA-Z][a-zA-Z0-9+.\-]*:[^\s\\]*$)");
  }
  if (format == "regex") {
    return Regex::compile(text).has_value();
  }
  if (format == "json-pointer") {
    return matches(R"(^(/([^~/]|~[01])*)*$)");
  }
  return true;  // an unknown format says nothing
}

const Value* resolve_schema(const Value& root, std::string_view reference) {
  if (!reference.starts_with('#')) {
    return nullptr;
  }
  const auto path = read_path(Value::string(std::string(reference.substr(1))));
  const Value* at = &root;
  for (const Value& step : path ? *path : Path()) {
    at = at != nullptr ? child_of(*at, step) : nullptr;
  }
  return path ? at : nullptr;
}

}  // namespace unhidra::rego::builtins
