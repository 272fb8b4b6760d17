#include "engine/dependencies.h"

#include <algorithm>

#include "values/work.h"

namespace unhidra::rego {
namespace {

constexpr std::size_t kMaxPaths = 32;
constexpr std::uint64_t kWorkOfEdge = 32;

bool is_below(const std::vector<Value>& path, const std::vector<Value>& above) {
  return above.size() <= path.size() && std::equal(above.begin(), above.end(), path.begin());
}

}  // namespace

void Needs::add_data(std::vector<Value> path) {
  if (std::ranges::any_of(data, [&](const auto& known) { return is_below(path, known); })) {
    return;
  }
  std::erase_if(data, [&](const auto& known) { return is_below(known, path); });
  data.push_back(std::move(path));
  if (data.size() > kMaxPaths) {
    data.assign(1, {});
  }
}

void Needs::add(const Needs& other) {
  if (!WorkScope::take((1 + data.size() * other.data.size()) * kWorkOfEdge)) {
    return;
  }
  input = input || other.input;
  moment = moment || other.moment;
  for (const auto& path : other.data) {
    add_data(path);
  }
}

class Dependencies::Reader {
 public:
  Reader(const RuleNode& root, const Numbers& numbers, Needs& own,
         std::vector<std::uint32_t>& edges)
      : root_(root), numbers_(numbers), own_(own), edges_(edges) {}

  void node(const RuleNode& node) {
    own_.add_data(node.path());
    for (const Rule* one : node.rules) {
      rule(*one);
    }
    if (node.fallback != nullptr) {
      rule(*node.fallback);
    }
  }

  void rule_alone(const Rule& one) {
    body(one.body);
    for (std::size_t i = 1; i < one.head.items.size(); ++i) {
      term(one.head.items[i]);
    }
    if (one.value) {
      term(*one.value);
    }
  }

 private:
  void rule(const Rule& first) {
    for (const Rule* one = &first; one != nullptr; one = one->otherwise.get()) {
      rule_alone(*one);
    }
  }

  void body(const Body& body) {
    for (const auto& expr : body) {
      for (const auto& item : expr.items) {
        term(item);
      }
      if (expr.body) {
        this->body(*expr.body);
      }
      for (const auto& with : expr.with) {
        term(with.value);
        callee(with.value.callee);
        for (std::size_t i = 1; i < with.target.items.size(); ++i) {
          term(with.target.items[i]);
        }
      }
    }
  }

  void term(const Term& term) {
    if (term.is(Term::Type::ref) && term.items[0].is(Term::Type::var) && term.items[0].slot < 0) {
      if (term.items[0].name == "input") {
        own_.input = true;
      } else if (term.items[0].name == "data") {
        own_.add_data(known_path(term));
        reference(root_, term, 1);
      }
    }
    own_.moment = own_.moment || (term.is(Term::Type::call) && term.name == "print");
    callee(term.callee);
    for (const auto& item : term.items) {
      this->term(item);
    }
    if (term.body) {
      body(*term.body);
    }
  }

  void callee(const Callee& callee) {
    if (callee.function != nullptr) {
      edge(*callee.function);
    }
    const auto* builtin = static_cast<const builtins::Builtin*>(callee.builtin);
    own_.moment = own_.moment || (builtin != nullptr && builtin->varies);
  }

  static std::vector<Value> known_path(const Term& ref) {
    std::vector<Value> out;
    for (std::size_t i = 1; i < ref.items.size() && ref.items[i].is_constant_string(); ++i) {
      out.push_back(ref.items[i].value);
    }
    return out;
  }

  // A key that is not known yet may be any.
  void reference(const RuleNode& node, const Term& ref, std::size_t index) {
    if (index == ref.items.size() || node.has_rules()) {
      return below(node);
    }
    if (!WorkScope::take(kWorkOfEdge)) {
      return;
    }
    const Term& key = ref.items[index];
    if (!key.is(Term::Type::constant)) {
      for (const auto& [name, child] : node.children) {
        reference(*child, ref, index + 1);
      }
    } else if (const RuleNode* child =
                   key.is_constant_string() ? node.child(key.value.text()) : nullptr) {
      reference(*child, ref, index + 1);
    }
  }

  // Every rule at or below a node may be evaluated when a reference ends there.
  void below(const RuleNode& node) {
    if (!WorkScope::take(kWorkOfEdge)) {
      return;
    }
    if (node.has_rules()) {
      edge(node);
    }
    for (const auto& [key, child] : node.children) {
      below(*child);
    }
  }

  void edge(const RuleNode& node) { edges_.push_back(numbers_.at(&node)); }

  const RuleNode& root_;
  const Numbers& numbers_;
  Needs& own_;
  std::vector<std::uint32_t>& edges_;
};

namespace {

void make_unique(std::vector<std::uint32_t>& edges) {
  std::ranges::sort(edges);
  const auto extra = std::ranges::unique(edges);
  edges.erase(extra.begin(), extra.end());
}

}  // namespace

Dependencies::Dependencies(const RuleNode& root) : root_(root) {
  number(root);
  edges_.resize(nodes_.size());
  own_.resize(nodes_.size());
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    Reader(root_, numbers_, own_[i], edges_[i]).node(*nodes_[i]);
    make_unique(edges_[i]);
  }
}

void Dependencies::number(const RuleNode& node) {
  if (node.has_rules()) {
    numbers_.emplace(&node, static_cast<std::uint32_t>(nodes_.size()));
    nodes_.push_back(&node);
  }
  for (const auto& [key, child] : node.children) {
    number(*child);
  }
}

std::vector<std::uint32_t> Dependencies::needed_by(const Rule& rule) const {
  Needs own;
  std::vector<std::uint32_t> out;
  Reader(root_, numbers_, own, out).rule_alone(rule);
  make_unique(out);
  return out;
}

}  // namespace unhidra::rego
