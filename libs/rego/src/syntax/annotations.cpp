#include "syntax/annotations.h"

#include <algorithm>

#include "builtins/function.h"
#include "builtins/yaml_text.h"

namespace unhidra::rego {
namespace {

struct Block {
  std::uint32_t last_row = 0;
  std::string yaml;
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) {
    text.remove_suffix(1);
  }
  return text;
}

std::vector<Block> blocks_of(const std::vector<Comment>& comments) {
  std::vector<Block> out;
  std::uint32_t row = 0;
  bool inside = false;
  for (const auto& comment : comments) {
    if (trimmed(comment.text) == "METADATA") {
      out.push_back({comment.row, {}});
      inside = true;
    } else if (inside && comment.row == row + 1) {
      std::string_view line = comment.text;
      if (line.starts_with(' ')) {
        line.remove_prefix(1);
      }
      out.back().yaml += std::string(line) + "\n";
      out.back().last_row = comment.row;
    } else {
      inside = false;
    }
    row = comment.row;
  }
  return out;
}

// An author is written as a name or as an object.
Value author(const Value& written) {
  if (!written.is(Kind::string)) {
    return written;
  }
  const std::string& text = written.text();
  const auto mail = text.find('<');
  std::vector<Value::Member> out;
  const auto name = trimmed(std::string_view(text).substr(0, mail));
  if (!name.empty()) {
    out.emplace_back(Value::string("name"), Value::string(std::string(name)));
  }
  if (mail != std::string::npos) {
    const auto end = text.find('>', mail);
    out.emplace_back(Value::string("email"), Value::string(text.substr(mail + 1, end - mail - 1)));
  }
  return Value::object(std::move(out));
}

Value finished(const Value& written, std::string_view scope) {
  std::vector<Value::Member> out;
  for (const auto& [key, value] : written.members()) {
    if (key == Value::string("authors") && value.is(Kind::array)) {
      std::vector<Value> authors;
      std::ranges::transform(value.elements(), std::back_inserter(authors), author);
      out.emplace_back(key, Value::array(std::move(authors)));
    } else {
      out.emplace_back(key, value);
    }
  }
  if (written.find("scope") == nullptr) {
    out.emplace_back(Value::string("scope"), Value::string(std::string(scope)));
  }
  return Value::object(std::move(out));
}

}  // namespace

void attach_annotations(const std::vector<Comment>& comments, Module& module) {
  for (const auto& block : blocks_of(comments)) {
    builtins::Environment environment;
    const auto written = builtins::parse_yaml(block.yaml, environment);
    if (!written || !written->is(Kind::object)) {
      continue;
    }
    if (block.last_row < module.package.location.row) {
      module.package_annotations.push_back(finished(*written, "package"));
      continue;
    }
    const auto next = std::ranges::find_if(
        module.rules, [&](const auto& rule) { return rule->location.row > block.last_row; });
    if (next != module.rules.end()) {
      (*next)->annotations.push_back(finished(*written, "rule"));
    }
  }
}

}  // namespace unhidra::rego
