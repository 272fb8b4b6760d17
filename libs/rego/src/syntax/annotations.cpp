#include "syntax/annotations.h"

#include <algorithm>

#include "builtins/go_text.h"
#include "syntax/annotation_reader.h"

namespace unhidra::rego {
namespace {

constexpr std::string_view kMark = "METADATA";

std::string_view without_space(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const auto begin = std::min(text.find_first_not_of(kSpace), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(kSpace) + 1);
}

// Comments on one line after the other, the first of which is the mark; but for that one they begin
// at the margin.
std::vector<std::span<const Comment>> blocks_of(std::span<const Comment> comments) {
  std::vector<std::span<const Comment>> out;
  for (std::size_t i = 0; i < comments.size();) {
    if (!without_space(comments[i].text).starts_with(kMark)) {
      ++i;
      continue;
    }
    std::size_t end = i + 1;
    while (end < comments.size() && comments[end].column == 1 &&
           comments[end].row == comments[end - 1].row + 1) {
      ++end;
    }
    out.push_back(comments.subspan(i, end - i));
    i = end;
  }
  return out;
}

// The first character, in single quotes.
std::string quoted_character(std::string_view text) {
  if (text.empty()) {
    return R"('\ufffd')";
  }
  if (text[0] == '"') {
    return R"('"')";
  }
  if (text[0] == '\'') {
    return R"('\'')";
  }
  const std::string quoted =
      builtins::quote(text.substr(0, builtins::decode_rune(text).size), true);
  return "'" + quoted.substr(1, quoted.size() - 2) + "'";
}

// A colon that a space should follow. An educated guess at why the YAML is none.
std::string hint_for(std::span<const Comment> lines) {
  std::string out;
  for (const Comment& line : lines) {
    const auto parts = builtins::split(line.text, ":");
    std::string symbols;
    for (std::size_t i = 1; i < parts.size(); ++i) {
      const bool ends = parts[i].empty() && i + 1 == parts.size();
      if (ends || parts[i].starts_with(' ') || parts[i].starts_with('\t')) {
        symbols.clear();
        break;
      }
      symbols += (symbols.empty() ? "" : " ") + quoted_character(parts[i]);
    }
    if (!symbols.empty()) {
      out +=
          "\n  Hint: on line " + std::to_string(line.row) + ", symbol(s) [" + symbols +
          "] immediately following a key/value separator ':' is not a legal yaml space character";
    }
  }
  return out;
}

AnnotationFault fault_at(const Comment& comment, std::string message) {
  return {comment.row, comment.begin, std::move(message)};
}

AnnotationFault told(const AnnotationProblem& problem, std::span<const Comment> block) {
  const auto lines = block.subspan(1);
  if (!problem.is_yaml) {
    return fault_at(block[0], problem.message);
  }
  const auto line = static_cast<std::size_t>(problem.line);
  const Comment& place = lines[std::min(line, lines.size() - 1)];
  return fault_at(place, problem.message + hint_for(lines));
}

std::string scopes() {
  return "Use one of 'rule', 'document', 'package', or 'subpackages'";
}

// Why it cannot say anything of what follows, which is a `kind`; empty: it can.
std::string why_not_attached(const Annotation& annotation, std::string_view kind) {
  const std::string& scope = annotation.scope;
  const bool of_rule = scope == "rule" || scope == "document";
  const bool of_package = scope == "package" || scope == "subpackages";
  if (!of_rule && !of_package) {
    return "invalid annotation scope '" + scope + "'. " + scopes();
  }
  const std::string_view wanted = of_rule ? "rule" : "package";
  if (kind != wanted) {
    return "annotation scope '" + scope + "' must be applied to " + std::string(wanted) +
           (kind.empty() ? "" : " (have " + std::string(kind) + ")");
  }
  const Value* entrypoint = annotation.value.find("entrypoint");
  const bool may_enter = scope == "document" || scope == "package";
  return entrypoint != nullptr && !may_enter
             ? "annotation entrypoint applied to non-document or package scope '" + scope + "'"
             : "";
}

struct Follower {
  std::string_view kind;
  Rule* rule = nullptr;
};

// The statement behind a row.
Follower behind(std::uint32_t row, std::span<const std::uint32_t> imports, const Module& module) {
  Follower out;
  std::uint32_t nearest = 0;
  const auto offer = [&](std::uint32_t at, std::string_view kind, Rule* rule) {
    if (at > row && (nearest == 0 || at < nearest)) {
      nearest = at;
      out = {kind, rule};
    }
  };
  offer(module.package.location.row, "package", nullptr);
  for (const std::uint32_t import : imports) {
    offer(import, "import", nullptr);
  }
  for (const auto& rule : module.rules) {
    offer(rule->location.row, "rule", rule.get());
  }
  return out;
}

void give_scope(Annotation& annotation, std::string_view kind) {
  if (!annotation.scope.empty()) {
    return;
  }
  annotation.scope = kind;
  if (kind == "rule" && annotation.value.find("entrypoint") != nullptr) {
    annotation.scope = "document";
  }
  std::vector<Value::Member> members(annotation.value.members().begin(),
                                     annotation.value.members().end());
  members.emplace_back(Value::string("scope"), Value::string(annotation.scope));
  annotation.value = Value::object(std::move(members));
}

}  // namespace

std::vector<ReadAnnotation> read_annotations(std::span<const Comment> comments,
                                             std::vector<AnnotationFault>& faults) {
  std::vector<ReadAnnotation> out;
  for (const auto block : blocks_of(comments)) {
    std::string yaml;
    for (const Comment& line : block.subspan(1)) {
      const std::string_view text = line.text;
      yaml += std::string(text.starts_with(' ') ? text.substr(1) : text) + "\n";
    }
    if (without_space(yaml).empty()) {
      faults.push_back(fault_at(block[0], "expected METADATA block, found whitespace"));
      continue;
    }
    auto read = read_annotation(yaml);
    if (!read) {
      faults.push_back(told(read.error(), block));
      continue;
    }
    const Value* scope = read->find("scope");
    out.push_back({.annotation = {.location = {.file = nullptr, .row = block[0].row, .column = 1},
                                  .scope = scope == nullptr ? std::string() : scope->text(),
                                  .value = std::move(*read)},
                   .begin = block[0].begin});
  }
  return out;
}

void attach_annotations(std::vector<ReadAnnotation> annotations,
                        std::span<const std::uint32_t> imports, Module& module,
                        std::vector<AnnotationFault>& faults) {
  for (auto& [annotation, begin] : annotations) {
    annotation.location.file = module.package.location.file;
    const Follower follower = behind(annotation.location.row, imports, module);
    give_scope(annotation, follower.kind);
    if (std::string why = why_not_attached(annotation, follower.kind); !why.empty()) {
      faults.push_back({annotation.location.row, begin, std::move(why)});
    } else if (follower.rule != nullptr) {
      follower.rule->annotations.push_back(std::move(annotation));
    } else {
      module.package_annotations.push_back(std::move(annotation));
    }
  }
}

}  // namespace unhidra::rego
