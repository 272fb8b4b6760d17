// Graphs, and the walk through a document.
#include <unordered_set>

#include "builtins/families.h"

namespace unhidra::rego::builtins {
namespace {

bool is_list(const Value& value) {
  return value.is(Kind::array) || value.is(Kind::set);
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

// Vertices of a graph, by where their neighbours stand in it.
using VertexSet = std::unordered_set<const Value*>;
constexpr std::uint64_t kWorkOfVertex = 128;  // to find it, see Environment::spend

Answer reachable(const Call& call) {
  UNHIDRA_TRY(const Value graph, call.of_kind(0, Kind::object));
  UNHIDRA_TRY_VOID(check_vertices(call[1], 2));
  std::vector<Value> open(call[1].elements().begin(), call[1].elements().end());
  std::vector<Value> reached;
  VertexSet met;
  while (!open.empty()) {
    const Value vertex = std::move(open.back());
    open.pop_back();
    UNHIDRA_TRY_VOID(call.environment().spend(kWorkOfVertex));
    const Value* found = graph.find(vertex);
    if (found == nullptr || !met.insert(found).second) {
      continue;
    }
    reached.push_back(vertex);
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
      met_ = {graph_.find(vertex)};
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
      UNHIDRA_TRY_VOID(environment_.spend(kWorkOfVertex));
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
      met_.insert(graph_.find(path_.back()));
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

  bool met(const Value& vertex) const { return met_.contains(graph_.find(vertex)); }

  Status end_path() {
    UNHIDRA_TRY_VOID(environment_.charge((path_.size() + 1) * sizeof(Value)));
    paths_.push_back(Value::array(path_));
    return {};
  }

  const Value& graph_;
  Environment& environment_;
  std::vector<Value> path_;
  VertexSet met_;
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
    {"graph.reachable", 2, reachable},
    {"graph.reachable_paths", 2, reachable_paths},
    {"walk", 1, walk},
};

}  // namespace

std::span<const Builtin> graph_family() {
  return kTable;
}

}  // namespace unhidra::rego::builtins
