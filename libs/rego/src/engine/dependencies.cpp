#include "engine/dependencies.h"

#include <algorithm>
#include <unordered_map>

namespace unhidra::rego {
namespace {

constexpr std::size_t kMaxPaths = 32;

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
  input = input || other.input;
  moment = moment || other.moment;
  for (const auto& path : other.data) {
    add_data(path);
  }
}

class Dependencies::Reader {
 public:
  Reader(const RuleNode& root, Dependencies& out) : root_(root), out_(out) {}

  void run() {
    number(root_);
    out_.edges_.resize(out_.nodes_.size());
    out_.own_.resize(out_.nodes_.size());
    for (at_ = 0; at_ < out_.nodes_.size(); ++at_) {
      const RuleNode& node = *out_.nodes_[at_];
      own().add_data(node.path());
      for (const Rule* one : node.rules) {
        rule(*one);
      }
      if (node.fallback != nullptr) {
        rule(*node.fallback);
      }
      auto& edges = out_.edges_[at_];
      std::ranges::sort(edges);
      const auto extra = std::ranges::unique(edges);
      edges.erase(extra.begin(), extra.end());
    }
  }

 private:
  Needs& own() { return out_.own_[at_]; }

  void number(const RuleNode& node) {
    if (node.has_rules()) {
      numbers_.emplace(&node, static_cast<std::uint32_t>(out_.nodes_.size()));
      out_.nodes_.push_back(&node);
    }
    for (const auto& [key, child] : node.children) {
      number(*child);
    }
  }

  void rule(const Rule& first) {
    for (const Rule* one = &first; one != nullptr; one = one->otherwise.get()) {
      body(one->body);
      for (std::size_t i = 1; i < one->head.items.size(); ++i) {
        term(one->head.items[i]);
      }
      if (one->value) {
        term(*one->value);
      }
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
        own().input = true;
      } else if (term.items[0].name == "data") {
        own().add_data(known_path(term));
        reference(root_, term, 1);
      }
    }
    own().moment = own().moment || (term.is(Term::Type::call) && term.name == "print");
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
    own().moment = own().moment || (builtin != nullptr && builtin->varies);
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
    if (node.has_rules()) {
      edge(node);
    }
    for (const auto& [key, child] : node.children) {
      below(*child);
    }
  }

  void edge(const RuleNode& node) { out_.edges_[at_].push_back(numbers_.at(&node)); }

  const RuleNode& root_;
  Dependencies& out_;
  std::unordered_map<const RuleNode*, std::uint32_t> numbers_;
  std::size_t at_ = 0;
};

Dependencies::Dependencies(const RuleNode& root) {
  Reader(root, *this).run();
}

}  // namespace unhidra::rego
