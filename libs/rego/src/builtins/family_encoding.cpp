// Encodings: base64, hexadecimal, URL queries, JSON, YAML.
#include <algorithm>
#include <map>

#include "builtins/families.h"
#include "builtins/go_text.h"
#include "builtins/json_text.h"
#include "builtins/text_codec.h"
#include "builtins/uri.h"
#include "builtins/yaml_text.h"

namespace unhidra::rego::builtins {
namespace {

// An encoder whose result has at most a few times the size of its operand.
template <std::string (*kEncode)(std::string_view)>
Answer encoded(const Call& call) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  UNHIDRA_TRY_VOID(call.environment().charge(text.size() * 4));
  return Value::string(kEncode(text));
}
// What is decoded may be no text: ill-formed bytes stay until they are written as JSON.
template <Result<std::string> (*kDecode)(std::string_view)>
Answer decoded(const Call& call) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  UNHIDRA_TRY_VOID(call.environment().charge(text.size() * 2));
  UNHIDRA_TRY(std::string out, kDecode(text));
  return Value::string(std::move(out));
}

std::string base64(std::string_view text) {
  return encode_base64(text, Base64Alphabet::standard, true);
}
std::string base64url(std::string_view text) {
  return encode_base64(text, Base64Alphabet::url, true);
}
std::string base64url_no_pad(std::string_view text) {
  return encode_base64(text, Base64Alphabet::url, false);
}
Result<std::string> from_standard_base64(std::string_view text) {
  return decode_base64(text, Base64Alphabet::standard);
}

Answer base64_is_valid(const Call& call) {
  return Value::boolean(call[0].is(Kind::string) &&
                        from_standard_base64(call[0].text()).has_value());
}

Answer query_encode_object(const Call& call) {
  UNHIDRA_TRY(const Value object, call.of_kind(0, Kind::object));
  std::string out;
  const auto add = [&](const std::string& key, const Value& value) -> Status {
    if (!value.is(Kind::string)) {
      return operand_error(1, "values must be string, array[string], or set[string]");
    }
    UNHIDRA_TRY_VOID(call.environment().charge((key.size() + value.text().size()) * 3));
    out += (out.empty() ? "" : "&") + escape_query(key) + '=' + escape_query(value.text());
    return {};
  };
  for (const auto& [key, value] : object.members()) {
    const std::string name = key.is(Kind::string) ? key.text() : to_json(key);
    if (value.is(Kind::array) || value.is(Kind::set)) {
      for (const Value& element : value.elements()) {
        UNHIDRA_TRY_VOID(add(name, element));
      }
    } else {
      UNHIDRA_TRY_VOID(add(name, value));
    }
  }
  return Value::string(std::move(out));
}

Answer query_decode_object(const Call& call) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  UNHIDRA_TRY_VOID(call.environment().charge(text.size() * 32));
  UNHIDRA_TRY(auto pairs, parse_query(text));
  std::map<std::string, std::vector<Value>> values;
  for (auto& [key, value] : pairs) {
    values[key].push_back(Value::string(std::move(value)));
  }
  std::vector<Value::Member> out;
  for (auto& [key, list] : values) {
    out.emplace_back(Value::string(key), Value::array(std::move(list)));
  }
  return Value::object(std::move(out));
}

// An object of what is there. The path as it was written always stands beside the decoded one.
Answer uri_parse(const Call& call) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  UNHIDRA_TRY_VOID(call.environment().charge(text.size() * 8));
  UNHIDRA_TRY(Uri uri, parse_uri(text));
  if (uri.raw_path.empty()) {
    uri.raw_path = uri.path;
  }
  std::vector<Value::Member> out;
  const auto add = [&out](std::string_view name, std::string& part) {
    if (!part.empty()) {
      out.emplace_back(Value::string(std::string(name)), Value::string(std::move(part)));
    }
  };
  add("scheme", uri.scheme);
  add("hostname", uri.hostname);
  add("port", uri.port);
  add("path", uri.path);
  add("raw_path", uri.raw_path);
  add("raw_query", uri.raw_query);
  add("fragment", uri.fragment);
  return Value::object(std::move(out));
}

Answer uri_is_valid(const Call& call) {
  if (!call[0].is(Kind::string)) {
    return Value::boolean(false);
  }
  const std::string_view text = call[0].text();
  UNHIDRA_TRY_VOID(call.environment().charge(text.size() * 8));
  return Value::boolean(!text.empty() && parse_uri(text).has_value());
}

Answer written(const Call& call, std::string text) {
  UNHIDRA_TRY_VOID(call.environment().charge(text.size()));
  return Value::string(std::move(text));
}

Answer json_marshal(const Call& call) {
  UNHIDRA_TRY_VOID(call.environment().expect_room_for(call[0]));
  return written(call, to_json(call[0]));
}

Answer json_marshal_with_options(const Call& call) {
  UNHIDRA_TRY(const Value options, call.of_kind(1, Kind::object));
  std::string prefix;
  std::string indent = "\t";
  bool implied = false;
  std::optional<bool> pretty;
  for (const auto& [key, value] : options.members()) {
    const std::string name = to_term(key);
    if (key.is(Kind::string) && (key.text() == "prefix" || key.text() == "indent")) {
      if (!value.is(Kind::string)) {
        return operand_error(2, "key " + name +
                                    " failed cast to string: operand must be string "
                                    "but got " +
                                    std::string(kind_name(value.kind())));
      }
      (key.text() == "prefix" ? prefix : indent) = value.text();
      implied = true;
    } else if (key.is(Kind::string) && key.text() == "pretty") {
      if (!value.is(Kind::boolean)) {
        return operand_error(2, "key " + name + " failed cast to bool");
      }
      pretty = value.as_boolean();
    } else {
      return operand_error(2, "object contained unknown key " + name);
    }
  }
  if (!pretty.value_or(implied)) {
    return json_marshal(call);
  }
  UNHIDRA_TRY_VOID(call.environment().expect_room_for(call[0], prefix.size() + indent.size() + 1));
  return written(call, prefix + to_json_lines(call[0], prefix, indent));
}

Answer json_unmarshal(const Call& call) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  UNHIDRA_TRY_VOID(call.environment().charge(text.size() * 16));
  UNHIDRA_TRY(Value value, parse_json(text));
  return value;
}

Answer json_is_valid(const Call& call) {
  UNHIDRA_TRY_VOID(call.environment().spend(call[0].text().size() * 16));
  return Value::boolean(call[0].is(Kind::string) && is_valid_json(call[0].text()));
}

Answer yaml_marshal(const Call& call) {
  UNHIDRA_TRY_VOID(call.environment().expect_room_for(call[0], 2));
  return written(call, to_yaml(call[0]));
}

Answer yaml_unmarshal(const Call& call) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  UNHIDRA_TRY(Value value, parse_yaml(text, call.environment()));
  return value;
}

Answer yaml_is_valid(const Call& call) {
  return Value::boolean(call[0].is(Kind::string) &&
                        parse_yaml(call[0].text(), call.environment()).has_value());
}

constexpr Builtin kTable[] = {
    {"base64.decode", 1, decoded<from_standard_base64>},
    {"base64.encode", 1, encoded<base64>},
    {"base64.is_valid", 1, base64_is_valid},
    {"base64url.decode", 1, decoded<decode_base64url>},
    {"base64url.encode", 1, encoded<base64url>},
    {"base64url.encode_no_pad", 1, encoded<base64url_no_pad>},
    {"hex.decode", 1, decoded<decode_hex>},
    {"hex.encode", 1, encoded<encode_hex>},
    {"json.is_valid", 1, json_is_valid},
    {"json.marshal", 1, json_marshal},
    {"json.marshal_with_options", 2, json_marshal_with_options},
    {"json.unmarshal", 1, json_unmarshal},
    {"uri.is_valid", 1, uri_is_valid},
    {"uri.parse", 1, uri_parse},
    {"urlquery.decode", 1, decoded<unescape_query>},
    {"urlquery.decode_object", 1, query_decode_object},
    {"urlquery.encode", 1, encoded<escape_query>},
    {"urlquery.encode_object", 1, query_encode_object},
    {"yaml.is_valid", 1, yaml_is_valid},
    {"yaml.marshal", 1, yaml_marshal},
    {"yaml.unmarshal", 1, yaml_unmarshal},
};

}  // namespace

std::span<const Builtin> encoding_family() {
  return kTable;
}

}  // namespace unhidra::rego::builtins
