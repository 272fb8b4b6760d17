#include "builtins/template_value.h"

#include <charconv>

#include "builtins/go_format.h"
#include "builtins/go_text.h"
#include "builtins/json_text.h"
#include "builtins/number_math.h"
#include "builtins/text_codec.h"

namespace unhidra::rego::builtins {

bool is_true(const TemplateValue& operand) {
  if (operand.missing) {
    return false;
  }
  const Value& value = operand.value;
  switch (value.kind()) {
    case Kind::null:
      return false;
    case Kind::boolean:
      return value.as_boolean();
    case Kind::number:
      return compare_decimals(value.text(), "0") != 0;
    case Kind::string:
      return !value.text().empty();
    default:
      return value.size() > 0;
  }
}

// As Go prints what came out of JSON: maps sorted, lists without commas.
std::string display(const TemplateValue& operand) {
  if (operand.missing) {
    return "<undefined>";
  }
  const Value& value = operand.value;
  switch (value.kind()) {
    case Kind::null:
      return "<nil>";
    case Kind::boolean:
      return value.as_boolean() ? "true" : "false";
    case Kind::number:
    case Kind::string:
      return value.text();
    case Kind::object: {
      std::string out;
      for (const auto& [key, member] : value.members()) {
        out += (out.empty() ? "" : " ") + display({key}) + ':' + display({member});
      }
      return "map[" + out + ']';
    }
    default: {
      std::string out = "[";
      for (const Value& element : value.elements()) {
        out += (out.size() > 1 ? " " : "") + display({element});
      }
      return out + ']';
    }
  }
}

std::unexpected<Error> bad_template(std::string_view what) {
  return failed("template: " + std::string(what));
}

Result<TemplateValue> template_field(const TemplateValue& from, std::string_view chain) {
  TemplateValue here = from;
  for (const std::string_view name : split(chain.substr(1), ".")) {
    if (name.empty()) {
      if (chain == ".") {
        return here;
      }
      return bad_template("unexpected . after term");
    }
    const Value* found = here.value.find(name);
    if (!here.missing && !here.value.is(Kind::object)) {
      return bad_template("can't evaluate field " + std::string(name) + " in type " +
                          std::string(kind_name(here.value.kind())));
    }
    here = found != nullptr ? TemplateValue{Value(*found)} : TemplateValue{{}, true};
  }
  return here;
}

namespace {

Result<TemplateValue> compared(const std::string& name,
                               const std::vector<TemplateValue>& arguments) {
  if (arguments.size() < 2) {
    return bad_template("wrong number of args for " + name);
  }
  const Value& a = arguments[0].value;
  bool holds = false;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const Value& b = arguments[i].value;
    if (a.kind() != b.kind() && name != "eq" && name != "ne") {
      return bad_template("error calling " + name + ": incompatible types for comparison");
    }
    const int order = compare(a, b);
    holds = holds || (name == "eq"   ? order == 0
                      : name == "ne" ? order != 0
                      : name == "lt" ? order < 0
                      : name == "le" ? order <= 0
                      : name == "gt" ? order > 0
                                     : order >= 0);
  }
  return TemplateValue{Value::boolean(holds)};
}

Result<TemplateValue> indexed(const std::vector<TemplateValue>& arguments) {
  if (arguments.empty()) {
    return bad_template("wrong number of args for index");
  }
  TemplateValue here = arguments[0];
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const Value& key = arguments[i].value;
    if (here.value.is(Kind::object)) {
      const Value* found = here.value.find(key);
      here = found != nullptr ? TemplateValue{Value(*found)} : TemplateValue{{}, true};
      continue;
    }
    std::size_t at = 0;
    const std::string& text = key.text();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), at);
    if (!key.is(Kind::number) || error != std::errc() || at >= here.value.elements().size()) {
      return bad_template("error calling index: index out of range: " + text);
    }
    here = TemplateValue{Value(here.value.elements()[at])};
  }
  return here;
}

std::string escaped(std::string_view text, std::string_view special,
                    std::initializer_list<std::string_view> with) {
  std::string out;
  for (const char c : text) {
    const std::size_t i = special.find(c);
    out += i == std::string_view::npos ? std::string(1, c) : std::string(*(with.begin() + i));
  }
  return out;
}

Result<TemplateValue> printed(const std::string& name, const std::vector<TemplateValue>& arguments,
                              Environment& environment) {
  std::string out;
  if (name == "printf") {
    if (arguments.empty() || !arguments[0].value.is(Kind::string)) {
      return bad_template("wrong type of value for printf");
    }
    std::vector<FormatArgument> list;
    for (std::size_t i = 1; i < arguments.size(); ++i) {
      const Value& value = arguments[i].value;
      std::int64_t integer = 0;
      const std::string& text = value.text();
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), integer);
      if (value.is(Kind::number)) {
        list.emplace_back(error == std::errc() && end == text.data() + text.size()
                              ? FormatArgument(integer)
                              : FormatArgument(to_double(text)));
      } else {
        list.emplace_back(display(arguments[i]));
      }
    }
    out = format(arguments[0].value.text(), list, environment.budget);
  } else {
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      const bool gap = i > 0 && (name == "println" || (!arguments[i].value.is(Kind::string) &&
                                                       !arguments[i - 1].value.is(Kind::string)));
      out += (gap ? " " : "") + display(arguments[i]);
    }
    out += name == "println" ? "\n" : "";
  }
  UNHIDRA_TRY_VOID(environment.charge(out.size()));
  return TemplateValue{Value::string(std::move(out))};
}

}  // namespace

Result<TemplateValue> call_template_function(const std::string& name,
                                             const std::vector<TemplateValue>& arguments,
                                             Environment& environment) {
  if (name == "and" || name == "or") {
    for (const TemplateValue& argument : arguments) {
      if (is_true(argument) == (name == "or")) {
        return argument;
      }
    }
    return arguments.empty()
               ? Result<TemplateValue>(bad_template("wrong number of args for " + name))
               : Result<TemplateValue>(arguments.back());
  }
  if (name == "eq" || name == "ne" || name == "lt" || name == "le" || name == "gt" ||
      name == "ge") {
    return compared(name, arguments);
  }
  if (name == "print" || name == "printf" || name == "println") {
    return printed(name, arguments, environment);
  }
  if (name == "index") {
    return indexed(arguments);
  }
  if (arguments.size() != 1) {
    return bad_template("function " + quote(name) + " not defined, or wrong number of args for it");
  }
  const TemplateValue& only = arguments[0];
  if (name == "not") {
    return TemplateValue{Value::boolean(!is_true(only))};
  }
  if (name == "len") {
    const std::size_t size =
        only.value.is(Kind::string) ? only.value.text().size() : only.value.size();
    return TemplateValue{Value::integer(static_cast<std::int64_t>(size))};
  }
  const std::string text = display(only);
  if (name == "html") {
    return TemplateValue{
        Value::string(escaped(text, "<>&'\"", {"&lt;", "&gt;", "&amp;", "&#39;", "&#34;"}))};
  }
  if (name == "js") {
    return TemplateValue{Value::string(escaped(
        text, "\\'\"<>&=", {"\\\\", "\\'", "\\\"", "\\u003C", "\\u003E", "\\u0026", "\\u003D"}))};
  }
  if (name == "urlquery") {
    return TemplateValue{Value::string(escape_query(text))};
  }
  return bad_template("function " + quote(name) + " not defined");
}

}  // namespace unhidra::rego::builtins
