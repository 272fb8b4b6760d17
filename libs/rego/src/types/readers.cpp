#include "types/readers.h"

#include <algorithm>

namespace unhidra::rego {

std::optional<ReplacedPlace> ReplacedPlace::of(const Term& target) {
  const Term& head = target.items[0];
  const bool is_global = head.is(Term::Type::var) && head.slot < 0;
  if (!is_global || (head.name != "input" && head.name != "data")) {
    return std::nullopt;
  }
  ReplacedPlace out{.is_input = head.name == "input", .path = {}};
  for (std::size_t i = 1; i < target.items.size() && target.items[i].is(Term::Type::constant);
       ++i) {
    out.path.push_back(target.items[i].value);
  }
  return out;
}

bool ReplacedPlace::touches(bool input, std::span<const Value> other) const {
  const std::size_t size = std::min(path.size(), other.size());
  return input == is_input &&
         std::equal(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(size), other.begin());
}

void Readers::work_out() {
  if (!needs_.empty()) {
    return;
  }
  if (given_ == nullptr) {
    own_ = std::make_unique<const Dependencies>(root_);
    given_ = own_.get();
  }
  Problems none;
  for (const std::uint32_t number : ordered(*given_, none)) {
    Needs all = given_->own(number);
    for (const std::uint32_t other : given_->needed_by(number)) {
      if (const auto known = needs_.find(&given_->node(other)); known != needs_.end()) {
        all.add(known->second);
      }
    }
    needs_.emplace(&given_->node(number), std::move(all));
  }
}

bool Readers::reads(const RuleNode& node, const ReplacedPlace& place) {
  work_out();
  const auto known = needs_.find(&node);
  if (known == needs_.end()) {
    return false;
  }
  return place.is_input ? known->second.input
                        : std::ranges::any_of(known->second.data, [&](const auto& path) {
                            return place.touches(false, path);
                          });
}

}  // namespace unhidra::rego
