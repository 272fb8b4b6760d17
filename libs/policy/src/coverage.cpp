#include "unhidra/policy/coverage.h"

#include <cmath>
#include <cstdio>

namespace unhidra::policy {
namespace {

using rego::Value;

Value range(std::uint32_t from, std::uint32_t to) {
  const auto row = [](std::uint32_t number) {
    return Value::object({{Value::string("row"), Value::integer(number)}});
  };
  return Value::object({{Value::string("start"), row(from)}, {Value::string("end"), row(to)}});
}

// Neighbouring lines of one sort are one range.
Value ranges(const std::map<std::uint32_t, bool>& lines, bool covered) {
  std::vector<Value> out;
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  for (const auto& [line, is_covered] : lines) {
    if (is_covered != covered) {
      continue;
    }
    if (from != 0 && line == to + 1) {
      to = line;
      continue;
    }
    if (from != 0) {
      out.push_back(range(from, to));
    }
    from = to = line;
  }
  if (from != 0) {
    out.push_back(range(from, to));
  }
  return Value::array(std::move(out));
}

double percent_of(std::size_t covered, std::size_t all) {
  return all == 0 ? 100.0 : std::round(10'000.0 * double(covered) / double(all)) / 100.0;
}

Value percent_value(double percent) {
  char text[32];
  std::snprintf(text, sizeof text, "%.10g", percent);
  return Value::number(text);
}

void add_counts(std::vector<Value::Member>& out, std::size_t covered, std::size_t all) {
  out.emplace_back(Value::string("covered_lines"),
                   Value::integer(static_cast<std::int64_t>(covered)));
  out.emplace_back(Value::string("not_covered_lines"),
                   Value::integer(static_cast<std::int64_t>(all - covered)));
  out.emplace_back(Value::string("coverage"), percent_value(percent_of(covered, all)));
}

std::size_t count_covered(const std::map<std::uint32_t, bool>& lines) {
  std::size_t out = 0;
  for (const auto& [line, covered] : lines) {
    out += covered ? 1 : 0;
  }
  return out;
}

}  // namespace

void Coverage::rule_left(std::string_view, const rego::Place& rule, bool matched) {
  if (matched) {
    covered_.emplace(rule.file, rule.row);
  }
}

void Coverage::expression_held(const rego::Place& expression) {
  covered_.emplace(expression.file, expression.row);
}

Coverage::Lines Coverage::lines(const rego::PolicySet& policies,
                                const std::function<bool(std::string_view file)>& counts) const {
  Lines out;
  const auto add = [&](const rego::Place& place) {
    if (place.row != 0 && counts(place.file)) {
      const std::string file(place.file);
      out[file][place.row] = covered_.contains({file, place.row});
    }
  };
  for (const auto& rule : policies.rules()) {
    add(rule.place);
    for (const auto& expression : rule.expressions) {
      add(expression);
    }
  }
  return out;
}

Value Coverage::report(const rego::PolicySet& policies,
                       const std::function<bool(std::string_view file)>& counts) const {
  std::vector<Value::Member> files;
  std::size_t covered = 0;
  std::size_t all = 0;
  for (const auto& [file, rows] : lines(policies, counts)) {
    const std::size_t here = count_covered(rows);
    std::vector<Value::Member> members{
        {Value::string("covered"), ranges(rows, true)},
        {Value::string("not_covered"), ranges(rows, false)},
    };
    add_counts(members, here, rows.size());
    files.emplace_back(Value::string(file), Value::object(std::move(members)));
    covered += here;
    all += rows.size();
  }
  std::vector<Value::Member> out{{Value::string("files"), Value::object(std::move(files))}};
  add_counts(out, covered, all);
  return Value::object(std::move(out));
}

double Coverage::percent(const rego::PolicySet& policies,
                         const std::function<bool(std::string_view file)>& counts) const {
  std::size_t covered = 0;
  std::size_t all = 0;
  for (const auto& [file, rows] : lines(policies, counts)) {
    covered += count_covered(rows);
    all += rows.size();
  }
  return percent_of(covered, all);
}

}  // namespace unhidra::policy
