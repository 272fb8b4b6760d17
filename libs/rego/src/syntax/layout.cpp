#include "syntax/layout.h"

#include <algorithm>
#include <array>

namespace unhidra::rego {
namespace {

std::string comment_text(const Comment& comment) {
  std::string_view text = comment.text;
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) {
    text.remove_suffix(1);
  }
  const bool spaced = text.empty() || text[0] == ' ' || text[0] == '#' || text[0] == '!';
  return (spaced ? "#" : "# ") + std::string(text);
}

// The interpolated string that begins at a token, as one piece; `index` is moved to its end.
Piece one_piece(std::string_view source, const std::vector<Token>& tokens, std::size_t& index) {
  const Token& first = tokens[index];
  std::size_t last = index;
  if (first.type == TokenType::text_begin) {
    int depth = 0;
    do {
      depth += tokens[last].type == TokenType::text_begin ? 1 : 0;
      depth -= tokens[last].type == TokenType::text_end ? 1 : 0;
      ++last;
    } while (depth > 0 && last < tokens.size());
    --last;
  }
  index = last;
  Piece out;
  out.row = first.row;
  out.begin = first.begin;
  out.end = tokens[last].end;
  out.text = source.substr(out.begin, out.end - out.begin);
  out.last_row = out.row + static_cast<std::uint32_t>(std::ranges::count(out.text, '\n'));
  return out;
}

void mark(Piece& piece, const Token& token, const SourceMarks& marks) {
  piece.begins_element = marks.elements.contains(piece.begin);
  piece.begins_expression = marks.expressions.contains(piece.begin);
  if (token.type != TokenType::symbol) {
    return;
  }
  piece.is_bar = marks.bars.contains(piece.begin);
  piece.is_sign = marks.signs.contains(piece.begin);
  piece.is_body = marks.bodies.contains(piece.begin);
  if (piece.text == "(" || piece.text == "[" || piece.text == "{") {
    piece.role = Piece::Role::open;
  } else if (piece.text == ")" || piece.text == "]" || piece.text == "}") {
    piece.role = Piece::Role::close;
  }
}

// A call or a look-up in what stands directly before the bracket.
bool continues(const std::vector<Piece>& pieces, std::size_t i) {
  static constexpr std::array<std::string_view, 8> kKeywords{"as", "else", "every", "if",
                                                             "in", "not",  "some",  "with"};
  const Piece& last = pieces[i - 1];
  const Piece& bracket = pieces[i];
  const bool names = i > 1 && pieces[i - 2].text == ".";  // a.not(x)
  if (last.end != bracket.begin || last.role == Piece::Role::open ||
      last.role == Piece::Role::comment) {
    return false;
  }
  if (bracket.text == "(" && !names && std::ranges::find(kKeywords, last.text) != kKeywords.end()) {
    return false;
  }
  return last.role == Piece::Role::close ||
         std::string_view(":=<>!+-*/%&|,;").find(last.text.back()) == std::string_view::npos;
}

void pair_brackets(std::vector<Piece>& pieces) {
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    Piece& piece = pieces[i];
    if (piece.is_bar && !open.empty()) {
      pieces[open.back()].is_list = false;
    }
    if (piece.role == Piece::Role::open) {
      piece.is_glued = i > 0 && piece.text != "{" && continues(pieces, i);
      piece.is_list = !piece.is_body && (piece.text == "("   ? piece.is_glued
                                         : piece.text == "[" ? !piece.is_glued
                                                             : true);
      open.push_back(i);
    } else if (piece.role == Piece::Role::close && !open.empty()) {
      piece.partner = open.back();
      pieces[open.back()].partner = i;
      piece.is_body = pieces[open.back()].is_body;
      open.pop_back();
    }
  }
}

}  // namespace

std::vector<Piece> pieces_of(std::string_view source, const TokenList& list,
                             const SourceMarks& marks) {
  std::vector<Piece> out;
  auto comment = list.comments.begin();
  const auto add_comments = [&](std::size_t before) {
    for (; comment != list.comments.end() && comment->begin < before; ++comment) {
      Piece piece;
      piece.role = Piece::Role::comment;
      piece.text = comment_text(*comment);
      piece.row = piece.last_row = comment->row;
      piece.begin = comment->begin;
      piece.end = comment->begin + comment->text.size() + 1;
      out.push_back(std::move(piece));
    }
  };
  for (std::size_t i = 0; i < list.tokens.size() && list.tokens[i].type != TokenType::end; ++i) {
    const std::size_t first = i;
    Piece piece = one_piece(source, list.tokens, i);
    mark(piece, list.tokens[first], marks);
    add_comments(piece.begin);
    // Comments inside an interpolated string are part of it.
    while (comment != list.comments.end() && comment->begin < piece.end) {
      ++comment;
    }
    out.push_back(std::move(piece));
  }
  add_comments(source.size() + 1);
  pair_brackets(out);
  return out;
}

}  // namespace unhidra::rego
