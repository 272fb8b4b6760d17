// Terms: operators by rising precedence, names and numbers, references.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "syntax/parser_impl.h"
#include "values/work.h"

namespace unhidra::rego {
namespace {

struct Operator {
  std::string_view symbol;
  std::string_view function;
  int level = 0;
};
constexpr int kRelation = 1;
constexpr std::array<Operator, 13> kOperators{{{"==", "equal", kRelation},
                                               {"!=", "neq", kRelation},
                                               {"<", "lt", kRelation},
                                               {"<=", "lte", kRelation},
                                               {">", "gt", kRelation},
                                               {">=", "gte", kRelation},
                                               {"|", "or", 2},
                                               {"&", "and", 3},
                                               {"+", "plus", 4},
                                               {"-", "minus", 4},
                                               {"*", "mul", 5},
                                               {"/", "div", 5},
                                               {"%", "rem", 5}}};

const Operator* operator_of(const Token& token) {
  if (token.type != TokenType::symbol) {
    return nullptr;
  }
  const auto* found = std::ranges::find(kOperators, token.text, &Operator::symbol);
  return found == kOperators.end() ? nullptr : found;
}

// What is wrong with the size of a number; empty: nothing.
std::string_view unfit_size(std::string_view text) {
  constexpr double kMostBits = 1e5;
  const std::size_t at = text.find_first_of("eE");
  if (at == std::string_view::npos) {
    return {};
  }
  const std::string_view mantissa = text.substr(0, at);
  const std::size_t first = mantissa.find_first_of("123456789");
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  std::string_view exponent = text.substr(at + 1);
  exponent.remove_prefix(exponent.starts_with('+') ? 1 : 0);
  std::int32_t power = 0;
  const auto read = std::from_chars(exponent.data(), exponent.data() + exponent.size(), power);
  if (read.ec != std::errc()) {
    return "invalid float";
  }
  if (first == std::string_view::npos) {
    return {};
  }
  const double digits =
      first < point ? static_cast<double>(point - first) : -static_cast<double>(first - point - 1);
  return std::abs((power + digits) * std::log2(10.0)) > kMostBits ? "number too big" : "";
}

}  // namespace

Term Parser::make(Term::Type type) const {
  Term out;
  out.type = type;
  out.location = here();
  return out;
}

Term Parser::binary(std::string name, Term a, Term b) const {
  Term out;
  out.type = Term::Type::call;
  out.location = a.location;
  out.name = std::move(name);
  out.items.push_back(std::move(a));
  out.items.push_back(std::move(b));
  return out;
}

// ---- operators ----

Parser::MaybeTerm Parser::infix(bool pairs) {
  const Height height(*this);
  auto first = term();
  return first ? continued(std::move(*first), pairs) : std::nullopt;
}

bool Parser::grow() {
  if (++height_ + static_cast<std::size_t>(depth_) > kMaxHeight) {
    fault("max parsing recursion depth exceeded");
    return false;
  }
  return true;
}

// An operand that cannot be read ends the expression; why has been told then.
Term Parser::operators(Term left, int lowest) {
  while (const Operator* found = operator_of(peek())) {
    if (found->level < lowest) {
      break;
    }
    take();
    auto first = grow() ? term() : std::nullopt;
    if (!first) {
      break;
    }
    Term right = operators(std::move(*first), found->level + 1);
    left = binary(std::string(found->function), std::move(left), std::move(right));
  }
  return left;
}

Parser::MaybeTerm Parser::continued(Term first, bool pairs) {
  Term left = operators(std::move(first), kRelation);
  if (!keywords_.in) {
    return left;
  }
  const State begin = save();
  if (pairs && skip(",")) {
    auto second = term();
    Term value = second ? operators(std::move(*second), kRelation) : Term();
    auto domain = second && skip_name("in") ? term() : std::nullopt;
    if (domain) {
      left = binary("internal.member_3", std::move(left), std::move(value));
      left.items.push_back(operators(std::move(*domain), kRelation));
    } else {
      restore(begin);
    }
  }
  while (skip_name("in")) {
    auto domain = grow() ? term() : std::nullopt;
    if (!domain) {
      break;
    }
    left = binary("internal.member_2", std::move(left), operators(std::move(*domain), kRelation));
  }
  return left;
}

// ---- terms ----

Parser::MaybeTerm Parser::term() {
  const Level level(*this);
  if (level.is_too_deep()) {
    return std::nullopt;
  }
  constexpr std::uint64_t kWorkOfTerm = 256;
  if (++terms_ > kMostTermsPerToken * list_.tokens.size() || !WorkScope::take(kWorkOfTerm)) {
    fault("the policy has too many readings");
    return std::nullopt;
  }
  const Height height(*this);
  auto first = primary();
  auto out = first ? postfix(std::move(*first)) : std::nullopt;
  ++height_;
  return out;
}

Parser::MaybeTerm Parser::primary() {
  switch (peek().type) {
    case TokenType::string: {
      Term out = make(Term::Type::constant);
      out.value = Value::string(take().text);
      return out;
    }
    case TokenType::number:
      return number();
    case TokenType::name:
      return name_term();
    case TokenType::text_begin:
      return interpolated();
    case TokenType::symbol:
      break;
    default:
      unexpected();
      return std::nullopt;
  }
  switch (peek().text[0]) {
    case '-':
    case '.':
      return number();
    case '[':
      return array();
    case '{':
      return set_or_object_term();
    case '(':
      return grouped();
    default:
      unexpected();
      return std::nullopt;
  }
}

Parser::MaybeTerm Parser::number() {
  Term out = make(Term::Type::constant);
  std::string text;
  const auto expect_number = [&](bool is_next) {
    if (!is_next) {
      unexpected("expected number");
    }
    return is_next;
  };
  if (at("-")) {
    mark(Mark::sign);
    take();
    text = "-";
    if (!expect_number(peek().type == TokenType::number || at("."))) {
      return std::nullopt;
    }
  }
  if (skip(".")) {
    text += "0.";
    if (!expect_number(peek().type == TokenType::number)) {
      return std::nullopt;
    }
  }
  const std::string& digits = peek().text;
  const bool has_leading_zero = !text.ends_with('.') && digits.size() > 1 && digits[0] == '0' &&
                                digits[1] != '.' &&
                                !(digits.size() > 2 && (digits[1] == 'e' || digits[1] == 'E'));
  const std::string_view unfit = unfit_size(digits);
  if (has_leading_zero) {
    unexpected("expected number without leading zero");
  } else if (unfit.starts_with("invalid")) {
    unexpected(unfit);
  } else if (!unfit.empty()) {
    fault(std::string(unfit));
  } else {
    out.value = Value::number(text + take().text);
    return out;
  }
  return std::nullopt;
}

Parser::MaybeTerm Parser::grouped() {
  take();
  auto inner = infix();
  if (!inner) {
    return std::nullopt;
  }
  if (!at(")")) {
    fault("non-terminated expression");
    return std::nullopt;
  }
  take();
  return inner;
}

Term Parser::variable() {
  Term out = make(Term::Type::var);
  const std::string& name = take().text;
  out.name = name == "_" ? "$" + std::to_string(wildcards_++) : name;
  return out;
}

Parser::MaybeTerm Parser::name_term() {
  const Token& token = peek();
  if ((token.text == "null" || token.text == "true" || token.text == "false") && !begins_ref()) {
    Term out = make(Term::Type::constant);
    out.value = token.text == "null" ? Value() : Value::boolean(token.text == "true");
    take();
    return out;
  }
  // The functions of these names are called as before.
  const Token& next = peek(1);
  const bool is_called = (token.text == "and" || token.text == "or") &&
                         next.type == TokenType::symbol && next.text == "(" &&
                         next.begin == token.end;
  if (!at_identifier() && token.text != "contains" && !is_called) {
    unexpected();
    return std::nullopt;
  }
  // set() is how the empty set is written.
  if (token.text == "set" && peek(1).text == "(" && peek(1).begin == token.end &&
      peek(2).text == ")") {
    Term out = make(Term::Type::constant);
    out.value = Value::set({});
    take();
    take();
    take();
    return out;
  }
  return variable();
}

Parser::MaybeTerm Parser::arguments_of(Term head) {
  Term call = make(Term::Type::call);
  call.location = head.location;
  const bool is_ref = head.is(Term::Type::ref);
  const Term& first = is_ref ? head.items[0] : head;
  if (!first.is(Term::Type::var) ||
      (is_ref && !std::all_of(head.items.begin() + 1, head.items.end(),
                              [](const Term& item) { return item.is_constant_string(); }))) {
    unexpected();
    return std::nullopt;
  }
  call.name = first.name;
  for (std::size_t i = 1; is_ref && i < head.items.size(); ++i) {
    call.name += "." + head.items[i].value.text();
  }
  take();
  if (!term_list(")", call.items)) {
    return std::nullopt;
  }
  take();
  return call;
}

// One more key of a reference, behind a dot or in brackets.
bool Parser::look_up(Term& ref) {
  if (skip(".")) {
    const bool is_refused = is_keyword(peek().text) && !has_feature("keywords_in_refs") &&
                            ref.items[0].name != "future";
    if (peek().type != TokenType::name || !adjacent() || is_refused) {
      expected_name();
      return false;
    }
    Term key = make(Term::Type::constant);
    key.value = Value::string(take().text);
    ref.items.push_back(std::move(key));
    return true;
  }
  take();
  auto key = infix();
  if (!key) {
    return false;
  }
  if (!at("]")) {
    unexpected("expected [");
    return false;
  }
  take();
  ref.items.push_back(std::move(*key));
  return true;
}

Parser::MaybeTerm Parser::postfix(Term head) {
  while (adjacent() && (at(".") || at("[") || at("("))) {
    if (at("(")) {
      if (!head.is(Term::Type::var) && !head.is(Term::Type::ref)) {
        break;
      }
      auto call = arguments_of(std::move(head));
      if (!call) {
        return std::nullopt;
      }
      head = std::move(*call);
      continue;
    }
    if (!head.is(Term::Type::ref)) {
      if (head.is(Term::Type::text) ||
          (head.is(Term::Type::constant) && !head.value.is(Kind::set))) {
        fault_at(head.location,
                 "illegal ref (head cannot be " + std::string(term_kind(head)) + ")");
      }
      Term ref = make(Term::Type::ref);
      ref.location = head.location;
      ref.items.push_back(std::move(head));
      head = std::move(ref);
    }
    if (!look_up(head)) {
      return std::nullopt;
    }
  }
  return head;
}

}  // namespace unhidra::rego
