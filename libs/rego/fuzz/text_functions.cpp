// The parsers of outside text among the built-in functions. The first byte chooses the function,
// NUL separates its operands.
#include <array>

#include "builtins/function.h"
#include "builtins/go_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace unhidra::rego;
  using namespace unhidra::rego::builtins;
  constexpr std::array<std::string_view, 28> kFunctions = {"glob.match",
                                                           "regex.globs_match",
                                                           "regex.match",
                                                           "regex.replace",
                                                           "regex.split",
                                                           "regex.template_match",
                                                           "time.parse_ns",
                                                           "time.parse_duration_ns",
                                                           "time.format",
                                                           "graphql.parse_query",
                                                           "graphql.parse_schema",
                                                           "graphql.is_valid",
                                                           "json.unmarshal",
                                                           "yaml.unmarshal",
                                                           "io.jwt.decode",
                                                           "io.jwt.verify_rs256",
                                                           "urlquery.decode_object",
                                                           "base64url.decode",
                                                           "crypto.x509.parse_certificates",
                                                           "crypto.x509.parse_certificate_request",
                                                           "net.cidr_contains",
                                                           "semver.compare",
                                                           "uuid.parse",
                                                           "units.parse",
                                                           "units.parse_bytes",
                                                           "strings.replace_n",
                                                           "uri.parse",
                                                           "uri.is_valid"};
  if (size == 0) {
    return 0;
  }
  const Builtin* builtin = find_builtin(kFunctions[data[0] % kFunctions.size()]);
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::vector<Value> operands;
  for (const std::string_view part : split(text, std::string_view("\0", 1))) {
    operands.push_back(Value::string(std::string(part)));
  }
  operands.resize(builtin->arity, Value::string(""));
  if (builtin->name == "glob.match") {
    operands[1] = Value::array({Value::string("/")});
  } else if (builtin->name == "time.format") {
    operands[0] = Value::array(
        {Value::integer(1'670'006'453'141'828'752), Value::string("UTC"), operands[0]});
  } else if (builtin->name == "strings.replace_n") {
    operands[0] = Value::object({{operands[0], Value::string("x")}});
  }
  Environment environment;
  environment.budget = 1 << 22;
  static_cast<void>(builtin->function(Call(operands, environment)));
  return 0;
}
