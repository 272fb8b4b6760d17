#pragma once
// The parser, whose parts stand in parser.cpp (modules, rules, bodies) and parser_terms.cpp.

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "syntax/lexer.h"
#include "syntax/parser.h"

namespace unhidra::rego {

// What tokens are for, by the bytes at which they begin.
struct SourceMarks {
  std::set<std::size_t> elements;     // packages, imports and rules
  std::set<std::size_t> bodies;       // braces of rules and `every`
  std::set<std::size_t> expressions;  // of any body
  std::set<std::size_t> bars;         // of comprehensions
  std::set<std::size_t> signs;        // minus with one operand
};

// Thrown nowhere: a parser that has a fault answers empty things and is asked at the end.
class Parser {
 public:
  Parser(std::string_view file, std::string_view source, Syntax syntax);

  std::shared_ptr<Module> module();
  Body query();
  Term single_term();
  bool failed() const { return failed_ || !faults_.empty(); }
  void tell(Problems& problems) const;
  const SourceMarks& marks() const { return marks_; }
  const TokenList& token_list() const { return list_; }
  Error error() const;

 private:
  static constexpr int kMaxDepth = 500;
  static constexpr std::size_t kMaxFaults = 20;  // of one module
  struct Keywords {
    bool contains = false;
    bool every = false;
    bool if_ = false;
    bool in = false;
  };

  // ---- tokens ----
  const Token& peek(std::size_t ahead = 0) const;
  bool at(std::string_view symbol) const;
  bool at_name(std::string_view name) const;
  bool adjacent() const;  // the token follows the one before without space
  bool new_line() const;  // the token stands on a later line than the one before
  Token take();
  bool skip(std::string_view symbol);
  bool skip_name(std::string_view name);
  // A name that a dot or bracket follows is no keyword: `as.foo`, `false["x"]`.
  bool begins_ref(std::size_t ahead = 0) const;
  void expect(std::string_view symbol);
  void fault(std::string message);
  void fault_at(const Token& token, std::string message);
  void unexpected();
  Location here() const;
  bool is_keyword(std::string_view name) const;
  bool descend();
  bool recover();

  // ---- modules and rules ----
  void package(Module& out);
  bool import(Module& out);
  bool use_keywords(std::string_view which);
  void rule(Module& out);
  Term rule_ref();
  void rule_head(Rule& rule);
  void rule_value(Rule& rule);
  void rule_tail(Rule& rule, Module& out);
  void set_or_object(Rule& rule, bool has_if);
  std::shared_ptr<Rule> else_rule(const Rule& before);
  Body braced_body();
  Body if_body();
  void add(Module& out, Rule rule);

  // ---- bodies ----
  Body body(std::string_view closing);
  Expr literal();
  Expr some_expr(Location location);
  Expr every_expr(Location location);
  Expr plain_expr();
  void with_modifiers(Expr& expr);

  // ---- terms ----
  Term term_in();
  Term term_relation(bool no_or = false);
  Term term_or(bool no_or);
  Term term_and();
  Term term_sum();
  Term term_product();
  Term term();
  Term primary();
  Term postfix(Term head);
  Term arguments_of(Term head);
  Term array_or_comprehension();
  Term brace_term();
  Term object_tail(Term out, Term key);
  Term set_tail(Term out, Term first);
  Term interpolated();
  Term name_term();
  Term binary(std::string name, Term a, Term b);
  std::shared_ptr<Body> comprehension_body(std::string_view closing);
  Term make(Term::Type type) const;

  std::string file_;
  std::shared_ptr<const std::string> file_name_;
  std::string_view source_;
  TokenList list_;
  std::size_t position_ = 0;
  Syntax syntax_;
  Keywords keywords_;
  int depth_ = 0;
  std::size_t wildcards_ = 0;
  bool failed_ = false;
  SyntaxFault fault_;
  SourceMarks marks_;
  std::vector<SyntaxFault> faults_;  // that the parser has gone on from
};

}  // namespace unhidra::rego
