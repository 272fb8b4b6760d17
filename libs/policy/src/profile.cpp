#include "unhidra/policy/profile.h"

#include <algorithm>
#include <array>

namespace unhidra::policy {
namespace {

constexpr std::array<std::string_view, 6> kOrders{"total_time_ns", "num_eval", "num_redo",
                                                  "num_gen_expr",  "file",     "line"};

std::weak_ordering compare_by(std::string_view order, const ProfileLine& a, const ProfileLine& b) {
  if (order == "total_time_ns") {
    return b.time <=> a.time;
  }
  if (order == "num_eval") {
    return b.evaluations <=> a.evaluations;
  }
  if (order == "num_redo") {
    return b.redos <=> a.redos;
  }
  if (order == "num_gen_expr") {
    return b.expressions <=> a.expressions;
  }
  return order == "file" ? std::weak_ordering(a.file <=> b.file) : a.row <=> b.row;
}

}  // namespace

// Up to now the time was that of the line which was gone to last.
void Profile::note_time() {
  const SteadyTime now = clock_.steady_now();
  if (active_ != nullptr) {
    active_->time += std::chrono::duration_cast<std::chrono::nanoseconds>(now - since_);
  }
  since_ = now;
}

ProfileLine& Profile::go_to(const rego::Place& expression) {
  note_time();
  ProfileLine& line = lines_[{expression.file, expression.row}];
  if (line.row == 0) {
    line.file = expression.file;
    line.row = expression.row;
    line.column = expression.column;
  }
  active_ = &line;
  return line;
}

void Profile::rule_entered(std::string_view, const rego::Place&) {
  callers_.push_back(active_);
}

void Profile::rule_left(std::string_view, const rego::Place&, bool) {
  note_time();
  active_ = callers_.back();
  callers_.pop_back();
}

void Profile::expression_tried(const rego::Place& expression) {
  ++go_to(expression).evaluations;
}

void Profile::expression_redone(const rego::Place& expression) {
  ++go_to(expression).redos;
}

std::vector<ProfileLine> Profile::lines(const rego::PolicySet& policies) const {
  std::map<Key, std::uint64_t> made;
  const auto rules = policies.rules();
  for (const auto& rule : rules) {
    for (const rego::Place& expression : rule.expressions) {
      ++made[{expression.file, expression.row}];
    }
  }
  std::vector<ProfileLine> out;
  for (const auto& [key, line] : lines_) {
    const auto found = made.find(key);
    out.push_back(line);
    out.back().expressions = found == made.end() ? 1 : found->second;
  }
  return out;
}

std::span<const std::string_view> profile_orders() {
  return kOrders;
}

void sort_profile(std::vector<ProfileLine>& lines, std::span<const std::string> criteria) {
  std::ranges::stable_sort(lines, [&](const ProfileLine& a, const ProfileLine& b) {
    for (const std::string& one : criteria) {
      if (const auto order = compare_by(one, a, b); order != 0) {
        return order < 0;
      }
    }
    for (const std::string_view one : kOrders) {
      if (const auto order = compare_by(one, a, b); order != 0) {
        return order < 0;
      }
    }
    return false;
  });
}

}  // namespace unhidra::policy
