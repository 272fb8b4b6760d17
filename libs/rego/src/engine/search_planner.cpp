// Searches in given data: `some grant in data.grants; grant.role == input.role` looks only at those
// that it can be, where an index of the data was made.
#include <algorithm>

#include "engine/conditions.h"
#include "engine/rule_planner.h"
#include "values/work.h"

namespace unhidra::rego {

// Its value is there before the loop begins, and having it cannot be an error.
bool RulePlanner::is_ready(const Term& term) {
  if (term.is(Term::Type::var)) {
    return term.slot >= 0 && is_bound(term);
  }
  const bool is_input = term.is(Term::Type::ref) && term.items[0].is(Term::Type::var) &&
                        term.items[0].slot < 0 && term.items[0].name == "input" &&
                        std::all_of(
                            term.items.begin() + 1, term.items.end(),
                            [](const Term& key) { return key.is_constant_string(); });
  return is_input || folder_->value(term).has_value();
}

// What a member of the element has to be equal to, by what follows in the body.
std::optional<RulePlanner::Wanted> RulePlanner::wanted(const Term& element) {
  constexpr std::uint64_t kWorkOfExpression = 16;
  for (const Expr& expr : rest_) {
    if (!WorkScope::take(kWorkOfExpression)) {
      break;
    }
    const Term* sides = equality_sides(expr);
    for (std::size_t i = 0; sides != nullptr && i < 2; ++i) {
      const Term& ref = sides[i];
      const bool is_member = ref.is(Term::Type::ref) && ref.items[0].is(Term::Type::var) &&
                             ref.items[0].slot == element.slot && ref.items.size() > 1 &&
                             std::all_of(ref.items.begin() + 1, ref.items.end(),
                                         [](const Term& key) { return key.is_constant_string(); });
      if (is_member && is_ready(sides[1 - i])) {
        Wanted out{.path = {}, .value = &sides[1 - i]};
        std::transform(ref.items.begin() + 1, ref.items.end(), std::back_inserter(out.path),
                       [](const Term& key) { return key.value; });
        return out;
      }
    }
    if (can_fail(expr) || !expr.with.empty()) {
      break;  // what is left out might have been an error there
    }
  }
  return std::nullopt;
}

// Begins a loop over the domain, narrowed when it can be.
void RulePlanner::emit_loop(std::int32_t loop, Register domain, const Term* element) {
  const auto from = from_data_.find(domain);
  const bool can_narrow = searches_ != nullptr && from != from_data_.end() && element != nullptr &&
                          element->is(Term::Type::var) && element->slot >= 0 && !is_bound(*element);
  auto found = can_narrow ? wanted(*element) : std::nullopt;
  if (!found) {
    emit_else(Op::loop, loop, domain);
    return;
  }
  const Search search{from->second, std::move(found->path)};
  constexpr std::uint64_t kWorkOfSearch = 8;
  (void)WorkScope::take(searches_->size() * kWorkOfSearch);
  const auto known = std::ranges::find(*searches_, search);
  const auto number = static_cast<std::int32_t>(known - searches_->begin());
  if (known == searches_->end()) {
    searches_->push_back(search);
  }
  const Register value = this->value(*found->value);
  emit_else(Op::loop_where, loop, domain, value).d = number;
}

void RulePlanner::goes_on_in_data(Register from, Register to, std::optional<Value> key) {
  if (const auto known = from_data_.find(from); known != from_data_.end()) {
    auto place = known->second;
    place.push_back(std::move(key));
    from_data_.insert_or_assign(to, std::move(place));
  }
}

}  // namespace unhidra::rego
