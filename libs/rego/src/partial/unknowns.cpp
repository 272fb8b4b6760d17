#include "partial/unknowns.h"

#include <algorithm>

#include "engine/dependencies.h"
#include "syntax/parser.h"

namespace unhidra::rego {
namespace {

bool is_below(const DataPlace& place, const DataPlace& above) {
  return place.is_input == above.is_input && above.path.size() <= place.path.size() &&
         std::equal(above.path.begin(), above.path.end(), place.path.begin());
}

Result<DataPlace> place_of(const std::string& text) {
  UNHIDRA_TRY(const Body body, parse_query(text));
  DataPlace out;
  bool good = body.size() == 1 && body[0].type == Expr::Type::term && body[0].with.empty();
  if (good) {
    const Term& term = body[0].items[0];
    const Term& head = term.is(Term::Type::ref) ? term.items[0] : term;
    good = head.is(Term::Type::var) && (head.name == "input" || head.name == "data");
    out.is_input = head.name == "input";
    for (std::size_t i = 1; i < term.items.size() && good; ++i) {
      good = term.items[i].is(Term::Type::constant);
      out.path.push_back(term.items[i].value);
    }
  }
  if (!good) {
    return fail(Errc::parse_error, text + " is no reference to a place in input or data");
  }
  return out;
}

Result<std::vector<DataPlace>> places_of(std::span<const std::string> texts) {
  std::vector<DataPlace> out;
  for (const std::string& text : texts) {
    UNHIDRA_TRY(auto place, place_of(text));
    out.push_back(std::move(place));
  }
  return out;
}

}  // namespace

Result<Unknowns> Unknowns::make(const Policy& policy, std::span<const std::string> unknowns,
                                std::span<const std::string> apart) {
  Unknowns out;
  UNHIDRA_TRY(out.places_, places_of(unknowns));
  UNHIDRA_TRY(out.apart_, places_of(apart));
  out.mark(policy.root());
  return out;
}

bool Unknowns::covers(const DataPlace& place) const {
  return std::ranges::any_of(places_, [&](const DataPlace& one) { return is_below(place, one); });
}

bool Unknowns::touches(const DataPlace& place) const {
  return std::ranges::any_of(
      places_, [&](const DataPlace& one) { return is_below(place, one) || is_below(one, place); });
}

bool Unknowns::has_below(const RuleNode& node, bool beside_input) const {
  return has(node, beside_input) || std::ranges::any_of(node.children, [&](const auto& child) {
           return has_below(*child.second, beside_input);
         });
}

bool Unknowns::is_apart(const RuleNode& node) const {
  const DataPlace place{false, node.path()};
  return std::ranges::any_of(apart_, [&](const DataPlace& one) { return is_below(place, one); });
}

void Unknowns::mark(const RuleNode& root) {
  const Dependencies dependencies(root);
  Problems none;
  const bool input = std::ranges::any_of(places_, &DataPlace::is_input);
  for (const std::uint32_t number : ordered(dependencies, none)) {
    const RuleNode& node = dependencies.node(number);
    const Needs& needs = dependencies.own(number);
    const bool data = std::ranges::any_of(
        needs.data, [&](const std::vector<Value>& path) { return touches({false, path}); });
    const auto needed = dependencies.needed_by(number);
    const auto needs_one = [&](const std::set<const RuleNode*>& marked) {
      return std::ranges::any_of(needed, [&](const std::uint32_t other) {
        return marked.contains(&dependencies.node(other));
      });
    };
    const bool beside = data || needs.moment || is_apart(node);
    if (beside || needs_one(beside_input_)) {
      beside_input_.insert(&node);
    }
    if (beside || (needs.input && input) || needs_one(all_)) {
      all_.insert(&node);
    }
  }
}

}  // namespace unhidra::rego
