#include "profile_report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

#include "loading.h"
#include "table.h"

namespace unhidra::server::policy_line {
namespace {

using policy::ProfileLine;
using rego::Value;

// 1.234µs, as durations are written there.
std::string duration_text(double nanoseconds) {
  char out[32];
  const auto [unit, size] = nanoseconds >= 1e9   ? std::pair("s", 1e9)
                            : nanoseconds >= 1e6 ? std::pair("ms", 1e6)
                            : nanoseconds >= 1e3 ? std::pair("µs", 1e3)
                                                 : std::pair("ns", 1.0);
  std::snprintf(out, sizeof out, "%.7g%s", nanoseconds / size, unit);
  return out;
}

// Of sorted times, the next measured one.
double at(const std::vector<double>& times, double part) {
  const auto rank = static_cast<std::size_t>(std::ceil(part * static_cast<double>(times.size())));
  return times[rank == 0 ? 0 : rank - 1];
}

double mean(const std::vector<double>& times) {
  return std::accumulate(times.begin(), times.end(), 0.0) / static_cast<double>(times.size());
}

std::string place_text(const ProfileLine& line, const std::vector<rego::QueryExpression>& query) {
  if (!line.file.empty()) {
    return line.file + ":" + std::to_string(line.row);
  }
  std::string out;
  for (const auto& expression : query) {
    if (expression.row == line.row) {
      out += (out.empty() ? "" : "; ") + expression.text;
    }
  }
  return out;
}

Value whole(double value) {
  return Value::integer(static_cast<std::int64_t>(std::llround(value)));
}

}  // namespace

void ProfileReport::add(const std::vector<ProfileLine>& lines) {
  ++evaluations_;
  for (const auto& line : lines) {
    auto& times = times_[{line.file, line.row}];
    times.push_back(static_cast<double>(line.time.count()));
    const auto known = std::ranges::find_if(lines_, [&](const ProfileLine& one) {
      return one.file == line.file && one.row == line.row;
    });
    if (known == lines_.end()) {
      lines_.push_back(line);
    } else {
      known->time += line.time;
    }
  }
  for (auto& [place, times] : times_) {
    std::ranges::sort(times);
  }
}

const std::vector<double>& ProfileReport::times(const ProfileLine& line) const {
  return times_.at({line.file, line.row});
}

std::vector<ProfileLine> ProfileReport::sorted(const Options& options) const {
  auto out = lines_;
  policy::sort_profile(out, options.profile_sort);
  if (options.profile_limit > 0 && out.size() > static_cast<std::size_t>(options.profile_limit)) {
    out.resize(static_cast<std::size_t>(options.profile_limit));
  }
  return out;
}

Value ProfileReport::value(const Options& options) const {
  std::vector<Value> out;
  for (const auto& line : sorted(options)) {
    std::vector<Value::Member> members{
        {text("num_eval"), Value::integer(static_cast<std::int64_t>(line.evaluations))},
        {text("num_redo"), Value::integer(static_cast<std::int64_t>(line.redos))},
        {text("num_gen_expr"), Value::integer(static_cast<std::int64_t>(line.expressions))},
        {text("location"), Value::object({{text("file"), text(line.file)},
                                          {text("row"), Value::integer(line.row)},
                                          {text("col"), Value::integer(line.column)}})}};
    if (evaluations_ == 1) {
      members.emplace_back(text("total_time_ns"), Value::integer(line.time.count()));
    } else {
      const auto& all = times(line);
      members.emplace_back(text("total_time_ns_stats"),
                           Value::object({{text("min"), whole(all.front())},
                                          {text("max"), whole(all.back())},
                                          {text("mean"), whole(mean(all))},
                                          {text("median"), whole(at(all, 0.5))},
                                          {text("90%"), whole(at(all, 0.9))},
                                          {text("99%"), whole(at(all, 0.99))}}));
    }
    out.push_back(Value::object(std::move(members)));
  }
  return Value::array(std::move(out));
}

void ProfileReport::print(const Options& options,
                          const std::vector<rego::QueryExpression>& query) const {
  const bool once = evaluations_ == 1;
  std::vector<std::string> titles{"TIME"};
  if (!once) {
    titles = {"MIN", "MAX", "MEAN", "90%", "99%"};
  }
  titles.insert(titles.end(), {"NUM EVAL", "NUM REDO", "NUM GEN EXPR", "LOCATION"});
  BoxTable table(std::move(titles));
  for (const auto& line : sorted(options)) {
    const auto& all = times(line);
    std::vector<std::string> cells{duration_text(all.front())};
    if (!once) {
      cells.insert(cells.end(), {duration_text(all.back()), duration_text(mean(all)),
                                 duration_text(at(all, 0.9)), duration_text(at(all, 0.99))});
    }
    cells.insert(cells.end(), {std::to_string(line.evaluations), std::to_string(line.redos),
                               std::to_string(line.expressions), place_text(line, query)});
    table.add(std::move(cells));
  }
  table.print();
}

}  // namespace unhidra::server::policy_line
