// Tokens and faults, and the entry points.
#include "syntax/parser.h"

#include <algorithm>
#include <array>

#include "syntax/parser_impl.h"

namespace unhidra::rego {
namespace {

constexpr std::array<std::string_view, 11> kReserved{
    "as", "default", "else", "false", "import", "not", "null", "package", "some", "true", "with"};
constexpr std::array<std::string_view, 4> kSinceV1{"contains", "every", "if", "in"};

// What the reference calls symbols; others are called by themselves.
std::string_view symbol_name(std::string_view symbol) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 15> kNames{
      {{"+", "plus"},
       {"-", "minus"},
       {"*", "mul"},
       {"/", "div"},
       {"%", "rem"},
       {"&", "and"},
       {"|", "or"},
       {"=", "eq"},
       {"==", "equal"},
       {":=", "assign"},
       {"!=", "neq"},
       {">", "gt"},
       {"<", "lt"},
       {">=", "gte"},
       {"<=", "lte"}}};
  const auto* known = std::ranges::find(kNames, symbol, &decltype(kNames)::value_type::first);
  return known == kNames.end() ? symbol : known->second;
}

// As the reference tells it, with "token" or "keyword".
std::string token_name(const Token& token, bool is_keyword) {
  switch (token.type) {
    case TokenType::end:
      return "eof token";
    case TokenType::name:
      return is_keyword ? token.text + " keyword" : "identifier token";
    case TokenType::string:
      return "string token";
    case TokenType::number:
      return "number token";
    case TokenType::text_begin:
    case TokenType::text_end:
      return "template-string-part token";
    default:
      return std::string(symbol_name(token.text)) + " token";
  }
}

}  // namespace

bool is_v1_keyword(std::string_view name) {
  return std::ranges::find(kReserved, name) != kReserved.end() ||
         std::ranges::find(kSinceV1, name) != kSinceV1.end();
}

Parser::Parser(std::string_view file, std::string_view source, Syntax syntax,
               const Capabilities* capabilities)
    : file_(file),
      file_name_(std::make_shared<const std::string>(file)),
      source_(source),
      list_(lex(source)),
      syntax_(syntax),
      capabilities_(capabilities) {
  if (syntax == Syntax::v1) {
    keywords_ = {.contains = true, .every = true, .if_ = true, .in = true};
  }
  if (peek().type == TokenType::illegal && !peek().text.empty()) {
    fault(peek().text);
  }
}

Parser::Level::Level(Parser& parser) : parser_(parser) {
  if (++parser.depth_ > kMaxDepth) {
    parser.fault("max parsing recursion depth exceeded");
  }
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
bool Parser::at_identifier() const {
  return peek().type == TokenType::name && (!is_keyword(peek().text) || begins_ref());
}
bool Parser::begins_ref(std::size_t ahead) const {
  const Token& next = peek(ahead + 1);
  return has_feature("keywords_in_refs") && next.type == TokenType::symbol &&
         (next.text == "." || next.text == "[") && peek(ahead).end == next.begin;
}
bool Parser::adjacent() const {
  return position_ > 0 && list_.tokens[position_ - 1].end == peek().begin;
}
bool Parser::new_line() const {
  if (position_ == 0) {
    return false;
  }
  const std::size_t end = list_.tokens[position_ - 1].end;
  return source_.substr(end, peek().begin - end).find('\n') != std::string_view::npos;
}
const Token& Parser::take() {
  const Token& out = peek();
  position_ = std::min(position_ + 1, list_.tokens.size() - 1);
  if (peek().type == TokenType::illegal && !peek().text.empty()) {
    fault(peek().text);
  }
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
Location Parser::here() const {
  return {file_name_, peek().row, peek().column};
}
bool Parser::is_keyword(std::string_view name) const {
  return std::ranges::find(kReserved, name) != kReserved.end() || (keywords_.in && name == "in") ||
         (keywords_.if_ && name == "if") || (keywords_.every && name == "every") ||
         (keywords_.contains && name == "contains") || (keywords_.and_ && name == "and") ||
         (keywords_.or_ && name == "or");
}
std::string Parser::text_from(std::size_t begin) const {
  const std::size_t end = position_ == 0 ? begin : list_.tokens[position_ - 1].end;
  return std::string(source_.substr(begin, end > begin ? end - begin : 0));
}
Parser::State Parser::save() const {
  return {position_, faults_.size(), wildcards_, marks_.size(), height_};
}
void Parser::restore(const State& state) {
  position_ = state.position;
  faults_.resize(state.faults);
  wildcards_ = state.wildcards;
  marks_.resize(state.marks);
  height_ = state.height;
}

SourceMarks Parser::marks() const {
  SourceMarks out;
  for (const auto& [kind, begin] : marks_) {
    switch (kind) {
      case Mark::element:
        out.elements.insert(begin);
        break;
      case Mark::body:
        out.bodies.insert(begin);
        break;
      case Mark::expression:
        out.expressions.insert(begin);
        break;
      case Mark::bar:
        out.bars.insert(begin);
        break;
      case Mark::sign:
        out.signs.insert(begin);
        break;
    }
  }
  return out;
}

// ---- faults ----

void Parser::fault(std::string message) {
  const Token& token = peek();
  faults_.push_back({token.row, token.column, token.begin, std::move(message)});
}
void Parser::fault_at(const Location& location, std::string message) {
  const auto token = std::ranges::find_if(list_.tokens, [&](const Token& one) {
    return one.row == location.row && one.column == location.column;
  });
  const std::size_t begin = token == list_.tokens.end() ? 0 : token->begin;
  faults_.push_back({location.row, location.column, begin, std::move(message)});
}
void Parser::unexpected(std::string_view note) {
  const Token& token = peek();
  if (token.type == TokenType::illegal) {
    return fault("illegal token");
  }
  const std::string name = token_name(token, is_keyword(token.text));
  fault("unexpected " + name + (note.empty() ? "" : ": ") + std::string(note));
}

// Behind a dot. Space there is what is unexpected.
void Parser::expected_name() {
  constexpr std::string_view kNote = "expected identifier";
  if (adjacent()) {
    return unexpected(kNote);
  }
  const Token& dot = list_.tokens[position_ - 1];
  const bool is_line_end = source_[dot.end] == '\n';
  faults_.push_back({dot.row + (is_line_end ? 1 : 0), is_line_end ? 0 : dot.column + 1, dot.end,
                     "unexpected whitespace token: " + std::string(kNote)});
}

// On with the next rule or import, which begins at the margin of a line behind the fault.
void Parser::recover() {
  const std::uint32_t row = faults_.back().row;
  while (!at_end() && !(peek().type == TokenType::name && peek().column == 1 &&
                        peek().text != "else" && peek().row > row)) {
    ++position_;
  }
}

Problem Parser::to_problem(const Fault& fault) const {
  Problem out{.code = Errc::parse_error,
              .file = file_,
              .row = fault.row,
              .column = fault.column,
              .message = fault.message};
  // The line of the last character at the place, or before it where there is none.
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  if (source_.empty() || fault.row == 0) {
    return out;
  }
  std::size_t place = std::min(fault.begin, source_.size() - 1);
  while (place > 0 && kSpace.find(source_[place]) != std::string_view::npos) {
    --place;
  }
  const std::size_t before = source_.find_last_of("\r\n", place);
  const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
  const std::size_t end = std::min(source_.find_first_of("\r\n", place), source_.size());
  if (begin <= end) {
    out.line = std::string(source_.substr(begin, end - begin));
    out.mark = static_cast<std::uint32_t>(place < begin ? 1 : place - begin + 1);
  }
  if (fault.column > 1) {
    const std::size_t bytes = fault.column - 1;
    out.column =
        characters_in(source_.substr(fault.begin - std::min(fault.begin, bytes), bytes)) + 1;
  }
  return out;
}

void Parser::tell(Problems& problems) const {
  for (const Fault& fault : faults_) {
    problems.add(to_problem(fault));
  }
}

Error Parser::error() const {
  Problems problems;
  tell(problems);
  return to_error(problems.list());
}

// ---- entry points ----

Body Parser::query(const Module* context) {
  if (context != nullptr) {
    keywords_.and_ = context->has_and;
    keywords_.or_ = context->has_or;
    keywords_.not_ = context->negates_bodies;
  }
  auto out = body("");
  if (out && !failed() && !at_end()) {
    unexpected();
  }
  return out ? std::move(*out) : Body();
}

Term Parser::single_term() {
  auto out = infix();
  if (out && !failed() && !at_end()) {
    unexpected();
  }
  return out ? std::move(*out) : Term();
}

Result<std::shared_ptr<Module>> parse_module(std::string_view file, std::string_view source,
                                             Syntax syntax) {
  Parser parser(file, source, syntax);
  auto out = parser.module(false);
  if (parser.failed()) {
    return fail(parser.error());
  }
  return out;
}

Result<std::shared_ptr<Module>> parse_package(std::string_view file, std::string_view source,
                                              Syntax syntax) {
  Parser parser(file, source, syntax);
  auto out = parser.package_alone();
  if (parser.failed()) {
    return fail(parser.error());
  }
  return out;
}

std::shared_ptr<Module> parse_module(std::string_view file, std::string_view source, Syntax syntax,
                                     Problems& problems, const Capabilities* capabilities) {
  Parser parser(file, source, syntax, capabilities);
  auto out = parser.module(true);
  parser.tell(problems);
  return out;
}

Body parse_query(std::string_view source, const Module* context, Problems& problems) {
  Parser parser("", source, Syntax::v1);
  Body out = parser.query(context);
  parser.tell(problems);
  return out;
}

Result<Body> parse_query(std::string_view source) {
  Problems problems;
  Body out = parse_query(source, nullptr, problems);
  if (!problems.empty()) {
    return fail(to_error(problems.list()));
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
