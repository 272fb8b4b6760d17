// Packages, imports, and what holds for a whole module.
#include <algorithm>
#include <array>

#include "syntax/parser_impl.h"

namespace unhidra::rego {
namespace {

constexpr std::string_view kRoots = "{data, future, input, rego}";

Term data_term(const Location& location) {
  Term out;
  out.type = Term::Type::var;
  out.location = location;
  out.name = "data";
  return out;
}

std::string dotted(const Term& path) {
  std::string out = path.items[0].name;
  for (std::size_t i = 1; i < path.items.size(); ++i) {
    out += "." + path.items[i].value.text();
  }
  return out;
}

}  // namespace

std::shared_ptr<Module> Parser::module(bool reads_annotations) {
  auto out = std::make_shared<Module>();
  out->file = file_;
  out->is_v0 = syntax_ == Syntax::v0;
  out->speaks_v1 = !out->is_v0;
  if (at_end()) {
    faults_.push_back({0, 0, 0, "empty module"});
    return out;
  }
  const Location begin = here();
  if (syntax_ == Syntax::v1 && !has_feature("rego_v1")) {
    fault("illegal capabilities: rego_v1 feature required for parsing v1 Rego");
    return out;
  }
  const bool has_package = at_name("package");
  while (!at_end() && faults_.size() < kMaxFaults) {
    statement_faults_ = faults_.size();
    statement(*out);
    if (statement_failed()) {
      recover();
    }
  }
  out->has_and = keywords_.and_;
  out->has_or = keywords_.or_;
  out->negates_bodies = keywords_.not_;
  if (!has_package && !failed()) {
    fault_at(begin, "package expected");
  }
  std::vector<AnnotationFault> wrong;
  auto annotations =
      reads_annotations ? read_annotations(list_.comments, wrong) : std::vector<ReadAnnotation>();
  tell_annotations(wrong);
  if (!failed() && out->speaks_v1) {
    check_forms();
  }
  if (!failed()) {
    attach_annotations(std::move(annotations), imports_, *out, wrong);
    tell_annotations(wrong);
  }
  return out;
}

std::shared_ptr<Module> Parser::package_alone() {
  auto out = std::make_shared<Module>();
  out->file = file_;
  if (at_name("package")) {
    package(*out);
  } else {
    fault("package expected");
  }
  return out;
}

void Parser::tell_annotations(std::vector<AnnotationFault>& wrong) {
  for (auto& [row, begin, message] : wrong) {
    faults_.push_back({row, 1, begin, std::move(message)});
  }
  wrong.clear();
}

void Parser::statement(Module& out) {
  if (at_name("package")) {
    mark(Mark::element);
    return package(out);
  }
  if (at_name("import")) {
    mark(Mark::element);
    return import(out);
  }
  const State begin = save();
  mark(Mark::element);
  Rule made;
  Form form;
  made.location = form.location = here();
  const Outcome outcome = rule(made, form, out);
  if (outcome == Outcome::read || statement_failed()) {
    return;
  }
  if (outcome == Outcome::bodyless && form.has_value && begins_statement()) {
    return add(out, std::move(made), std::move(form));
  }
  restore(begin);
  mark(Mark::element);
  rule_from_expression(made, form, outcome, out);
}

// Nothing that could go on with an expression.
bool Parser::begins_statement() const {
  return at_end() || at_identifier() || at_name("default") || at_name("import");
}

// A name, which may be a keyword, and what follows it.
Parser::MaybeTerm Parser::path() {
  if (peek().type != TokenType::name) {
    unexpected();
    return std::nullopt;
  }
  return postfix(variable());
}

void Parser::package(Module& out) {
  const Location location = here();
  take();
  auto named = path();
  if (!named) {
    return;
  }
  if (named->is(Term::Type::call)) {
    return unexpected();
  }
  std::vector<Term> parts;
  if (named->is(Term::Type::var)) {
    parts.push_back(std::move(*named));
  } else {
    parts = std::move(named->items);
  }
  if (parts.size() > kMaxDepth) {
    return fault("max parsing recursion depth exceeded");
  }
  if (!parts[0].is(Term::Type::var)) {
    return fault_at(parts[0].location,
                    "unexpected " + std::string(term_kind(parts[0])) + " token: expecting var");
  }
  parts[0].type = Term::Type::constant;
  parts[0].value = Value::string(parts[0].name);
  for (const Term& part : parts) {
    if (!part.is_constant_string()) {
      return fault_at(part.location,
                      "unexpected " + std::string(term_kind(part)) + " token: expecting string");
    }
  }
  if (!out.package.items.empty()) {
    return fault_at(location, "unexpected package");
  }
  out.package = make(Term::Type::ref);
  out.package.location = location;
  out.package.items.push_back(data_term(parts[0].location));
  std::ranges::move(parts, std::back_inserter(out.package.items));
}

void Parser::import(Module& out) {
  Import made;
  made.location = here();
  imports_.push_back(made.location.row);
  take();
  auto named = path();
  if (!named || named->is(Term::Type::call)) {
    return fault("expected path");
  }
  if (named->is(Term::Type::var)) {
    made.path = make(Term::Type::ref);
    made.path.location = named->location;
    made.path.items.push_back(std::move(*named));
  } else {
    made.path = std::move(*named);
  }
  const bool has_alias = at_name("as");
  if (!check_import(made, has_alias)) {
    return;
  }
  const Term& last = made.path.items.back();
  made.alias = last.is(Term::Type::var) ? last.name : last.value.text();
  if (has_alias) {
    take();
    if (!at_identifier() || begins_ref()) {
      return unexpected("expected var");
    }
    made.alias = take().text;
  }
  use_import(made, has_alias, out);
}

bool Parser::check_import(const Import& made, bool has_alias) {
  const auto& items = made.path.items;
  for (std::size_t i = 1; i < items.size(); ++i) {
    if (!items[i].is_constant_string()) {
      fault_at(items[i].location,
               "unexpected " + std::string(term_kind(items[i])) + " token: expecting string");
      return false;
    }
  }
  const std::string& root = items[0].name;
  if (root != "data" && root != "input" && root != "future" && root != "rego") {
    fault_at(made.path.location,
             "unexpected import path, must begin with one of: " + std::string(kRoots) +
                 ", got: " + root + " (hint: if this is unexpected, try updating OPA)");
    return false;
  }
  const Term& last = items.back();
  const std::string& name = last.is(Term::Type::var) ? last.name : last.value.text();
  const bool is_reserved = syntax_ == Syntax::v1 ? is_v1_keyword(name) : is_keyword(name);
  if (!has_alias && root != "future" && is_reserved) {
    fault_at(last.location, "unexpected import path, must not end with a keyword, got: " + name +
                                " (hint: import a different path or use an alias)");
    return false;
  }
  return true;
}

void Parser::use_import(const Import& made, bool has_alias, Module& out) {
  const auto& items = made.path.items;
  const std::string& root = items[0].name;
  if (root == "rego") {
    if (items.size() != 2 || items[1].value.text() != "v1") {
      return fault_at(made.path.location,
                      "invalid import `" + dotted(made.path) + "`, must be `rego.v1`");
    }
    if (!has_feature("rego_v1") && !has_feature("rego_v1_import")) {
      return fault_at(made.path.location,
                      "invalid import, `rego.v1` is not supported by current capabilities");
    }
    if (syntax_ == Syntax::v0 && has_alias) {
      return fault_at(made.path.location, "`rego` imports cannot be aliased");
    }
    out.speaks_v1 = true;
    return use_v1_keywords();
  }
  if (root != "future") {
    out.imports.push_back(made);
    return;
  }
  if (items.size() < 2 || items[1].value.text() != "keywords") {
    return fault_at(made.path.location, "invalid import, must be `future.keywords`");
  }
  if (has_alias) {
    return fault_at(made.path.location, "`future` imports cannot be aliased");
  }
  if (!use_keywords(items.size() == 2 ? "" : items[2].value.text())) {
    fault_at(made.path.location,
             "unexpected keyword, must be one of [" + importable_keywords() + "]");
  }
}

namespace {

constexpr std::array<std::string_view, 7> kFuture{"and", "contains", "every", "if",
                                                  "in",  "not",      "or"};

}  // namespace

// Those of v1 are there wherever v1 is.
bool Parser::may_import(std::string_view keyword) const {
  const bool is_of_v1 = keyword != "and" && keyword != "not" && keyword != "or";
  return capabilities_ == nullptr || capabilities_->future_keywords.contains(keyword) ||
         (is_of_v1 && has_feature("rego_v1"));
}

std::string Parser::importable_keywords() const {
  std::string out;
  for (const auto keyword : kFuture) {
    if (may_import(keyword)) {
      out += (out.empty() ? "" : " ") + std::string(keyword);
    }
  }
  return out;
}

// Empty: all of them. Whether there is such a keyword.
bool Parser::use_keywords(std::string_view which) {
  const auto use = [&](bool& keyword, std::string_view name) {
    keyword = keyword || ((which.empty() || which == name) && may_import(name));
  };
  use(keywords_.contains, "contains");
  use(keywords_.if_, "if");
  use(keywords_.every, "every");
  use(keywords_.in, "in");
  use(keywords_.and_, "and");
  use(keywords_.or_, "or");
  use(keywords_.not_, "not");
  keywords_.in = keywords_.in || (which == "every" && keywords_.every);
  return which.empty() || (std::ranges::find(kFuture, which) != kFuture.end() && may_import(which));
}

// What a module in v1 has without asking.
void Parser::use_v1_keywords() {
  keywords_.contains = keywords_.every = keywords_.if_ = keywords_.in = true;
}

// What v1 asks of every rule of a module that can be read.
void Parser::check_forms() {
  for (const Form& form : forms_) {
    const std::string kind = form.is_function ? "function" : "rule";
    if (!form.name.empty() && is_v1_keyword(form.name)) {
      fault_at(form.location, form.name + " keyword cannot be used for rule name");
    }
    if (!form.has_body && !form.has_value && !form.is_default && !form.is_set) {
      fault_at(form.location, kind + " must have value assignment and/or body declaration");
    }
    if (form.has_body && !form.has_if) {
      fault_at(form.location, "`if` keyword is required before " + kind + " body");
    }
    if (form.is_set && !form.has_contains) {
      fault_at(form.location, "`contains` keyword is required for partial set rules");
    }
  }
}

}  // namespace unhidra::rego
