#include "unhidra/rego/format.h"

#include <algorithm>

#include "syntax/layout.h"
#include "syntax/module_json.h"

namespace unhidra::rego {
namespace {

bool is_own_line(const Piece* before, const Piece& comment) {
  return before == nullptr || before->last_row < comment.row;
}

class Formatter {
 public:
  explicit Formatter(std::vector<Piece> pieces) : pieces_(std::move(pieces)) {}

  std::string run() {
    drop_needless();
    for (index_ = 0; index_ < pieces_.size(); ++index_) {
      if (!dropped_[index_]) {
        put(pieces_[index_]);
      }
    }
    sort_imports();
    std::string out;
    for (const auto& line : lines_) {
      out += line.text + "\n";
    }
    return out;
  }

 private:
  struct Line {
    std::string text;
    bool is_import = false;
  };
  struct Open {
    std::size_t piece;
    int indent;  // of the line that it stands on
  };

  // ---- what is left out ----
  bool one_row(std::size_t open) const {
    return pieces_[open].row == pieces_[pieces_[open].partner].row;
  }
  std::size_t expressions_in(std::size_t open) const {
    std::size_t count = 0;
    std::size_t depth = 0;
    for (std::size_t i = open + 1; i < pieces_[open].partner; ++i) {
      depth -= pieces_[i].role == Piece::Role::close ? 1U : 0U;
      count += depth == 0 && pieces_[i].begins_expression ? 1U : 0U;
      depth += pieces_[i].role == Piece::Role::open ? 1U : 0U;
    }
    return count;
  }
  // `if { x }` on one line is `if x`.
  bool needs_no_braces(std::size_t i) const {
    return i > 0 && pieces_[i - 1].text == "if" && one_row(i) && expressions_in(i) == 1 &&
           pieces_[i + 1].text != "{" && !is_operand(i);
  }
  // The braces of `not { ... }` and of what `and` and `or` stand between.
  bool is_operand(std::size_t i) const {
    const auto is_word = [&](std::size_t k) {
      const Piece& piece = pieces_[k];
      return (piece.text == "and" || piece.text == "or") && !piece.begins_element &&
             !piece.begins_expression;
    };
    const std::size_t behind = pieces_[i].partner + 1;
    return (i > 0 && (pieces_[i - 1].text == "not" || is_word(i - 1))) ||
           (behind < pieces_.size() && is_word(behind));
  }
  void drop_needless() {
    dropped_.assign(pieces_.size(), false);
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      const Piece& piece = pieces_[i];
      if (piece.role == Piece::Role::open) {
        open.push_back(i);
        if (piece.is_body && needs_no_braces(i)) {
          dropped_[i] = dropped_[piece.partner] = true;
        }
      } else if (piece.role == Piece::Role::close && !open.empty()) {
        open.pop_back();
      } else if (piece.role == Piece::Role::token) {
        dropped_[i] = ends_nothing(i, open.empty() ? nullptr : &open.back());
      }
    }
  }
  // A comma or semicolon that a line's end or a bracket makes needless.
  bool ends_nothing(std::size_t i, const std::size_t* open) const {
    const Piece& piece = pieces_[i];
    if (piece.text != "," && piece.text != ";") {
      return false;
    }
    if (i + 1 == pieces_.size()) {
      return true;
    }
    const Piece& next = pieces_[i + 1];
    if (piece.text == ",") {
      return next.role == Piece::Role::close && next.row == piece.row;
    }
    return open == nullptr || (pieces_[*open].is_body && !stays_on_one_line(*open)) ||
           next.row > piece.row || next.role == Piece::Role::comment ||
           next.role == Piece::Role::close || next.text == ";";
  }

  // ---- lines ----
  const Piece* before() const {
    for (std::size_t i = index_; i > 0; --i) {
      if (!dropped_[i - 1]) {
        return &pieces_[i - 1];
      }
    }
    return nullptr;
  }
  bool is_broken(const Open& open) const {  // what it holds begins on a line of its own
    const Piece& piece = pieces_[open.piece];
    const Piece& next = pieces_[open.piece + 1];
    return piece.is_body ? !stays_on_one_line(open.piece) : next.row > piece.last_row;
  }
  // Bodies of `every` and operands may; those of rules do not.
  bool stays_on_one_line(std::size_t i) const {
    if (one_row(i) && is_operand(i)) {
      return true;
    }
    if (!one_row(i) || expressions_in(i) > 1) {
      return false;
    }
    for (std::size_t k = i; k > 0; --k) {
      if (pieces_[k - 1].begins_expression || pieces_[k - 1].begins_element) {
        return pieces_[k - 1].text == "every" ||
               (pieces_[k - 1].text == "not" && pieces_[k].text == "every");
      }
    }
    return false;
  }
  bool breaks_before(const Piece& piece, const Piece* last) const {
    if (last == nullptr) {
      return false;
    }
    if (last->role == Piece::Role::comment || piece.begins_element) {
      return true;
    }
    if (piece.role == Piece::Role::comment) {
      return is_own_line(last, piece);
    }
    if (piece.text == "else" && open_.empty() && last->text != ".") {
      return !(last->is_body && last->role == Piece::Role::close);
    }
    const Piece* top = open_.empty() ? nullptr : &pieces_[open_.back().piece];
    if (top != nullptr && top->is_body) {
      const bool broken = is_broken(open_.back());
      const bool closes = &piece == &pieces_[top->partner];
      if (last == top || closes || piece.begins_expression) {
        return broken;
      }
    }
    if (top != nullptr && &piece == &pieces_[top->partner]) {
      return is_broken(open_.back()) || piece.row > last->last_row;
    }
    if (piece.role == Piece::Role::open && piece.is_body) {
      return false;
    }
    if (piece.text == "," || piece.text == ";" || piece.text == "." || piece.is_glued) {
      return false;
    }
    return piece.row > last->last_row && !is_in_one_line_element();
  }
  // Imports are sorted by their lines.
  bool is_in_one_line_element() const {
    const Piece& element = pieces_[element_before(index_)];
    return element.begins_element && (element.text == "import" || element.text == "package");
  }
  int indent_of(const Piece& piece) const {
    if (open_.empty()) {
      return piece.begins_element || piece.role == Piece::Role::comment || piece.text == "else" ? 0
                                                                                                : 1;
    }
    const Piece& top = pieces_[open_.back().piece];
    if (&piece == &pieces_[top.partner]) {
      return open_.back().indent;
    }
    const bool continues =
        top.is_body && !piece.begins_expression && piece.role != Piece::Role::comment;
    return open_.back().indent + (continues ? 2 : 1);
  }

  // ---- blank lines ----
  bool is_one_line_rule(std::size_t element) const {
    std::size_t end = element;
    while (end + 1 < pieces_.size() && !pieces_[end + 1].begins_element) {
      ++end;
    }
    while (end > element && pieces_[end].role == Piece::Role::comment) {
      --end;
    }
    return pieces_[end].last_row == pieces_[element].row;
  }
  std::size_t element_before(std::size_t i) const {
    while (i > 0 && !pieces_[i].begins_element) {
      --i;
    }
    return i;
  }
  bool import_follows() const {
    std::size_t i = index_;
    while (i + 1 < pieces_.size() && !pieces_[i].begins_element) {
      ++i;
    }
    return pieces_[i].begins_element && pieces_[i].text == "import";
  }
  bool stands_alone(const Piece& piece) const {
    const auto i = static_cast<std::size_t>(&piece - pieces_.data());
    return piece.role == Piece::Role::comment &&
           is_own_line(i == 0 ? nullptr : &pieces_[i - 1], piece);
  }
  bool wants_blank(const Piece& piece, const Piece& last) const {
    const bool blank = piece.row > last.last_row + 1;
    if (!open_.empty()) {
      return blank && &last != &pieces_[open_.back().piece] &&
             &piece != &pieces_[pieces_[open_.back().piece].partner];
    }
    const bool starts =
        piece.begins_element || (piece.role == Piece::Role::comment && is_own_line(&last, piece));
    if (!starts || stands_alone(last)) {
      return blank && (starts || last.role == Piece::Role::comment);
    }
    const Piece& element = pieces_[element_before(index_ - 1)];
    if (!element.begins_element) {
      return blank;
    }
    if (element.text == "package") {
      return true;
    }
    if (element.text == "import") {
      return blank || !import_follows();
    }
    const bool both_short = is_one_line_rule(element_before(index_ - 1)) &&
                            (!piece.begins_element || is_one_line_rule(index_));
    return blank || !both_short;
  }

  // ---- spaces ----
  bool needs_space(const Piece& piece, const Piece& last) const {
    if (piece.text == "," || piece.text == ";" || piece.text == ":" || piece.text == "." ||
        last.text == "." || piece.is_glued || last.is_sign) {
      return false;
    }
    if (piece.role == Piece::Role::comment) {
      return true;
    }
    if (last.role == Piece::Role::open) {
      return last.is_body && piece.role != Piece::Role::close;
    }
    if (piece.role == Piece::Role::close) {
      return piece.is_body;
    }
    return true;
  }

  void put(const Piece& piece) {
    const Piece* last = before();
    if (breaks_before(piece, last)) {
      add_trailing_comma(piece, *last);
      if (wants_blank(piece, *last)) {
        lines_.push_back({});
      }
      start_line(piece);
    } else if (last == nullptr) {
      start_line(piece);
    } else if (needs_space(piece, *last)) {
      lines_.back().text += " ";
    }
    lines_.back().text += piece.text;
    if (piece.role == Piece::Role::open) {
      open_.push_back({index_, indent_});
    } else if (piece.role == Piece::Role::close && !open_.empty()) {
      open_.pop_back();
    }
  }
  void start_line(const Piece& piece) {
    indent_ = indent_of(piece);
    lines_.push_back({std::string(static_cast<std::size_t>(indent_), '\t'),
                      open_.empty() && piece.begins_element && piece.text == "import"});
  }
  // After the last element of a list whose end stands on a line of its own.
  void add_trailing_comma(const Piece& piece, const Piece& last) {
    if (piece.role != Piece::Role::close || open_.empty() || !pieces_[open_.back().piece].is_list ||
        last.text == "," || last.role == Piece::Role::comment ||
        &last == &pieces_[open_.back().piece]) {
      return;
    }
    lines_.back().text += ",";
  }
  void sort_imports() {
    for (std::size_t i = 0; i < lines_.size();) {
      std::size_t end = i;
      while (end < lines_.size() && lines_[end].is_import) {
        ++end;
      }
      std::sort(lines_.begin() + static_cast<std::ptrdiff_t>(i),
                lines_.begin() + static_cast<std::ptrdiff_t>(end),
                [](const Line& a, const Line& b) { return a.text < b.text; });
      i = end + 1;
    }
  }

  std::vector<Piece> pieces_;
  std::vector<bool> dropped_;
  std::vector<Line> lines_;
  std::vector<Open> open_;
  std::size_t index_ = 0;
  int indent_ = 0;
};

std::expected<std::string, ProblemList> format_once(std::string_view file, std::string_view text,
                                                    Syntax syntax) {
  Parser parser(file, text, syntax);
  (void)parser.module(false);
  Problems problems;
  parser.tell(problems);
  if (!problems.empty()) {
    return std::unexpected(problems.list());
  }
  return Formatter(pieces_of(text, parser.token_list(), parser.marks())).run();
}

Value sorted_imports(const Module& module) {
  const Value json = module_to_json(module);
  std::vector<Value::Member> out;
  for (const auto& [key, value] : json.members()) {
    const bool imports = key == Value::string("imports") && value.is(Kind::array);
    out.emplace_back(
        key, imports ? Value::set({value.elements().begin(), value.elements().end()}) : value);
  }
  return Value::object(std::move(out));
}

}  // namespace

std::expected<std::string, ProblemList> format_module(std::string_view file, std::string_view text,
                                                      Syntax syntax) {
  auto out = format_once(file, text, syntax);
  // What was one line may be several now, which decides on blank lines around it.
  bool settled = false;
  for (int turn = 0; out && !settled && turn < 4; ++turn) {
    auto again = format_once(file, *out, syntax);
    settled = again && *again == *out;
    if (!again) {
      break;
    }
    out = std::move(again);
  }
  if (out && (!settled || !same_module(text, *out, syntax))) {
    return std::unexpected(ProblemList{
        {.code = Errc::compile_error,
         .file = std::string(file),
         .message =
             "this text cannot be put into the canonical form without a change of meaning"}});
  }
  return out;
}

bool same_module(std::string_view a, std::string_view b, Syntax syntax) {
  const auto left = parse_module("", a, syntax);
  const auto right = parse_module("", b, syntax);
  return left && right && sorted_imports(**left) == sorted_imports(**right);
}

}  // namespace unhidra::rego
