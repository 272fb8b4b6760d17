// What rego.metadata.chain() and rego.metadata.rule() answer is known when a rule is compiled.
#include "engine/resolver_impl.h"

namespace unhidra::rego {

// The annotations of the rule, of its document and of its packages.
Value Resolver::metadata_chain() const {
  const auto entry = [](const Value* annotations, std::vector<Value> path) {
    std::vector<Value::Member> out{{Value::string("path"), Value::array(std::move(path))}};
    if (annotations != nullptr) {
      out.emplace_back(Value::string("annotations"), *annotations);
    }
    return Value::object(std::move(out));
  };
  const std::vector<Value> package = package_->path();
  std::vector<Value> path = package;
  const RuleNode* node = package_;
  for (std::size_t i = 0; i < rule_->prefix; ++i) {
    const Term& item = rule_->head.items[i];
    const std::string& key = item.is(Term::Type::var) ? item.name : item.value.text();
    path.push_back(Value::string(key));
    node = node == nullptr ? nullptr : node->child(key);
  }
  std::vector<Value> out;
  for (const Annotation& one : rule_->annotations) {
    if (one.scope == "rule") {
      out.push_back(entry(&one.value, path));
    }
  }
  if (out.empty()) {
    out.push_back(entry(nullptr, path));
  }
  for (const Rule* rule : node == nullptr ? std::vector<const Rule*>() : node->all_rules()) {
    for (const Annotation& one : rule->annotations) {
      if (one.scope == "document") {
        out.push_back(entry(&one.value, path));
      }
    }
  }
  for (const auto& module : policy_.modules()) {
    for (const Annotation& one : module->package_annotations) {
      if (policy_.find_package(*module) == package_) {
        out.push_back(entry(&one.value, package));
      }
    }
  }
  return Value::array(std::move(out));
}

void Resolver::metadata(Term& term) {
  Value chain = metadata_chain();
  std::string name = std::move(term.name);
  const bool whole = name == "rego.metadata.chain";
  term = Term();
  term.name = std::move(name);
  const Value* own = chain.elements()[0].find("annotations");
  term.value = whole ? chain : own == nullptr ? Value::object({}) : *own;
}

}  // namespace unhidra::rego
