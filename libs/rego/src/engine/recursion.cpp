// A walk along the needs of each rule, with a stack of its own.
#include <algorithm>

#include "engine/dependencies.h"
#include "values/work.h"

namespace unhidra::rego {
namespace {

class Walk {
 public:
  explicit Walk(const Dependencies& dependencies)
      : dependencies_(dependencies), states_(dependencies.size()) {}

  std::vector<std::uint32_t> run() {
    for (std::uint32_t number = 0; number < dependencies_.size(); ++number) {
      if (states_[number] == State::fresh) {
        enter(number);
        follow();
      }
    }
    return std::move(order_);
  }

  bool is_recursive() const { return is_recursive_; }

 private:
  enum class State : std::uint8_t { fresh, under_way, done };
  struct Visit {
    std::uint32_t number = 0;
    std::size_t next = 0;  // of what it needs
  };

  void enter(std::uint32_t number) {
    states_[number] = State::under_way;
    way_.push_back({number});
  }

  void follow() {
    while (!way_.empty()) {
      Visit& last = way_.back();
      const auto needed = dependencies_.needed_by(last.number);
      if (last.next == needed.size()) {
        states_[last.number] = State::done;
        order_.push_back(last.number);
        way_.pop_back();
        continue;
      }
      const std::uint32_t number = needed[last.next++];
      if (states_[number] == State::under_way) {
        is_recursive_ = true;
      } else if (states_[number] == State::fresh) {
        enter(number);
      }
    }
  }

  const Dependencies& dependencies_;
  bool is_recursive_ = false;
  std::vector<State> states_;
  std::vector<Visit> way_;
  std::vector<std::uint32_t> order_;
};

// What is told about rules that need themselves: each with its way.
class Ways {
 public:
  Ways(const Dependencies& dependencies, Problems& problems)
      : dependencies_(dependencies), problems_(problems) {}

  void tell() {
    for (std::uint32_t number = 0; number < dependencies_.size(); ++number) {
      const RuleNode& node = dependencies_.node(number);
      for (const Rule* rule : node.rules) {
        for (const Rule* one = rule; one != nullptr; one = one->otherwise.get()) {
          tell(*one, number);
        }
      }
      if (told_ >= kMost) {
        return;
      }
    }
  }

 private:
  static constexpr std::size_t kMost = 10;  // of rules; a way may be as long as there are rules

  void tell(const Rule& rule, std::uint32_t number) {
    const auto way = from(dependencies_.needed_by(rule), number);
    if (way.empty()) {
      return;
    }
    const std::string name = rule_name(rule);
    std::string text = name;
    for (const std::uint32_t step : way) {
      text += " -> " + (step == number ? name : rule_name(*dependencies_.node(step).rules[0]));
    }
    problems_.add(Errc::recursion, rule.location, "rule " + name + " is recursive: " + text);
    ++told_;
  }

  // The shortest way from one of these to a node, which is its end; empty: there is none.
  std::vector<std::uint32_t> from(std::span<const std::uint32_t> begins, std::uint32_t end) const {
    constexpr std::uint32_t kNone = UINT32_MAX;
    constexpr std::uint64_t kWorkOfNode = 4;
    if (!WorkScope::take(dependencies_.size() * kWorkOfNode)) {
      return {};
    }
    std::vector<std::uint32_t> before(dependencies_.size(), kNone);
    std::vector<std::uint32_t> queue;
    const auto reach = [&](std::uint32_t number, std::uint32_t by) {
      if (before[number] == kNone) {
        before[number] = by;
        queue.push_back(number);
      }
    };
    for (const std::uint32_t begin : begins) {
      reach(begin, begin);
    }
    for (std::size_t i = 0; i < queue.size() && before[end] == kNone; ++i) {
      const auto needed = dependencies_.needed_by(queue[i]);
      if (!WorkScope::take(needed.size() * kWorkOfNode)) {
        return {};
      }
      for (const std::uint32_t next : needed) {
        reach(next, queue[i]);
      }
    }
    std::vector<std::uint32_t> out;
    if (before[end] == kNone) {
      return out;
    }
    for (std::uint32_t at = end;; at = before[at]) {
      out.push_back(at);
      if (before[at] == at) {
        break;
      }
    }
    std::ranges::reverse(out);
    return out;
  }

  const Dependencies& dependencies_;
  Problems& problems_;
  std::size_t told_ = 0;
};

}  // namespace

std::vector<std::uint32_t> ordered(const Dependencies& dependencies, Problems& problems) {
  Walk walk(dependencies);
  auto out = walk.run();
  if (walk.is_recursive()) {
    Ways(dependencies, problems).tell();
  }
  return out;
}

}  // namespace unhidra::rego
