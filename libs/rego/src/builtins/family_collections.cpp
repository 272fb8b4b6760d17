// Aggregates, arrays, sets and graphs.
#include <algorithm>

#include "builtins/families.h"
#include "builtins/go_text.h"
#include "builtins/number_math.h"

namespace unhidra::rego::builtins {
namespace {

bool is_list(const Value& value) {
  return value.is(Kind::array) || value.is(Kind::set);
}

Answer count(const Call& call) {
  switch (call[0].kind()) {
    case Kind::array:
    case Kind::object:
    case Kind::set:
      return Value::integer(static_cast<std::int64_t>(call[0].size()));
    case Kind::string:
      return Value::integer(static_cast<std::int64_t>(rune_count(call[0].text())));
    default:
      return wrong_kind(1, call[0], {"array", "object", "set", "string"});
  }
}

Answer folded(const Call& call, Arithmetic operation, std::string start) {
  if (!is_list(call[0])) {
    return wrong_kind(1, call[0], {"set", "array"});
  }
  std::string total = std::move(start);
  for (const Value& element : call[0].elements()) {
    if (!element.is(Kind::number)) {
      return wrong_element(1, call[0], element, "number");
    }
    UNHIDRA_TRY_VOID(call.environment().charge(total.size() + element.text().size()));
    UNHIDRA_TRY(total, compute(operation, total, element.text()));
  }
  return Value::number(std::move(total));
}
Answer sum(const Call& call) {
  return folded(call, Arithmetic::plus, "0");
}
Answer product(const Call& call) {
  return folded(call, Arithmetic::multiply, "1");
}

// The greatest or least element; undefined for none.
Answer extreme(const Call& call, int wanted) {
  if (!is_list(call[0])) {
    return wrong_kind(1, call[0], {"set", "array"});
  }
  const Value* best = nullptr;
  for (const Value& element : call[0].elements()) {
    if (best == nullptr || compare(element, *best) * wanted > 0) {
      best = &element;
    }
  }
  return best != nullptr ? Answer(*best) : Answer(std::nullopt);
}
Answer maximum(const Call& call) {
  return extreme(call, 1);
}
Answer minimum(const Call& call) {
  return extreme(call, -1);
}

Answer sorted(const Call& call) {
  if (!is_list(call[0])) {
    return wrong_kind(1, call[0], {"set", "array"});
  }
  const auto elements = call[0].elements();
  std::vector<Value> out(elements.begin(), elements.end());
  std::ranges::sort(out, [](const Value& a, const Value& b) { return a < b; });
  return Value::array(std::move(out));
}

// The functions of old: true for all, any.
Answer every_true(const Call& call) {
  if (!is_list(call[0])) {
    return wrong_kind(1, call[0], {"array", "set"});
  }
  return Value::boolean(std::ranges::all_of(
      call[0].elements(), [](const Value& v) { return v.is(Kind::boolean) && v.as_boolean(); }));
}
Answer any_true(const Call& call) {
  if (!is_list(call[0])) {
    return wrong_kind(1, call[0], {"array", "set"});
  }
  return Value::boolean(std::ranges::any_of(
      call[0].elements(), [](const Value& v) { return v.is(Kind::boolean) && v.as_boolean(); }));
}

Answer member(const Call& call) {
  const Value& container = call[1];
  if (container.is(Kind::set)) {
    return Value::boolean(container.contains(call[0]));
  }
  const bool found =
      container.is(Kind::array)
          ? std::ranges::any_of(container.elements(), [&](const Value& v) { return v == call[0]; })
          : container.is(Kind::object) &&
                std::ranges::any_of(container.members(),
                                    [&](const auto& m) { return m.second == call[0]; });
  return Value::boolean(found);
}

Answer member_with_key(const Call& call) {
  const Value& container = call[2];
  if (container.is(Kind::object)) {
    const Value* found = container.find(call[0]);
    return Value::boolean(found != nullptr && *found == call[1]);
  }
  if (container.is(Kind::array) && call[0].is(Kind::number)) {
    for (std::size_t i = 0; i < container.size(); ++i) {
      if (compare_numbers(call[0].text(), std::to_string(i)) == 0) {
        return Value::boolean(container.elements()[i] == call[1]);
      }
    }
  }
  if (container.is(Kind::set)) {
    return Value::boolean(call[0] == call[1] && container.contains(call[0]));
  }
  return Value::boolean(false);
}

Answer array_concat(const Call& call) {
  UNHIDRA_TRY(const Value a, call.of_kind(0, Kind::array));
  UNHIDRA_TRY(const Value b, call.of_kind(1, Kind::array));
  UNHIDRA_TRY_VOID(call.environment().charge((a.size() + b.size()) * sizeof(Value)));
  std::vector<Value> out(a.elements().begin(), a.elements().end());
  out.insert(out.end(), b.elements().begin(), b.elements().end());
  return Value::array(std::move(out));
}

// One level: lists in the list give their elements, lists in those stay.
Answer array_flatten(const Call& call) {
  UNHIDRA_TRY(const Value list, call.of_kind(0, Kind::array));
  std::vector<Value> out;
  for (const Value& element : list.elements()) {
    UNHIDRA_TRY_VOID(call.environment().charge((element.size() + 1) * sizeof(Value)));
    if (element.is(Kind::array)) {
      out.insert(out.end(), element.elements().begin(), element.elements().end());
    } else {
      out.push_back(element);
    }
  }
  return Value::array(std::move(out));
}

Answer array_reverse(const Call& call) {
  UNHIDRA_TRY(const Value list, call.of_kind(0, Kind::array));
  return Value::array({list.elements().rbegin(), list.elements().rend()});
}

Answer array_slice(const Call& call) {
  UNHIDRA_TRY(const Value list, call.of_kind(0, Kind::array));
  UNHIDRA_TRY(std::int64_t from, call.integer(1));
  UNHIDRA_TRY(std::int64_t to, call.integer(2));
  const auto size = static_cast<std::int64_t>(list.size());
  from = std::clamp<std::int64_t>(from, 0, size);
  to = std::clamp<std::int64_t>(to, from, size);
  const auto part =
      list.elements().subspan(static_cast<std::size_t>(from), static_cast<std::size_t>(to - from));
  return Value::array({part.begin(), part.end()});
}

Answer set_and(const Call& call) {
  UNHIDRA_TRY(const Value a, call.of_kind(0, Kind::set));
  UNHIDRA_TRY(const Value b, call.of_kind(1, Kind::set));
  std::vector<Value> out;
  std::ranges::copy_if(a.elements(), std::back_inserter(out),
                       [&](const Value& v) { return b.contains(v); });
  return Value::set(std::move(out));
}

Answer set_or(const Call& call) {
  UNHIDRA_TRY(const Value a, call.of_kind(0, Kind::set));
  UNHIDRA_TRY(const Value b, call.of_kind(1, Kind::set));
  UNHIDRA_TRY_VOID(call.environment().charge((a.size() + b.size()) * sizeof(Value)));
  std::vector<Value> out(a.elements().begin(), a.elements().end());
  out.insert(out.end(), b.elements().begin(), b.elements().end());
  return Value::set(std::move(out));
}

Answer set_diff(const Call& call) {
  UNHIDRA_TRY(const Value a, call.of_kind(0, Kind::set));
  UNHIDRA_TRY(const Value b, call.of_kind(1, Kind::set));
  std::vector<Value> out;
  std::ranges::copy_if(a.elements(), std::back_inserter(out),
                       [&](const Value& v) { return !b.contains(v); });
  return Value::set(std::move(out));
}

// The sets of a set.
Result<std::vector<Value>> inner_sets(const Call& call) {
  UNHIDRA_TRY(const Value outer, call.of_kind(0, Kind::set));
  std::vector<Value> out;
  for (const Value& element : outer.elements()) {
    if (!element.is(Kind::set)) {
      return wrong_element(1, outer, element, "set");
    }
    UNHIDRA_TRY_VOID(call.environment().charge((element.size() + 1) * sizeof(Value)));
    out.push_back(element);
  }
  return out;
}

Answer set_union(const Call& call) {
  UNHIDRA_TRY(const std::vector<Value> sets, inner_sets(call));
  std::vector<Value> out;
  for (const Value& set : sets) {
    out.insert(out.end(), set.elements().begin(), set.elements().end());
  }
  return Value::set(std::move(out));
}

Answer set_intersection(const Call& call) {
  UNHIDRA_TRY(const std::vector<Value> sets, inner_sets(call));
  std::vector<Value> out;
  if (!sets.empty()) {
    for (const Value& element : sets[0].elements()) {
      if (std::ranges::all_of(sets, [&](const Value& set) { return set.contains(element); })) {
        out.push_back(element);
      }
    }
  }
  return Value::set(std::move(out));
}

Status check_vertices(const Value& list, std::size_t position) {
  if (!is_list(list)) {
    return wrong_kind(position, list, {"array", "set"});
  }
  return {};
}

// The neighbours of a vertex: the list under its name, or none.
std::span<const Value> neighbours(const Value& graph, const Value& vertex) {
  const Value* found = graph.find(vertex);
  return found != nullptr && is_list(*found) ? found->elements() : std::span<const Value>();
}

Answer reachable(const Call& call) {
  UNHIDRA_TRY(const Value graph, call.of_kind(0, Kind::object));
  UNHIDRA_TRY_VOID(check_vertices(call[1], 2));
  std::vector<Value> open(call[1].elements().begin(), call[1].elements().end());
  std::vector<Value> reached;  // sorted
  const auto before = [](const Value& a, const Value& b) { return a < b; };
  while (!open.empty()) {
    const Value vertex = std::move(open.back());
    open.pop_back();
    const auto at = std::ranges::lower_bound(reached, vertex, before);
    if ((at != reached.end() && *at == vertex) || graph.find(vertex) == nullptr) {
      continue;
    }
    reached.insert(at, vertex);
    const auto next = neighbours(graph, vertex);
    UNHIDRA_TRY_VOID(call.environment().charge((next.size() + 1) * sizeof(Value)));
    open.insert(open.end(), next.begin(), next.end());
  }
  return Value::set(std::move(reached));
}

// The paths that begin with a vertex and one of its neighbours. A path ends at a vertex without
// neighbours, before a name that is no vertex, and before a vertex that an earlier path of the same
// beginning went through.
class PathFinder {
 public:
  PathFinder(const Value& graph, Environment& environment)
      : graph_(graph), environment_(environment) {}

  Status from(const Value& vertex) {
    const auto first = neighbours(graph_, vertex);
    if (first.empty()) {
      paths_.push_back(Value::array({vertex}));
    }
    for (const Value& neighbour : first) {
      path_.assign(1, vertex);
      met_.assign(1, vertex);
      UNHIDRA_TRY_VOID(along(neighbour));
    }
    return {};
  }

  Value paths() { return Value::set(std::move(paths_)); }

 private:
  Status along(const Value& neighbour) {
    std::vector<std::size_t> next;  // for each vertex after the first: the neighbour to look at
    UNHIDRA_TRY_VOID(enter(neighbour, next));
    while (!next.empty()) {
      const auto around = neighbours(graph_, path_.back());
      if (next.back() == around.size()) {
        path_.pop_back();
        next.pop_back();
        continue;
      }
      const Value& candidate = around[next.back()++];
      if (met(candidate)) {
        UNHIDRA_TRY_VOID(end_path());
        continue;
      }
      if (!met(path_.back())) {
        const auto before = [](const Value& a, const Value& b) { return a < b; };
        met_.insert(std::ranges::upper_bound(met_, path_.back(), before), path_.back());
      }
      UNHIDRA_TRY_VOID(enter(candidate, next));
    }
    return {};
  }

  Status enter(const Value& vertex, std::vector<std::size_t>& next) {
    if (graph_.find(vertex) == nullptr) {
      return end_path();
    }
    path_.push_back(vertex);
    next.push_back(0);
    return neighbours(graph_, vertex).empty() ? end_path() : Status();
  }

  bool met(const Value& vertex) const {
    return std::ranges::binary_search(met_, vertex,
                                      [](const Value& a, const Value& b) { return a < b; });
  }

  Status end_path() {
    UNHIDRA_TRY_VOID(environment_.charge((path_.size() + 1) * sizeof(Value)));
    paths_.push_back(Value::array(path_));
    return {};
  }

  const Value& graph_;
  Environment& environment_;
  std::vector<Value> path_;
  std::vector<Value> met_;  // sorted
  std::vector<Value> paths_;
};

Answer reachable_paths(const Call& call) {
  UNHIDRA_TRY(const Value graph, call.of_kind(0, Kind::object));
  UNHIDRA_TRY_VOID(check_vertices(call[1], 2));
  PathFinder finder(graph, call.environment());
  for (const Value& vertex : call[1].elements()) {
    if (graph.find(vertex) != nullptr) {
      UNHIDRA_TRY_VOID(finder.from(vertex));
    }
  }
  return finder.paths();
}

// Every value inside with the path to it, parents before children.
class Walker {
 public:
  explicit Walker(Environment& environment) : environment_(environment) {}

  Status visit(const Value& value) {
    UNHIDRA_TRY_VOID(environment_.charge((path_.size() + 2) * sizeof(Value)));
    found_.push_back(Value::array({Value::array(path_), value}));
    std::int64_t index = 0;
    for (const Value& element : value.elements()) {
      UNHIDRA_TRY_VOID(enter(value.is(Kind::array) ? Value::integer(index++) : element, element));
    }
    for (const auto& [key, member] : value.members()) {
      UNHIDRA_TRY_VOID(enter(key, member));
    }
    return {};
  }
  std::vector<Value> take() { return std::move(found_); }

 private:
  static constexpr std::size_t kMaxDepth = 1024;

  Status enter(Value step, const Value& value) {
    if (path_.size() == kMaxDepth) {
      return fail(CallErrc::exhausted, "the value is nested too deeply");
    }
    path_.push_back(std::move(step));
    UNHIDRA_TRY_VOID(visit(value));
    path_.pop_back();
    return {};
  }

  Environment& environment_;
  std::vector<Value> path_;
  std::vector<Value> found_;
};

// As a function: the list of all pairs; the engine iterates over it.
Answer walk(const Call& call) {
  Walker walker(call.environment());
  UNHIDRA_TRY_VOID(walker.visit(call[0]));
  return Value::array(walker.take());
}

constexpr Builtin kTable[] = {
    {"all", 1, every_true},
    {"and", 2, set_and},
    {"any", 1, any_true},
    {"array.concat", 2, array_concat},
    {"array.flatten", 1, array_flatten},
    {"array.reverse", 1, array_reverse},
    {"array.slice", 3, array_slice},
    {"count", 1, count},
    {"graph.reachable", 2, reachable},
    {"graph.reachable_paths", 2, reachable_paths},
    {"internal.member_2", 2, member},
    {"internal.member_3", 3, member_with_key},
    {"intersection", 1, set_intersection},
    {"max", 1, maximum},
    {"min", 1, minimum},
    {"or", 2, set_or},
    {"product", 1, product},
    {"set_diff", 2, set_diff},
    {"sort", 1, sorted},
    {"sum", 1, sum},
    {"union", 1, set_union},
    {"walk", 1, walk},
};

}  // namespace

std::span<const Builtin> collection_family() {
  return kTable;
}

}  // namespace unhidra::rego::builtins
