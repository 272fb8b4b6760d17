#include "unhidra/policy/explanation.h"

#include <algorithm>
#include <utility>

#include "unhidra/base/text.h"

namespace unhidra::policy {
namespace {

using rego::Value;

std::string where(const rego::Place& place) {
  return printable(place.file) + ":" + std::to_string(place.row);
}

// The source line, without the space around it.
std::string source_at(const rego::Place& place, std::span<const rego::ModuleSource> sources) {
  const auto source = std::ranges::find(sources, place.file, &rego::ModuleSource::file);
  if (source == sources.end()) {
    return {};
  }
  std::string_view rest = source->text;
  for (std::uint32_t row = 1; row < place.row && !rest.empty(); ++row) {
    rest.remove_prefix(std::min(rest.find('\n'), rest.size() - 1) + 1);
  }
  rest = rest.substr(0, rest.find('\n'));
  const auto begin = rest.find_first_not_of(" \t\r");
  return begin == std::string_view::npos
             ? std::string()
             : printable(rest.substr(begin, rest.find_last_not_of(" \t\r") + 1 - begin));
}

// On one line, and no longer than people read.
std::string shown(const Value& value) {
  constexpr std::size_t kMostShown = 160;
  const std::string text =
      value.weight() > (1U << 20) ? "..." : printable(rego::value_to_json(value));
  return text.size() <= kMostShown ? text : text.substr(0, kMostShown) + "...";
}

}  // namespace

void Explanation::rule_entered(std::string_view path, const rego::Place& rule) {
  if (attempts_.size() == kMost) {
    dropped_ = true;
    open_.push_back(kMost);
    return;
  }
  const int depth = static_cast<int>(open_.size());
  attempts_.push_back(
      {.path = std::string(path), .place = rule, .failed = {}, .variables = {}, .depth = depth});
  open_.push_back(attempts_.size() - 1);
}

void Explanation::rule_left(std::string_view, const rego::Place&, bool matched) {
  if (open_.empty()) {
    return;
  }
  if (open_.back() != kMost) {
    attempts_[open_.back()].matched = matched;
  }
  open_.pop_back();
}

void Explanation::expression_held(const rego::Place& expression) {
  if (!open_.empty() && open_.back() != kMost && attempts_[open_.back()].failed == expression) {
    attempts_[open_.back()].failed = {};
  }
}

void Explanation::expression_variables(
    const rego::Place&, std::span<const std::pair<std::string_view, Value>> variables) {
  variables_.assign(variables.begin(), variables.end());
}

void Explanation::expression_failed(const rego::Place& expression) {
  const auto variables = std::exchange(variables_, {});
  if (open_.empty() || open_.back() == kMost) {
    return;
  }
  auto& attempt = attempts_[open_.back()];
  auto& failed = attempt.failed;
  if (failed.row == 0 ||
      std::pair(failed.row, failed.column) < std::pair(expression.row, expression.column)) {
    failed = expression;
    attempt.variables = variables;
  }
}

std::string Explanation::text(std::span<const rego::ModuleSource> sources) const {
  std::string out;
  for (const auto& attempt : attempts_) {
    const std::string indent(static_cast<std::size_t>(attempt.depth) * 2, ' ');
    out += indent + (attempt.matched ? "+ " : "- ") + printable(attempt.path) + "  " +
           where(attempt.place) + (attempt.matched ? "  matched" : "  did not match") + "\n";
    if (!attempt.matched && attempt.failed.row != 0) {
      out += indent + "    failed at " + where(attempt.failed) + ":" +
             std::to_string(attempt.failed.column) + "  " + source_at(attempt.failed, sources) +
             "\n";
      for (const auto& [name, value] : attempt.variables) {
        out += indent + "      " + printable(name) + " = " + shown(value) + "\n";
      }
    }
  }
  if (dropped_) {
    out += "... and more: the first " + std::to_string(kMost) + " are shown\n";
  }
  return out;
}

Value Explanation::value(std::span<const rego::ModuleSource> sources) const {
  const auto place = [&](const rego::Place& at) {
    return Value::object({{Value::string("file"), Value::string(std::string(at.file))},
                          {Value::string("row"), Value::integer(at.row)},
                          {Value::string("col"), Value::integer(at.column)},
                          {Value::string("text"), Value::string(source_at(at, sources))}});
  };
  std::vector<Value> out;
  for (const auto& attempt : attempts_) {
    std::vector<Value::Member> members{
        {Value::string("rule"), Value::string(attempt.path)},
        {Value::string("location"), place(attempt.place)},
        {Value::string("matched"), Value::boolean(attempt.matched)},
        {Value::string("depth"), Value::integer(attempt.depth)},
    };
    if (!attempt.matched && attempt.failed.row != 0) {
      members.emplace_back(Value::string("failed"), place(attempt.failed));
      std::vector<Value::Member> variables;
      for (const auto& [name, value] : attempt.variables) {
        variables.emplace_back(Value::string(name), value);
      }
      if (!variables.empty()) {
        members.emplace_back(Value::string("variables"), Value::object(std::move(variables)));
      }
    }
    out.push_back(Value::object(std::move(members)));
  }
  return Value::array(std::move(out));
}

}  // namespace unhidra::policy
