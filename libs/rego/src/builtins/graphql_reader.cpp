#include "builtins/graphql_reader.h"

namespace unhidra::rego::builtins {

GraphqlNode& GraphqlNode::at(const GraphqlPlace& place) {
  if (place.line == 0) {
    return *this;
  }
  return raw("Position", Value::object({{Value::string("Line"), Value::integer(place.line)},
                                        {Value::string("Column"), Value::integer(place.column)}}));
}

Result<std::vector<Value>> GraphqlReader::arguments(bool constant) {
  return many(Token::paren_l, Token::paren_r, true, [this, constant]() -> Result<Value> {
    const GraphqlPlace place = here();
    UNHIDRA_TRY(const std::string argument, name());
    UNHIDRA_TRY_VOID(expect(Token::colon));
    UNHIDRA_TRY(Value given, value(constant, 0));
    return Node().at(place).text("Name", argument).raw("Value", std::move(given)).take();
  });
}

Result<GraphqlReader::Declaration> GraphqlReader::declaration() {
  Declaration out;
  UNHIDRA_TRY_VOID(expect(Token::colon));
  UNHIDRA_TRY(out.type, type_reference(0));
  if (skip(Token::equals)) {
    UNHIDRA_TRY(out.default_value, value(true, 0));
  }
  UNHIDRA_TRY(out.directives, directives(true));
  return out;
}

Result<std::vector<Value>> GraphqlReader::directives(bool constant) {
  std::vector<Value> out;
  while (skip(Token::at)) {
    const GraphqlPlace place = here();
    UNHIDRA_TRY(const std::string directive, name());
    UNHIDRA_TRY(auto given, arguments(constant));
    out.push_back(Node()
                      .at(place)
                      .text("Name", directive)
                      .list("Arguments", std::move(given))
                      .text("Location", "")
                      .take());
  }
  return out;
}

Result<Value> GraphqlReader::value(bool constant, int depth) {
  using VK = GraphqlValueKind;
  if (depth > kMaxDepth) {
    return bad(next_, "nested too deeply");
  }
  const GraphqlPlace place = here();
  std::vector<Value> children;
  std::string raw;
  VK kind = VK::null;
  switch (next_.token) {
    case Token::dollar: {
      if (constant) {
        return unexpected();
      }
      take();
      UNHIDRA_TRY(raw, name());
      kind = VK::variable;
      break;
    }
    case Token::bracket_l: {
      kind = VK::list;
      UNHIDRA_TRY(children, many(Token::bracket_l, Token::bracket_r, false, [&]() -> Result<Value> {
                    UNHIDRA_TRY(Value child, value(constant, depth + 1));
                    return Node().text("Name", "").raw("Value", std::move(child)).take();
                  }));
      break;
    }
    case Token::brace_l: {
      kind = VK::object;
      UNHIDRA_TRY(children, many(Token::brace_l, Token::brace_r, false, [&]() -> Result<Value> {
                    UNHIDRA_TRY(const std::string child_name, name());
                    UNHIDRA_TRY_VOID(expect(Token::colon));
                    UNHIDRA_TRY(Value child, value(constant, depth + 1));
                    return Node().text("Name", child_name).raw("Value", std::move(child)).take();
                  }));
      break;
    }
    case Token::integer:
      kind = VK::integer;
      raw = take().value;
      break;
    case Token::real:
      kind = VK::real;
      raw = take().value;
      break;
    case Token::string:
      kind = VK::string;
      raw = take().value;
      break;
    case Token::block_string:
      kind = VK::block;
      raw = take().value;
      break;
    case Token::name:
      raw = take().value;
      kind = raw == "true" || raw == "false" ? VK::boolean
             : raw == "null"                 ? VK::null
                                             : VK::enumeration;
      break;
    default:
      return unexpected();
  }
  return Node()
      .at(place)
      .text("Raw", raw)
      .list("Children", std::move(children))
      .raw("Kind", Value::integer(static_cast<int>(kind)))
      .flag("ExpectedTypeHasDefault", false)
      .take();
}

Result<Value> GraphqlReader::type_reference(int depth) {
  if (depth > kMaxDepth) {
    return bad(next_, "nested too deeply");
  }
  const GraphqlPlace place = here();
  Value element;
  std::string named;
  if (skip(Token::bracket_l)) {
    UNHIDRA_TRY(element, type_reference(depth + 1));
    UNHIDRA_TRY_VOID(expect(Token::bracket_r));
  } else {
    UNHIDRA_TRY(named, name());
  }
  return Node()
      .at(place)
      .text("NamedType", named)
      .node("Elem", element)
      .flag("NonNull", skip(Token::bang))
      .take();
}

Status check_graphql_size(std::string_view text, Environment& environment) {
  if (text.size() > kMaxGraphql) {
    return failed("document is too long in GraphQL string at location 1:1");
  }
  return environment.charge(text.size() * 4);
}

}  // namespace unhidra::rego::builtins
