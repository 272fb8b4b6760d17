// A walk along the needs of each rule, with a stack of its own.
#include <algorithm>

#include "engine/dependencies.h"

namespace unhidra::rego {
namespace {

class Walk {
 public:
  Walk(const Dependencies& dependencies, Problems& problems)
      : dependencies_(dependencies), problems_(problems), states_(dependencies.size()) {}

  std::vector<std::uint32_t> run() {
    for (std::uint32_t number = 0; number < dependencies_.size(); ++number) {
      if (states_[number] == State::fresh) {
        enter(number);
        follow();
      }
    }
    return std::move(order_);
  }

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
        recursive(number);
      } else if (states_[number] == State::fresh) {
        enter(number);
      }
    }
  }

  void recursive(std::uint32_t number) {
    const auto first = std::ranges::find(way_, number, &Visit::number);
    const RuleNode& start = dependencies_.node(number);
    std::string way;
    for (auto step = first; step != way_.end(); ++step) {
      way += dependencies_.node(step->number).name() + " -> ";
    }
    const Rule* rule = start.rules.empty() ? start.fallback : start.rules[0];
    problems_.add(Errc::recursion, rule->location,
                  "rule " + start.name() + " is recursive: " + way + start.name());
  }

  const Dependencies& dependencies_;
  Problems& problems_;
  std::vector<State> states_;
  std::vector<Visit> way_;
  std::vector<std::uint32_t> order_;
};

}  // namespace

std::vector<std::uint32_t> ordered(const Dependencies& dependencies, Problems& problems) {
  return Walk(dependencies, problems).run();
}

}  // namespace unhidra::rego
