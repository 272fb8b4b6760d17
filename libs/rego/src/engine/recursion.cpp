#include "engine/recursion.h"

#include <algorithm>
#include <set>

namespace unhidra::rego {
namespace {

void edges_of(const RuleNode& root, const Body& body, std::set<const RuleNode*>& out);

// Every rule at or below a node may be evaluated when a reference ends there.
void add_below(const RuleNode& node, std::set<const RuleNode*>& out) {
  if (node.has_rules()) {
    out.insert(&node);
  }
  for (const auto& [key, child] : node.children) {
    add_below(*child, out);
  }
}

// A key that is not known yet may be any.
void add_reference(const RuleNode& node, const Term& ref, std::size_t index,
                   std::set<const RuleNode*>& out) {
  if (index == ref.items.size() || node.has_rules()) {
    return add_below(node, out);
  }
  const Term& key = ref.items[index];
  if (!key.is(Term::Type::constant)) {
    for (const auto& [name, child] : node.children) {
      add_reference(*child, ref, index + 1, out);
    }
  } else if (const RuleNode* child =
                 key.is_constant_string() ? node.child(key.value.text()) : nullptr) {
    add_reference(*child, ref, index + 1, out);
  }
}

void edges_of(const RuleNode& root, const Term& term, std::set<const RuleNode*>& out) {
  if (term.is(Term::Type::ref) && term.items[0].is(Term::Type::var) && term.items[0].slot < 0 &&
      term.items[0].name == "data") {
    add_reference(root, term, 1, out);
  }
  if (term.callee.function != nullptr) {
    out.insert(term.callee.function);
  }
  for (const auto& item : term.items) {
    edges_of(root, item, out);
  }
  if (term.body) {
    edges_of(root, *term.body, out);
  }
}

void edges_of(const RuleNode& root, const Body& body, std::set<const RuleNode*>& out) {
  for (const auto& expr : body) {
    for (const auto& item : expr.items) {
      edges_of(root, item, out);
    }
    if (expr.body) {
      edges_of(root, *expr.body, out);
    }
    for (const auto& with : expr.with) {
      edges_of(root, with.value, out);
    }
  }
}

class Walk {
 public:
  Walk(const RuleNode& root, Problems& problems) : root_(root), problems_(problems) {}

  void visit_below(const RuleNode& node) {
    if (node.has_rules()) {
      visit(node);
    }
    for (const auto& [key, child] : node.children) {
      visit_below(*child);
    }
  }

 private:
  void visit(const RuleNode& node) {
    if (done_.contains(&node)) {
      return;
    }
    if (const auto seen = std::ranges::find(way_, &node); seen != way_.end()) {
      return recursive(std::vector<const RuleNode*>(seen, way_.end()));
    }
    way_.push_back(&node);
    for (const RuleNode* next : edges(node)) {
      visit(*next);
    }
    way_.pop_back();
    done_.insert(&node);
  }

  std::set<const RuleNode*> edges(const RuleNode& node) const {
    std::set<const RuleNode*> out;
    std::vector<const Rule*> rules(node.rules.begin(), node.rules.end());
    if (node.fallback != nullptr) {
      rules.push_back(node.fallback);
    }
    for (const Rule* rule : rules) {
      for (; rule != nullptr; rule = rule->otherwise.get()) {
        edges_of(root_, rule->body, out);
        for (std::size_t i = 1; i < rule->head.items.size(); ++i) {
          edges_of(root_, rule->head.items[i], out);
        }
        if (rule->value) {
          edges_of(root_, *rule->value, out);
        }
      }
    }
    return out;
  }

  void recursive(const std::vector<const RuleNode*>& cycle) {
    std::string way;
    for (const RuleNode* node : cycle) {
      way += node->name() + " -> ";
    }
    const Rule* rule = cycle[0]->rules.empty() ? cycle[0]->fallback : cycle[0]->rules[0];
    problems_.add(Errc::recursion, rule->location,
                  "rule " + cycle[0]->name() + " is recursive: " + way + cycle[0]->name());
  }

  const RuleNode& root_;
  Problems& problems_;
  std::set<const RuleNode*> done_;
  std::vector<const RuleNode*> way_;
};

}  // namespace

void check_recursion(const RuleNode& root, Problems& problems) {
  Walk(root, problems).visit_below(root);
}

}  // namespace unhidra::rego
