#include "syntax/problems.h"

#include <algorithm>

#include "unhidra/base/text.h"

namespace unhidra::rego {
namespace {

// Under the place: what is a tab in the line is one here, so that both stand alike.
std::string mark_under(std::string_view line, std::uint32_t place) {
  std::string out;
  for (std::size_t i = 0; i + 1 < place && i < line.size(); ++i) {
    const auto byte = static_cast<unsigned char>(line[i]);
    if ((byte & 0xc0) != 0x80) {  // one mark a character
      out += byte == '\t' ? '\t' : ' ';
    }
  }
  return out + "^";
}

std::string shown(std::string_view line) {
  std::string out;
  for (std::size_t at = 0; at <= line.size();) {
    const auto end = std::min(line.find('\t', at), line.size());
    out += printable(line.substr(at, end - at)) + (end < line.size() ? "\t" : "");
    at = end + 1;
  }
  return out;
}

// Messages of types have several lines.
std::string shown_lines(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    out += shown(text.substr(at, end - at)) + (end < text.size() ? "\n" : "");
    at = end + 1;
  }
  return out;
}

// As the reference writes it; parse errors show their line.
std::string reference_text(const Problem& problem) {
  // A query has no file: its column says more.
  std::string out = problem.file.empty() && problem.row == 0 ? std::string()
                    : problem.file.empty()
                        ? std::to_string(problem.row) + ":" + std::to_string(problem.column) + ": "
                        : problem.file + ":" + std::to_string(problem.row) + ": ";
  out += std::string(error_code(problem.code).name) + ": " + problem.message;
  if (problem.code == Errc::parse_error && !problem.line.empty()) {
    const std::size_t tabs = std::min(problem.line.find_first_not_of('\t'), problem.line.size());
    const std::size_t place = problem.mark == 0 ? 0 : problem.mark - 1;
    out += "\n\t" + problem.line.substr(tabs) + "\n\t" +
           std::string(place - std::min(place, tabs), ' ') + "^";
  }
  return out;
}

}  // namespace

void Problems::add(Problem problem) {
  if (list_.size() >= kMost) {
    return;
  }
  const bool known = std::ranges::any_of(list_, [&](const Problem& other) {
    return other.file == problem.file && other.row == problem.row &&
           other.column == problem.column && other.message == problem.message;
  });
  if (!known) {
    list_.push_back(std::move(problem));
  }
}

void Problems::add(Errc code, const Location& location, std::string message) {
  add({.code = code,
       .file = location.file ? *location.file : std::string(),
       .row = location.row,
       .column = location.column,
       .message = std::move(message)});
}

std::uint32_t characters_in(std::string_view text) {
  return static_cast<std::uint32_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string line_of(std::string_view source, std::uint32_t row) {
  std::size_t begin = 0;
  for (std::uint32_t i = 1; i < row && begin != std::string_view::npos; ++i) {
    begin = source.find('\n', begin);
    begin = begin == std::string_view::npos ? begin : begin + 1;
  }
  if (row == 0 || begin == std::string_view::npos) {
    return {};
  }
  std::string out(source.substr(begin, source.find('\n', begin) - begin));
  if (out.ends_with('\r')) {
    out.pop_back();
  }
  return out;
}

std::string to_text(const Problem& problem) {
  std::string out = printable(problem.file);
  if (problem.row != 0) {
    out += (out.empty() ? "" : ":") + std::to_string(problem.row) + ":" +
           std::to_string(problem.column);
  }
  out += (out.empty() ? "" : ": ") + std::string(error_code(problem.code).name) + ": " +
         shown_lines(problem.message);
  if (!problem.line.empty()) {
    out += "\n\t" + shown(problem.line) + "\n\t" + mark_under(problem.line, problem.mark);
  }
  return out;
}

Error to_error(std::span<const Problem> problems) {
  if (problems.empty()) {
    return {Errc::compile_error, "no problem is known"};
  }
  std::string text = problems.size() == 1 ? "1 error occurred: "
                                          : std::to_string(problems.size()) + " errors occurred:\n";
  for (std::size_t i = 0; i < problems.size(); ++i) {
    text += (i == 0 ? "" : "\n") + reference_text(problems[i]);
  }
  return {problems[0].code, std::move(text)};
}

}  // namespace unhidra::rego
