#pragma once
// The parser. Its parts: parser.cpp (tokens, faults), parser_module.cpp (packages, imports, what
// holds for a whole module), parser_heads.cpp, parser_rules.cpp, parser_bare_rules.cpp,
// parser_bodies.cpp, parser_logic.cpp (`and`, `or`, `not { ... }`), parser_terms.cpp (operators,
// references), parser_composites.cpp.
//
// It tries the readings of a text in the reference's order, and says at the same token the same:
// what has no body is read as a head, then as an expression; braces are first a collection, then a
// body. A function that answers nothing has told why, unless its comment says otherwise.

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "syntax/annotations.h"
#include "syntax/lexer.h"
#include "syntax/parser.h"
#include "syntax/term_text.h"

namespace unhidra::rego {

// What tokens are for, by the bytes at which they begin.
struct SourceMarks {
  std::set<std::size_t> elements;     // packages, imports and rules
  std::set<std::size_t> bodies;       // braces of rules and `every`
  std::set<std::size_t> expressions;  // of any body
  std::set<std::size_t> bars;         // of comprehensions
  std::set<std::size_t> signs;        // minus of a number
};

class Parser {
 public:
  // `capabilities`: see parse_module.
  Parser(std::string_view file, std::string_view source, Syntax syntax,
         const Capabilities* capabilities = nullptr);

  std::shared_ptr<Module> module(bool reads_annotations);
  std::shared_ptr<Module> package_alone();
  Body query(const Module* context);
  Term single_term();
  bool failed() const { return !faults_.empty(); }
  void tell(Problems& problems) const;
  SourceMarks marks() const;
  const TokenList& token_list() const { return list_; }
  Error error() const;

 private:
  static constexpr int kMaxDepth = 500;
  // Operators inside each other, in a row too: a + b + c is as high as ((a + b) + c). The walk over
  // the tree needs up to ten kilobytes of stack for each.
  static constexpr std::size_t kMaxHeight = 250;
  static constexpr std::size_t kMaxFaults = 20;  // of one module
  // Readings that are given up cost at most so many terms for each token.
  static constexpr std::size_t kMostTermsPerToken = 40;

  using MaybeTerm = std::optional<Term>;
  struct Keywords {
    bool contains = false;
    bool every = false;
    bool if_ = false;
    bool in = false;
    bool and_ = false;
    bool or_ = false;
    bool not_ = false;  // `not { ... }`, and `not x` fails where x is undefined
  };
  struct Fault {
    std::uint32_t row = 0;
    std::uint32_t column = 0;  // in bytes
    std::size_t begin = 0;
    std::string message;
  };
  enum class Mark : std::uint8_t { element, body, expression, bar, sign };
  // Where a reading began, to give it up with all that it told.
  struct State {
    std::size_t position = 0;
    std::size_t faults = 0;
    std::size_t wildcards = 0;
    std::size_t marks = 0;
    std::size_t height = 0;
  };
  // As long as it lives, height_ is that of what is read; then that of the highest beside it.
  class Height {
   public:
    explicit Height(Parser& parser) : parser_(parser), outer_(std::exchange(parser.height_, 0)) {}
    ~Height() { parser_.height_ = std::max(outer_, parser_.height_); }
    Height(const Height&) = delete;
    Height& operator=(const Height&) = delete;

   private:
    Parser& parser_;
    std::size_t outer_;
  };
  // How deeply what is read is nested, as long as it lives.
  class Level {
   public:
    explicit Level(Parser& parser);
    ~Level() { --parser_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    bool is_too_deep() const { return parser_.depth_ > kMaxDepth; }

   private:
    Parser& parser_;
  };
  // What v1 asks of a rule that was read.
  struct Form {
    Location location;
    std::string name;  // when it is no more than one
    bool is_function = false;
    bool is_default = false;
    bool is_set = false;
    bool has_if = false;
    bool has_contains = false;
    bool has_body = false;
    bool has_value = false;
  };

  // ---- tokens ----
  const Token& peek(std::size_t ahead = 0) const;
  bool at(std::string_view symbol) const;
  bool at_name(std::string_view name) const;  // a keyword
  bool at_end() const { return peek().type == TokenType::end; }
  bool at_identifier() const;
  bool adjacent() const;  // the token follows the one before without space
  bool new_line() const;  // the token stands on a later line than the one before
  const Token& take();
  bool skip(std::string_view symbol);
  bool skip_name(std::string_view name);
  // A name that a dot or bracket follows is no keyword: `as.foo`, `false["x"]`.
  bool begins_ref(std::size_t ahead = 0) const;
  bool is_keyword(std::string_view name) const;
  Location here() const;
  std::string text_from(std::size_t begin) const;  // of the source, up to the last token
  State save() const;
  void restore(const State& state);
  void mark(Mark kind) { marks_.emplace_back(kind, peek().begin); }

  // ---- faults ----
  void fault(std::string message);
  void fault_at(const Location& location, std::string message);
  // "unexpected } token", and what was expected.
  void unexpected(std::string_view note = {});
  void expected_name();
  bool statement_failed() const { return faults_.size() > statement_faults_; }
  void recover();
  Problem to_problem(const Fault& fault) const;

  // ---- modules ----
  void statement(Module& out);
  bool begins_statement() const;
  void package(Module& out);
  void import(Module& out);
  bool check_import(const Import& made, bool has_alias);
  void use_import(const Import& made, bool has_alias, Module& out);
  bool use_keywords(std::string_view which);
  bool has_feature(std::string_view name) const {
    return capabilities_ == nullptr || capabilities_->features.contains(name);
  }
  bool may_import(std::string_view keyword) const;
  std::string importable_keywords() const;
  void use_v1_keywords();
  MaybeTerm path();
  void check_forms();
  void tell_annotations(std::vector<AnnotationFault>& wrong);

  // ---- rules ----
  // none: nothing here is a rule's head; bodyless: it may be one without a body. Neither told.
  enum class Outcome : std::uint8_t { read, failed, bodyless, none };
  Outcome rule(Rule& rule, Form& form, Module& out);
  Outcome head(Rule& rule, Form& form);
  Outcome head_ref(Rule& rule);
  bool called_head(std::size_t begin);
  bool head_key(Rule& rule);
  bool head_value(Rule& rule, const Form& form, std::size_t begin);
  bool default_rule(const Rule& rule);
  bool rule_body(Rule& rule, Form& form);
  bool is_only_a_body() const;
  bool else_rules(Rule& rule, const Form& form);
  std::shared_ptr<Rule> else_rule(const Rule& before, const Form& form);
  void chained_rules(const Rule& first, const Form& form, Module& out);
  void rule_from_expression(Rule& rule, const Form& form, Outcome outcome, Module& out);
  std::string why_no_rule(const Body& body, std::size_t begin) const;
  std::string keyword_hint() const;
  void set_or_object(Rule& rule, bool has_if);
  void add(Module& out, Rule rule, Form form);

  // ---- bodies ----
  std::optional<Body> body(std::string_view closing);
  std::optional<Body> braced_body();
  std::optional<Expr> literal();
  std::optional<Expr> some_expr();
  std::optional<Expr> every_expr();
  std::optional<Expr> plain_expr();
  bool with_modifiers(Expr& expr);
  bool is_membership(const Term& call);
  std::string expression_hint(const State& begin);
  static void place(Expr& expr, const Location& location);

  // ---- logic ----
  struct Operand {
    Body body;
    bool has_braces = false;
    Location location;
  };
  bool at_logic() const;  // at an `and` or `or` that is a keyword
  std::optional<Body> operand_body(std::string_view of);
  void fault_brace_operand(const Location& location, std::string_view of, const std::string& text);
  void fault_with_operand(const Location& with);
  static Operand negation(Operand of, const Location& begin);
  std::optional<Operand> negated_body(const Location& begin);
  // `of`: the operator, to tell what is wrong; empty: the reading may be given up.
  std::optional<Operand> operand(std::string_view of);
  bool may_be_group() const;
  bool close_group();
  std::optional<Operand> group(bool is_operand, bool& is_group);
  std::optional<Operand> operands(Operand first);
  std::optional<Operand> chain(Term::Logic logic, Operand first);
  bool can_fail(const Operand& side, std::string_view of);
  std::optional<Expr> with_operands(Operand first);
  std::optional<Expr> leading_operand(bool& is_one);

  // ---- terms ----
  // Operators and their operands; `pairs`: also `key, value in domain`.
  MaybeTerm infix(bool pairs = true);
  MaybeTerm in_list() { return infix(false); }
  MaybeTerm continued(Term first, bool pairs);
  Term operators(Term left, int lowest);
  bool grow();  // by one operator; false: too high, which has been told
  MaybeTerm term();
  MaybeTerm primary();
  MaybeTerm number();
  MaybeTerm grouped();
  MaybeTerm name_term();
  MaybeTerm postfix(Term head);
  bool look_up(Term& ref);
  MaybeTerm arguments_of(Term head);
  Term binary(std::string name, Term a, Term b) const;
  Term variable();

  // ---- composites ----
  MaybeTerm array();
  MaybeTerm set_or_object_term();
  MaybeTerm set_tail(Term out, Term first);
  MaybeTerm object_tail(Term out, Term key, bool may_comprehend);
  // Nothing, and nothing told: it is none, and the next token is a comma.
  std::optional<Body> comprehension_body(std::string_view closing);
  // Makes `out` a comprehension of `head`, which it takes, when a body follows.
  bool comprehend(Term& out, Term::Type type, Term& head, std::string_view closing);
  bool term_list(std::string_view closing, std::vector<Term>& items);
  bool pair_list(std::vector<Term>& items);
  MaybeTerm interpolated();
  MaybeTerm interpolated_expression(const Location& text);
  Term make(Term::Type type) const;

  std::string file_;
  std::shared_ptr<const std::string> file_name_;
  std::string_view source_;
  TokenList list_;
  std::size_t position_ = 0;
  Syntax syntax_;
  const Capabilities* capabilities_;
  Keywords keywords_;
  int depth_ = 0;
  std::size_t height_ = 0;  // of the term that is read, at most
  std::size_t terms_ = 0;
  std::size_t wildcards_ = 0;
  std::size_t statement_faults_ = 0;  // before the statement that is read
  std::vector<Fault> faults_;
  std::vector<std::pair<Mark, std::size_t>> marks_;
  std::vector<Form> forms_;
  std::vector<std::uint32_t> imports_;  // rows
};

// A name that is a keyword in v1.
bool is_v1_keyword(std::string_view name);

}  // namespace unhidra::rego
