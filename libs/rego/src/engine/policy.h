#pragma once
// Modules joined: the tree of rules under `data`, names resolved to slots and nodes.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "unhidra/rego/capabilities.h"
#include "unhidra/rego/errc.h"

#include "builtins/function.h"
#include "syntax/ast.h"
#include "syntax/problems.h"

namespace unhidra::rego {

// A place under `data` that modules define: a package, a rule, or a step to one.
struct RuleNode {
  std::string key;
  RuleNode* parent = nullptr;
  std::map<std::string, std::unique_ptr<RuleNode>, std::less<>> children;
  std::vector<Rule*> rules;  // whose head is this place, or this place and more
  Rule* fallback = nullptr;  // default
  RuleKind kind = RuleKind::complete;
  bool is_package = false;
  std::uint32_t number = 0;  // in the policy, from 0

  std::vector<const Rule*> all_rules() const;  // the default last
  bool has_rules() const { return !rules.empty() || fallback != nullptr; }
  // Every rule gives the value of just this place.
  bool is_whole() const;
  RuleNode* child(std::string_view name) const;
  std::vector<Value> path() const;  // without data
  std::string name() const;         // data.a.b
};

class Plans;
struct Schemas;
struct Program;
struct RuleTypes;

class Policy {
 public:
  Policy();
  ~Policy();
  // To be used only when `problems` is still empty afterwards.
  struct Settings {
    const Schemas* schemas = nullptr;                  // not owned
    std::shared_ptr<const Capabilities> capabilities;  // none: all that there is
    bool test_functions = false;
  };
  static std::unique_ptr<Policy> compile(std::vector<std::shared_ptr<Module>> modules,
                                         const Settings& settings, Problems& problems);

  const RuleNode& root() const { return root_; }
  RuleNode* find_package(const Module& module) const;
  const std::vector<std::shared_ptr<Module>>& modules() const { return modules_; }
  const Plans& plans() const { return *plans_; }
  const RuleTypes& types() const { return *types_; }
  // Whether modules and queries may call it: also what is no function of its own, such as print.
  bool allows(std::string_view builtin) const {
    return capabilities_ == nullptr || capabilities_->builtins.contains(builtin);
  }
  // That modules and queries may call; null: there is none.
  const builtins::Builtin* builtin(std::string_view name) const;

 private:
  void add(Module& module);
  void add_rule(Module& module, RuleNode& package, const std::shared_ptr<Rule>& rule);

  std::vector<std::shared_ptr<Module>> modules_;
  RuleNode root_;
  std::shared_ptr<const Capabilities> capabilities_;
  bool test_functions_ = false;
  std::unique_ptr<const RuleTypes> types_;
  std::unique_ptr<const Plans> plans_;
};

// Names of variables that take the values of a query's expressions.
inline constexpr std::string_view kShownValue = "$value";

// A body of its own, compiled against a policy.
struct Query {
  Body body;
  std::size_t slots = 0;
  std::vector<std::pair<std::string, int>> variables;  // named ones and their slots
  std::shared_ptr<const Program> program;              // none: the tree is walked
};
// `context`: whose package and imports it has; none: neither.
Result<Query> compile_query(const Policy& policy, Body body, const Module* context = nullptr);
// Adds all that is wrong to `problems`.
Query compile_query(const Policy& policy, Body body, const Module* context, Problems& problems);

// "a.rego:3".
std::string place_text(const Location& location);
// data.a.b[x]: its place, and what stands for keys.
std::string rule_name(const Rule& rule);
Error problem_at(Errc code, const Location& location, const std::string& message);
// Of a built-in function's call.
Error call_failure(const builtins::Builtin& builtin, const Location& location, const Error& error);

}  // namespace unhidra::rego
