#include "engine/policy.h"

#include <algorithm>

#include "engine/conflicts.h"
#include "engine/planner.h"
#include "engine/resolver.h"
#include "syntax/term_text.h"
#include "types/type_checker.h"
#include "values/work.h"

namespace unhidra::rego {
namespace {

RuleNode& step(RuleNode& node, const std::string& key) {
  auto& slot = node.children[key];
  if (!slot) {
    slot = std::make_unique<RuleNode>();
    slot->key = key;
    slot->parent = &node;
  }
  return *slot;
}

void resolve_rules(const Policy& policy, const Module& module, const RuleNode& package,
                   Problems& problems) {
  constexpr std::uint64_t kWorkOfRule = 512;
  for (const auto& rule : module.rules) {
    for (Rule* one = rule.get(); one != nullptr && WorkScope::take(kWorkOfRule);
         one = one->otherwise.get()) {
      resolve_rule(policy, module, package, *one, problems);
    }
  }
}

}  // namespace

std::vector<const Rule*> RuleNode::all_rules() const {
  std::vector<const Rule*> out(rules.begin(), rules.end());
  if (fallback != nullptr) {
    out.push_back(fallback);
  }
  return out;
}

bool RuleNode::is_whole() const {
  return has_rules() && std::ranges::all_of(rules, [&](const Rule* rule) {
           return rule->head.items.size() == rule->prefix;
         });
}

RuleNode* RuleNode::child(std::string_view name) const {
  const auto found = children.find(name);
  return found == children.end() ? nullptr : found->second.get();
}

std::vector<Value> RuleNode::path() const {
  std::vector<Value> out;
  for (const RuleNode* node = this; node->parent != nullptr; node = node->parent) {
    out.push_back(Value::string(node->key));
  }
  std::ranges::reverse(out);
  return out;
}

std::string RuleNode::name() const {
  std::string out = "data";
  for (const auto& part : path()) {
    out += "." + part.text();
  }
  return out;
}

std::string place_text(const Location& location) {
  // A query has no file: its column says more.
  const bool has_file = location.file && !location.file->empty();
  return has_file ? *location.file + ":" + std::to_string(location.row)
                  : std::to_string(location.row) + ":" + std::to_string(location.column);
}

std::string rule_name(const Rule& rule) {
  std::string out = rule.node->name();
  for (std::size_t i = rule.prefix; i < rule.head.items.size(); ++i) {
    const Term& item = rule.head.items[i];
    const bool is_dotted = item.is_constant_string() && is_name(item.value.text());
    out += is_dotted ? "." + item.value.text() : "[" + term_text(item) + "]";
  }
  return out;
}

Error problem_at(Errc code, const Location& location, const std::string& message) {
  return {code, place_text(location) + ": " + std::string(error_code(code).name) + ": " + message};
}

Error call_failure(const builtins::Builtin& builtin, const Location& location, const Error& error) {
  const bool is_type = error == builtins::CallErrc::type_error;
  return problem_at(is_type ? Errc::eval_type_error : Errc::eval_builtin, location,
                    std::string(builtin.name) + ": " + error.message());
}

Policy::Policy() = default;
Policy::~Policy() = default;

std::unique_ptr<Policy> Policy::compile(std::vector<std::shared_ptr<Module>> modules,
                                        const Settings& settings, Problems& problems) {
  auto out = std::make_unique<Policy>();
  out->test_functions_ = settings.test_functions;
  out->capabilities_ = settings.capabilities;
  out->modules_ = std::move(modules);
  out->root_.is_package = true;
  for (const auto& module : out->modules_) {
    out->add(*module);
  }
  check_conflicts(*out, problems);
  for (const auto& module : out->modules_) {
    resolve_rules(*out, *module, *out->find_package(*module), problems);
  }
  if (problems.empty()) {
    check_annotations(*out, problems);
  }
  if (!problems.empty()) {
    return out;
  }
  const Dependencies dependencies(out->root_);
  const auto order = ordered(dependencies, problems);
  if (problems.empty()) {
    const SchemaTypes given(*out, settings.schemas, problems);
    out->types_ = std::make_unique<const RuleTypes>(
        check_types(out->root_, dependencies, order, given, problems));
  }
  if (problems.empty()) {
    out->plans_ = std::make_unique<const Plans>(*out, out->root_, dependencies, order);
  }
  return out;
}

const builtins::Builtin* Policy::builtin(std::string_view name) const {
  const auto* out = allows(name) ? builtins::find_builtin(name) : nullptr;
  return out != nullptr && out->for_tests && !test_functions_ ? nullptr : out;
}

RuleNode* Policy::find_package(const Module& module) const {
  auto* node = const_cast<RuleNode*>(&root_);
  for (std::size_t i = 1; node != nullptr && i < module.package.items.size(); ++i) {
    node = node->child(module.package.items[i].value.text());
  }
  return node;
}

void Policy::add(Module& module) {
  RuleNode* node = &root_;
  for (std::size_t i = 1; i < module.package.items.size(); ++i) {
    node = &step(*node, module.package.items[i].value.text());
    node->is_package = true;
  }
  for (const auto& rule : module.rules) {
    add_rule(module, *node, rule);
  }
}

void Policy::add_rule(Module& module, RuleNode& package, const std::shared_ptr<Rule>& rule) {
  RuleNode* node = &step(package, rule->head.items[0].name);
  std::size_t used = 1;
  for (; used < rule->head.items.size() && rule->head.items[used].is_constant_string(); ++used) {
    node = &step(*node, rule->head.items[used].value.text());
  }
  for (Rule* one = rule.get(); one != nullptr; one = one->otherwise.get()) {
    one->module = &module;
    one->prefix = used;
    one->node = node;
  }
  if (rule->is_default) {
    node->fallback = rule.get();
    node->kind = node->rules.empty() ? rule->kind : node->kind;
  } else {
    node->rules.push_back(rule.get());
    node->kind = rule->kind;
  }
}

}  // namespace unhidra::rego
