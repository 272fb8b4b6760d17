#include "syntax/parser.h"

#include <algorithm>
#include <array>

#include "syntax/annotations.h"
#include "syntax/parser_impl.h"

namespace unhidra::rego {
namespace {

constexpr std::array<std::string_view, 12> kReserved{"as",     "default", "else", "false",
                                                     "import", "null",    "not",  "package",
                                                     "some",   "true",    "with", "as"};

}  // namespace

Parser::Parser(std::string_view file, std::string_view source, Syntax syntax)
    : file_(file),
      file_name_(std::make_shared<const std::string>(file)),
      source_(source),
      syntax_(syntax) {
  if (syntax == Syntax::v1) {
    keywords_ = {.contains = true, .every = true, .if_ = true, .in = true};
  }
  auto list = lex(source);
  if (list) {
    list_ = std::move(*list);
  } else {
    failed_ = true;
    fault_ = std::move(list.error());
    list_.tokens.push_back({});
  }
}

void Parser::tell(Problems& problems) const {
  const auto add = [&](const SyntaxFault& fault) {
    problems.add({.code = Errc::parse_error,
                  .file = file_,
                  .row = fault.row,
                  .column = fault.column,
                  .message = fault.message,
                  .line = line_of(source_, fault.row)});
  };
  std::ranges::for_each(faults_, add);
  if (failed_) {
    add(fault_);
  }
}

Error Parser::error() const {
  Problems problems;
  tell(problems);
  return to_error(problems.list());
}

// ---- tokens ----

const Token& Parser::peek(std::size_t ahead) const {
  return list_.tokens[std::min(position_ + ahead, list_.tokens.size() - 1)];
}
bool Parser::at(std::string_view symbol) const {
  return peek().type == TokenType::symbol && peek().text == symbol;
}
bool Parser::at_name(std::string_view name) const {
  return peek().type == TokenType::name && peek().text == name && !begins_ref();
}
bool Parser::begins_ref(std::size_t ahead) const {
  const Token& next = peek(ahead + 1);
  return next.type == TokenType::symbol && (next.text == "." || next.text == "[") &&
         peek(ahead).end == next.begin;
}
bool Parser::adjacent() const {
  return position_ > 0 && list_.tokens[position_ - 1].end == peek().begin;
}
bool Parser::new_line() const {
  return position_ > 0 && list_.tokens[position_ - 1].row < peek().row;
}
Token Parser::take() {
  Token out = peek();
  position_ = std::min(position_ + 1, list_.tokens.size() - 1);
  return out;
}
bool Parser::skip(std::string_view symbol) {
  if (at(symbol)) {
    take();
    return true;
  }
  return false;
}
bool Parser::skip_name(std::string_view name) {
  if (at_name(name)) {
    take();
    return true;
  }
  return false;
}
void Parser::expect(std::string_view symbol) {
  if (!failed_ && !skip(symbol)) {
    unexpected();
  }
}
void Parser::fault_at(const Token& token, std::string message) {
  if (!failed_) {
    failed_ = true;
    fault_ = {token.row, token.column, std::move(message)};
  }
}
void Parser::fault(std::string message) {
  fault_at(peek(), std::move(message));
}
void Parser::unexpected() {
  const Token& token = peek();
  switch (token.type) {
    case TokenType::end:
      return fault("unexpected eof token");
    case TokenType::name:
      return fault("unexpected " + (is_keyword(token.text) ? token.text + " keyword"
                                                           : std::string("identifier token")));
    case TokenType::string:
      return fault("unexpected string token");
    case TokenType::number:
      return fault("unexpected number token");
    default:
      return fault("unexpected " + token.text + " token");
  }
}
Location Parser::here() const {
  return {file_name_, peek().row, peek().column};
}
bool Parser::is_keyword(std::string_view name) const {
  return std::ranges::find(kReserved, name) != kReserved.end() || (keywords_.in && name == "in") ||
         (keywords_.if_ && name == "if") || (keywords_.every && name == "every") ||
         (keywords_.contains && name == "contains");
}
bool Parser::descend() {
  if (++depth_ > kMaxDepth) {
    fault("the policy is nested too deeply");
  }
  return !failed_;
}

// After a fault: on with the next rule or import, which begins at the margin of a later line.
bool Parser::recover() {
  if (faults_.size() + 1 >= kMaxFaults) {
    return false;
  }
  while (peek().type != TokenType::end && !(peek().type == TokenType::name && peek().column == 1 &&
                                            peek().text != "else" && peek().row > fault_.row)) {
    take();
  }
  if (peek().type == TokenType::end) {
    return false;
  }
  faults_.push_back(std::move(fault_));
  failed_ = false;
  depth_ = 0;
  return true;
}

// ---- modules ----

std::shared_ptr<Module> Parser::module() {
  auto out = std::make_shared<Module>();
  out->file = file_;
  out->is_v0 = syntax_ == Syntax::v0;
  out->speaks_v1 = !out->is_v0;
  if (failed_) {
    return out;
  }
  if (peek().type == TokenType::end) {
    fault("empty module");
    return out;
  }
  package(*out);
  while (!failed_ && peek().type != TokenType::end) {
    if (skip(";")) {
      continue;
    }
    if (!at_name("import") || !import(*out)) {
      rule(*out);
    }
    if (failed_ && !recover()) {
      break;
    }
  }
  if (!failed()) {
    attach_annotations(list_.comments, *out);
  }
  return out;
}

void Parser::package(Module& out) {
  marks_.elements.insert(peek().begin);
  if (!skip_name("package")) {
    return fault("package expected");
  }
  Term ref = rule_ref();
  out.package = make(Term::Type::ref);
  out.package.location = ref.location;
  Term data = out.package;
  data.type = Term::Type::var;
  data.name = "data";
  out.package.items.push_back(std::move(data));
  for (std::size_t i = 0; i < ref.items.size(); ++i) {
    Term part = std::move(ref.items[i]);
    if (i == 0) {
      part.type = Term::Type::constant;
      part.value = Value::string(part.name);
    }
    if (!part.is_constant_string()) {
      return fault("invalid package");
    }
    out.package.items.push_back(std::move(part));
  }
}

bool Parser::import(Module& out) {
  marks_.elements.insert(peek().begin);
  const Token begin = take();
  Import made;
  made.location = {file_name_, begin.row, begin.column};
  made.path = rule_ref();
  if (failed_) {
    return true;
  }
  const auto& items = made.path.items;
  for (std::size_t i = 1; i < items.size(); ++i) {
    if (!items[i].is_constant_string()) {
      fault_at(begin,
               "unexpected import path, must begin with one of: {data, future, input, rego}");
      return true;
    }
  }
  const std::string& root = items[0].name;
  if (root != "data" && root != "input" && root != "future" && root != "rego") {
    fault_at(begin,
             "unexpected import path, must begin with one of: {data, future, input, rego}, got: " +
                 root);
    return true;
  }
  made.alias = items.size() > 1 ? items.back().value.text() : root;
  if (skip_name("as")) {
    made.alias = take().text;
  }
  if (root == "rego" || root == "future") {
    if (root == "rego" && !(items.size() == 2 && made.alias == "v1")) {
      fault_at(begin, "invalid import, must be `rego.v1`");
      return true;
    }
    if (root == "future" && (items.size() < 2 || items[1].value.text() != "keywords")) {
      fault_at(begin, "invalid import, must be `future.keywords`");
      return true;
    }
    out.speaks_v1 = out.speaks_v1 || root == "rego";
    if (!use_keywords(root == "rego" || items.size() == 2 ? "" : items[2].value.text())) {
      fault_at(begin, "unexpected keyword, must be one of [contains every if in]");
    }
    return true;
  }
  out.imports.push_back(std::move(made));
  return true;
}

// Empty: all of them. Whether there is such a keyword.
bool Parser::use_keywords(std::string_view which) {
  keywords_.contains = keywords_.contains || which.empty() || which == "contains";
  keywords_.if_ = keywords_.if_ || which.empty() || which == "if";
  keywords_.every = keywords_.every || which.empty() || which == "every";
  keywords_.in = keywords_.in || which.empty() || which == "in" || which == "every";
  return which.empty() || which == "contains" || which == "if" || which == "every" || which == "in";
}

// ---- rules ----

namespace {

// A copy of a term shares the bodies of its comprehensions, which the compiler changes.
void own_closures(Term& term) {
  if (term.body) {
    term.body = std::make_shared<Body>(*term.body);
    for (auto& expr : *term.body) {
      std::ranges::for_each(expr.items, own_closures);
      if (expr.body) {
        expr.body = std::make_shared<Body>(*expr.body);
      }
    }
  }
  std::ranges::for_each(term.items, own_closures);
}

}  // namespace

// A reference as it stands in heads, packages and imports: keywords may follow a dot.
Term Parser::rule_ref() {
  Term out = make(Term::Type::ref);
  if (peek().type != TokenType::name || (is_keyword(peek().text) && !begins_ref())) {
    unexpected();
    return out;
  }
  Term head = make(Term::Type::var);
  head.name = take().text;
  out.items.push_back(std::move(head));
  while (!failed_ && (at(".") || at("[")) && adjacent()) {
    Term key = make(Term::Type::constant);
    if (take().text == ".") {
      if (peek().type != TokenType::name) {
        unexpected();
        break;
      }
      key.value = Value::string(take().text);
      key.location.column = 0;  // written with a dot
    } else {
      key = term_in();
      expect("]");
    }
    out.items.push_back(std::move(key));
  }
  return out;
}

void Parser::rule(Module& out) {
  Rule made;
  made.location = here();
  marks_.elements.insert(peek().begin);
  if (at_name("default") && peek(1).type == TokenType::name) {
    take();
    made.is_default = true;
  }
  rule_head(made);
  if (!failed_) {
    rule_tail(made, out);
  }
}

void Parser::rule_head(Rule& rule) {
  rule.head = rule_ref();
  if (at("(") && adjacent()) {
    take();
    rule.kind = RuleKind::function;
    while (!failed_ && !at(")")) {
      rule.arguments.push_back(term_in());
      if (!skip(",")) {
        break;
      }
    }
    expect(")");
  }
  if (!failed_ && keywords_.contains && at_name("contains")) {
    take();
    rule.kind = RuleKind::partial_set;
    rule.value = term_in();
    return;
  }
  rule_value(rule);
}

void Parser::rule_value(Rule& rule) {
  if (at("=") || at(":=")) {
    rule.assigned = take().text == ":=";
    rule.value = term_in();
  }
}

// In v0, `p[x] { ... }` is a set; with `if` it is an object whose value is true.
void Parser::set_or_object(Rule& rule, bool has_if) {
  const auto& items = rule.head.items;
  if (rule.kind == RuleKind::complete && !rule.value && !has_if && syntax_ == Syntax::v0 &&
      items.size() == 2 && items[1].location.column != 0) {
    rule.kind = RuleKind::partial_set;
    rule.value = rule.head.items[1];
    rule.head.items.pop_back();
  }
}

Body Parser::braced_body() {
  marks_.bodies.insert(peek().begin);
  expect("{");
  Body out = body("}");
  expect("}");
  return out;
}

Body Parser::if_body() {
  // A brace may also begin a term: `if {1, 2}[x]`, `if {x | ...} == s`.
  if (at("{")) {
    const std::size_t begin = position_;
    const int depth = depth_;
    Body out = braced_body();
    if (!failed_ && !(adjacent() && (at("[") || at(".")))) {
      return out;
    }
    const bool was_body = failed_;
    SyntaxFault first = fault_;
    position_ = begin;
    marks_.bodies.erase(peek().begin);
    depth_ = depth;
    failed_ = false;
    Body one;
    one.push_back(literal());
    if (failed_ && was_body) {
      fault_ = std::move(first);  // what was meant, most likely
    }
    return one;
  }
  Body out;
  out.push_back(literal());
  return out;
}

void Parser::rule_tail(Rule& rule, Module& out) {
  const bool has_if = keywords_.if_ && at_name("if");
  if (has_if) {
    take();
    rule.body = if_body();
  } else if (at("{") && syntax_ == Syntax::v0) {
    rule.body = braced_body();
  } else if (at("{") && syntax_ == Syntax::v1) {
    return fault("`if` keyword is required before rule body");
  }
  set_or_object(rule, has_if);
  if (failed_) {
    return;
  }
  if (!rule.value && rule.body.empty() && syntax_ == Syntax::v1 &&
      rule.kind == RuleKind::complete) {
    return fault("rule must have value assignment and/or body declaration");
  }
  if (!rule.value) {
    Term truth;
    truth.location = rule.location;
    truth.value = Value::boolean(true);
    rule.value = std::move(truth);
  }
  Rule head_only;
  if (syntax_ == Syntax::v0) {
    head_only = rule;
    head_only.body.clear();
    own_closures(*head_only.value);
  }
  if (at_name("else")) {
    rule.otherwise = else_rule(rule);
  }
  const bool chains = rule.otherwise == nullptr && !has_if && !rule.body.empty();
  add(out, std::move(rule));
  while (!failed_ && chains && syntax_ == Syntax::v0 && at("{")) {
    Rule next = head_only;
    next.body = braced_body();
    add(out, std::move(next));
  }
}

std::shared_ptr<Rule> Parser::else_rule(const Rule& before) {
  auto out = std::make_shared<Rule>();
  out->location = here();
  take();
  out->kind = before.kind;
  out->head = before.head;
  out->arguments = before.arguments;
  rule_value(*out);
  if (keywords_.if_ && skip_name("if")) {
    out->body = if_body();
  } else if (at("{") && syntax_ == Syntax::v0) {
    out->body = braced_body();
  } else if (at("{")) {
    fault("`if` keyword is required before rule body");
  }
  if (!out->value) {
    Term truth;
    truth.location = out->location;
    truth.value = Value::boolean(true);
    out->value = std::move(truth);
  }
  if (!failed_ && at_name("else")) {
    if (!descend()) {
      return out;
    }
    out->otherwise = else_rule(*out);
    --depth_;
  }
  return out;
}

void Parser::add(Module& out, Rule rule) {
  out.rules.push_back(std::make_shared<Rule>(std::move(rule)));
}

// ---- bodies ----

Body Parser::body(std::string_view closing) {
  Body out;
  while (!failed_) {
    out.push_back(literal());
    if (failed_ || at(closing)) {
      break;
    }
    if (skip(";")) {
      if (at(closing)) {
        break;
      }
      continue;
    }
    if (!new_line() || peek().type == TokenType::end) {
      if (peek().type != TokenType::end || !closing.empty()) {
        unexpected();
      }
      break;
    }
  }
  return out;
}

Expr Parser::literal() {
  Expr out;
  const Location location = here();
  marks_.expressions.insert(peek().begin);
  bool negated = false;
  if (at_name("not")) {
    take();
    negated = true;
  }
  if (at_name("some")) {
    out = some_expr(location);
  } else if (keywords_.every && at_name("every")) {
    out = every_expr(location);
  } else {
    out = plain_expr();
  }
  out.location = location;
  out.negated = negated;
  with_modifiers(out);
  return out;
}

Expr Parser::some_expr(Location location) {
  Expr out;
  out.location = std::move(location);
  take();
  out.type = Expr::Type::some_vars;
  out.items.push_back(term_relation());
  while (!failed_ && skip(",")) {
    out.items.push_back(term_relation());
  }
  if (!failed_ && keywords_.in && at_name("in")) {
    take();
    if (out.items.size() > 2) {
      unexpected();
    }
    out.type = Expr::Type::some_in;
    out.items.push_back(term_relation());
    return out;
  }
  for (const auto& item : out.items) {
    if (!item.is(Term::Type::var)) {
      fault("expected var");
    }
  }
  return out;
}

Expr Parser::every_expr(Location location) {
  Expr out;
  out.location = std::move(location);
  take();
  out.type = Expr::Type::every;
  out.items.push_back(term());
  if (skip(",")) {
    out.items.push_back(term());
  }
  if (!skip_name("in")) {
    unexpected();
  }
  out.items.push_back(term_relation());
  if (!failed_) {
    out.body = std::make_shared<Body>(braced_body());
  }
  return out;
}

Expr Parser::plain_expr() {
  Expr out;
  out.items.push_back(term_in());
  if (keywords_.in && at(",")) {
    take();
    Term value = term_relation();
    if (!skip_name("in")) {
      unexpected();
      return out;
    }
    Term domain = term_relation();
    out.items[0] = binary("internal.member_3", std::move(out.items[0]), std::move(value));
    out.items[0].items.push_back(std::move(domain));
    return out;
  }
  if (at("=") || at(":=")) {
    out.assigns = take().text == ":=";
    out.type = Expr::Type::unify;
    out.items.push_back(term_in());
  }
  return out;
}

void Parser::with_modifiers(Expr& expr) {
  while (!failed_ && at_name("with")) {
    take();
    With made;
    made.target = postfix(primary());
    if (made.target.is(Term::Type::var)) {
      Term ref = made.target;
      ref.type = Term::Type::ref;
      ref.items.push_back(made.target);
      made.target = std::move(ref);
    }
    if (!made.target.is(Term::Type::ref)) {
      return fault("with keyword target must reference existing input, data, or a function");
    }
    if (!skip_name("as")) {
      return unexpected();
    }
    made.value = term_in();
    expr.with.push_back(std::move(made));
  }
}

Body Parser::query() {
  Body out;
  if (!failed_) {
    out = body("");
  }
  if (!failed_ && peek().type != TokenType::end) {
    unexpected();
  }
  return out;
}

Term Parser::single_term() {
  Term out;
  if (!failed_) {
    out = term_in();
  }
  if (!failed_ && peek().type != TokenType::end) {
    unexpected();
  }
  return out;
}

// ---- entry points ----

Result<std::shared_ptr<Module>> parse_module(std::string_view file, std::string_view source,
                                             Syntax syntax) {
  Parser parser(file, source, syntax);
  auto out = parser.module();
  if (parser.failed()) {
    return fail(parser.error());
  }
  return out;
}

std::shared_ptr<Module> parse_module(std::string_view file, std::string_view source, Syntax syntax,
                                     Problems& problems) {
  Parser parser(file, source, syntax);
  auto out = parser.module();
  parser.tell(problems);
  return out;
}

Result<Body> parse_query(std::string_view source) {
  Parser parser("", source, Syntax::v1);
  Body out = parser.query();
  if (parser.failed()) {
    return fail(parser.error());
  }
  return out;
}

namespace {

std::optional<Value> ground(const Term& term) {
  if (term.is(Term::Type::constant)) {
    return term.value;
  }
  std::vector<Value> items;
  for (const auto& item : term.items) {
    auto value = ground(item);
    if (!value) {
      return std::nullopt;
    }
    items.push_back(std::move(*value));
  }
  if (term.is(Term::Type::array)) {
    return Value::array(std::move(items));
  }
  if (term.is(Term::Type::set)) {
    return Value::set(std::move(items));
  }
  if (!term.is(Term::Type::object)) {
    return std::nullopt;
  }
  std::vector<Value::Member> members;
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
    members.emplace_back(items[i], items[i + 1]);
  }
  return Value::object(std::move(members));
}

}  // namespace

Result<Value> parse_ground_term(std::string_view source) {
  Parser parser("", source, Syntax::v1);
  const Term term = parser.single_term();
  if (parser.failed()) {
    return fail(parser.error());
  }
  auto out = ground(term);
  if (!out) {
    return fail(Errc::parse_error, "the term is not ground");
  }
  return std::move(*out);
}

}  // namespace unhidra::rego
