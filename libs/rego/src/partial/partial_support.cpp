// Rules of support: what the queries refer to because they cannot contain it.
#include <algorithm>

#include "partial/partial_evaluator.h"
#include "syntax/term_text.h"

namespace unhidra::rego {
namespace {

std::string package_text(const std::vector<std::string>& path) {
  std::string out;
  for (const std::string& part : path) {
    out += out.empty()     ? part
           : is_name(part) ? "." + part
                           : "[" + to_term(Value::string(part)) + "]";
  }
  return out;
}

}  // namespace

std::string PartialEvaluator::rule_text(const std::string& head, const Body& body) {
  std::string out = head;
  if (!body.empty()) {
    out += " if {\n";
    for (const Expr& expr : body) {
      out += "\t" + residual_text(expr) + "\n";
    }
    out += "}";
  }
  return out + "\n";
}

// `head` without its rules: the place in the module of the package `path`.
bool PartialEvaluator::support_rule(const Rule& rule, const std::string& name,
                                    std::vector<std::string>& out) {
  Frame inner = new_frame(rule.slots);
  kept_.emplace_back();
  const bool good = body(rule.body, 0, inner, [&] {
    Term head = rule.head;
    head.items.erase(head.items.begin(),
                     head.items.begin() + static_cast<std::ptrdiff_t>(rule.prefix));
    head.type = Term::Type::array;
    head.items.push_back(*rule.value);
    std::vector<Term> done(head.items.size());
    return head_parts(head, 0, inner, done, [&] {
      ++made_;
      Names live;
      for (const Term& part : done) {
        add_variables(part, live);
      }
      if (const auto body = simplified(kept_.back(), live)) {
        const std::span<const Term> keys(done.data(), done.size() - 1);
        std::string text = residual_text(extended(variable_term(name), keys));
        text += rule.kind == RuleKind::partial_set ? " contains " : " := ";
        text = rule_text(text + residual_text(done.back()), *body);
        if (std::ranges::find(out, text) == out.end()) {
          out.push_back(std::move(text));
        }
      }
      return step();
    });
  });
  kept_.pop_back();
  return good;
}

// The arguments are not known: they are those of whoever asks.
bool PartialEvaluator::support_function(const Rule& rule, const std::string& name,
                                        std::vector<std::string>& out) {
  Frame inner = new_frame(rule.slots);
  std::string head = name + "(";
  Names live;
  for (Term argument : rule.arguments) {
    close(argument, inner);
    add_variables(argument, live);
    head += (head.ends_with('(') ? "" : ", ") + residual_text(argument);
  }
  head += ") := ";
  kept_.emplace_back();
  const bool good = body(rule.body, 0, inner, [&] {
    return value(*rule.value, inner, [&](const Term& answer) {
      ++made_;
      Names all = live;
      add_variables(answer, all);
      if (const auto body = simplified(kept_.back(), all)) {
        std::string text =
            rule_text((rule.is_default ? "default " : "") + head + residual_text(answer), *body);
        if (std::ranges::find(out, text) == out.end()) {
          out.push_back(std::move(text));
        }
      }
      return step();
    });
  });
  kept_.pop_back();
  return good;
}

std::string PartialEvaluator::support_name(const RuleNode& node) const {
  return "data." + options_.space + node.name().substr(4);
}

bool PartialEvaluator::head_parts(const Term& head, std::size_t index, Frame& inner,
                                  std::vector<Term>& done, Next next) {
  if (index == done.size()) {
    return next();
  }
  return value(head.items[index], inner, [&](const Term& part) {
    done[index] = part;
    return head_parts(head, index + 1, inner, done, next);
  });
}

const PartialEvaluator::Supported* PartialEvaluator::supported(const RuleNode& node) {
  const auto known = supported_.find(&node);
  if (known != supported_.end()) {
    return known->second ? &*known->second : nullptr;
  }
  std::vector<std::string> path{options_.space};
  for (const Value& key : node.path()) {
    path.push_back(key.text());
  }
  const std::string name = path.back();
  auto& out = supported_[&node];
  if (!is_name(name) || path.size() < 2) {
    return nullptr;
  }
  std::vector<std::string> rules;
  const bool is_function = node.kind == RuleKind::function;
  for (const Rule* rule : node.all_rules()) {
    const bool good = is_function         ? support_function(*rule, name, rules)
                      : !rule->is_default ? support_rule(*rule, name, rules)
                                          : true;
    if (!good) {
      return nullptr;
    }
  }
  if (!is_function && node.fallback != nullptr && node.fallback->value) {
    Term value = *node.fallback->value;
    Frame none = new_frame(node.fallback->slots);
    close(value, none);
    rules.push_back("default " + name + " := " + residual_text(value) + "\n");
  }
  std::vector<Value> keys;
  for (const std::string& part : path) {
    keys.push_back(Value::string(part));
  }
  out = Supported{data_term(keys), rules.empty(),
                  node.kind == RuleKind::partial_set && node.is_whole()};
  path.pop_back();
  auto& module = modules_[path];
  std::ranges::move(rules, std::back_inserter(module));
  return &*supported_[&node];
}

bool PartialEvaluator::from_support(const RuleNode& node, const Lookup& at, Frame& frame,
                                    Take take) {
  const Supported* rules = supported(node);
  if (error_) {
    return false;
  }
  if (rules == nullptr) {
    return original(node, at, frame, take);
  }
  if (!rules->is_empty) {
    return kept_ref(rules->ref, at, frame, take);
  }
  if (node.is_whole() && node.kind == RuleKind::complete) {
    return true;
  }
  return look_up_known(rules->is_set ? Value::set({}) : Value::object({}), at, frame, take);
}

Term PartialEvaluator::apart_rule(const std::string& name, std::vector<std::string> rules,
                                  std::vector<Term> arguments) {
  std::ranges::move(rules, std::back_inserter(modules_[{options_.space}]));
  if (arguments.empty()) {
    const std::vector<Value> path{Value::string(options_.space), Value::string(name)};
    return data_term(path);
  }
  Term out;
  out.type = Term::Type::call;
  out.name = "data." + options_.space + "." + name;
  out.callee.arity = arguments.size();
  out.items = std::move(arguments);
  return out;
}

std::vector<ModuleSource> PartialEvaluator::support() const {
  const bool is_v0 =
      std::ranges::any_of(policy_.modules(), [](const auto& module) { return module->is_v0; });
  std::vector<ModuleSource> out;
  for (const auto& [path, rules] : modules_) {
    if (rules.empty()) {
      continue;
    }
    ModuleSource module;
    for (const std::string& part : path) {
      module.file += (module.file.empty() ? "" : "/") + part;
    }
    module.file += ".rego";
    module.text = "package " + package_text(path) + "\n" + (is_v0 ? "\nimport rego.v1\n" : "");
    for (const std::string& rule : rules) {
      module.text += "\n" + rule;
    }
    out.push_back(std::move(module));
  }
  return out;
}

}  // namespace unhidra::rego
