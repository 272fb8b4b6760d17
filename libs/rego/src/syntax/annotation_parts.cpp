#include "syntax/annotation_parts.h"

#include <span>
#include <vector>

#include "builtins/go_text.h"
#include "builtins/uri.h"
#include "syntax/parser.h"

namespace unhidra::rego {
namespace {

Value text(std::string_view value) {
  return Value::string(std::string(value));
}

std::string member_text(const Value& object, std::string_view name) {
  const Value* found = object.find(name);
  return found != nullptr && found->is(Kind::string)
             ? std::string(builtins::trim_space(found->text()))
             : "";
}

void add_text(std::vector<Value::Member>& out, std::string_view name, std::string_view said) {
  if (!said.empty()) {
    out.emplace_back(text(name), text(said));
  }
}

std::vector<std::string_view> words_of(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  std::vector<std::string_view> out;
  for (std::size_t at = text.find_first_not_of(kSpace); at != std::string_view::npos;) {
    const auto end = std::min(text.find_first_of(kSpace, at), text.size());
    out.push_back(text.substr(at, end - at));
    at = text.find_first_not_of(kSpace, end);
  }
  return out;
}

AnnotationPart address(const std::string& ref) {
  if (const auto uri = builtins::parse_uri(ref); !uri) {
    return std::unexpected(uri.error().message());
  }
  return text(ref);
}

}  // namespace

std::string annotated_text(const Value& value) {
  std::string out;
  const auto add = [&](const std::string& part) { out += (out.empty() ? "" : " ") + part; };
  switch (value.kind()) {
    case Kind::string:
      return value.text();
    case Kind::null:
      return "%!s(<nil>)";
    case Kind::boolean:
      return value.as_boolean() ? "%!s(bool=true)" : "%!s(bool=false)";
    case Kind::number:
      return (value.text().find_first_of(".eE") == std::string::npos ? "%!s(int="
                                                                     : "%!s(float64=") +
             value.text() + ")";
    case Kind::object:
      for (const auto& [key, member] : value.members()) {
        add(annotated_text(key) + ":" + annotated_text(member));
      }
      return "map[" + out + "]";
    default:
      for (const Value& element : value.elements()) {
        add(annotated_text(element));
      }
      return "[" + out + "]";
  }
}

std::optional<Value> annotated_path(const std::string& written) {
  const auto body = parse_query(written);
  const bool one = body && body->size() == 1 && (*body)[0].type == Expr::Type::term &&
                   !(*body)[0].negated && (*body)[0].with.empty();
  if (!one) {
    return std::nullopt;
  }
  const Term& term = (*body)[0].items[0];
  const std::span<const Term> parts = term.is(Term::Type::ref) ? std::span<const Term>(term.items)
                                                               : std::span<const Term>(&term, 1);
  std::vector<Value> out;
  for (const Term& part : parts) {
    if (!part.is(Term::Type::var) && !part.is(Term::Type::constant)) {
      return std::nullopt;
    }
    const bool is_text = part.is_constant_string();
    out.push_back(part.is(Term::Type::var) ? text(part.name)
                  : is_text                ? part.value
                                           : text(to_term(part.value)));
  }
  const bool is_ref = term.is(Term::Type::ref) || out[0] == text("input") ||
                      out[0] == text("data") || out[0] == text("schema");
  return is_ref && parts[0].is(Term::Type::var) ? std::optional(Value::array(std::move(out)))
                                                : std::nullopt;
}

AnnotationPart annotated_author(const Value& written) {
  std::vector<Value::Member> out;
  if (written.is(Kind::object)) {
    add_text(out, "name", member_text(written, "name"));
    add_text(out, "email", member_text(written, "email"));
    if (out.empty()) {
      return std::unexpected("'name' and/or 'email' values required in object");
    }
    return Value::object(std::move(out));
  }
  if (!written.is(Kind::string)) {
    return std::unexpected("invalid value type, must be string or map");
  }
  auto words = words_of(written.text());
  if (words.empty()) {
    return std::unexpected("author is an empty string");
  }
  std::string_view email = words.back();
  if (email.size() >= 2 && email.starts_with('<') && email.ends_with('>')) {
    email = email.substr(1, email.size() - 2);
    words.pop_back();
  } else {
    email = {};
  }
  std::string name;
  for (const std::string_view word : words) {
    name += (name.empty() ? "" : " ") + std::string(word);
  }
  add_text(out, "name", name);
  add_text(out, "email", email);
  return Value::object(std::move(out));
}

AnnotationPart annotated_resource(const Value& written) {
  std::vector<Value::Member> out;
  std::string ref;
  if (written.is(Kind::string)) {
    ref = written.text();
    if (ref.empty()) {
      return std::unexpected("ref URL may not be empty string");
    }
  } else if (written.is(Kind::object)) {
    add_text(out, "description", member_text(written, "description"));
    ref = member_text(written, "ref");
    if (ref.empty()) {
      return std::unexpected("'ref' value required in object");
    }
  } else {
    return std::unexpected("invalid value type, must be string or map");
  }
  auto checked = address(ref);
  if (!checked) {
    return checked;
  }
  out.emplace_back(text("ref"), std::move(*checked));
  return Value::object(std::move(out));
}

AnnotationPart annotated_schema(const std::string& place, const Value& written) {
  const auto path = annotated_path(place);
  if (!path || path->elements()[0] == text("schema")) {
    return std::unexpected("invalid document reference");
  }
  std::vector<Value::Member> out{{text("path"), *path}};
  if (written.is(Kind::string)) {
    const auto name = annotated_path(written.text());
    if (!name || name->elements()[0] != text("schema")) {
      return std::unexpected("invalid schema reference");
    }
    out.emplace_back(text("schema"), *name);
  } else if (written.is(Kind::object)) {
    out.emplace_back(text("definition"), written);
  } else {
    return std::unexpected("invalid schema declaration for path " + builtins::quote(place));
  }
  return Value::object(std::move(out));
}

}  // namespace unhidra::rego
