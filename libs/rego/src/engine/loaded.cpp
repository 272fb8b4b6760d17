#include "engine/loaded.h"

#include <algorithm>

#include "engine/machine.h"

namespace unhidra::rego {
namespace {

const Value* value_at(const Value& data, std::span<const Value> path) {
  const Value* out = &data;
  for (auto key = path.begin(); key != path.end() && out != nullptr; ++key) {
    out = Machine::look_up(*out, *key);
  }
  return out;
}

bool is_same_at(const Value& a, const Value& b, std::span<const Value> path) {
  const Value* one = value_at(a, path);
  const Value* other = value_at(b, path);
  return one == nullptr || other == nullptr ? one == other : equal(*one, *other);
}

class Loader {
 public:
  Loader(Loaded& out, const LoadBudget& budget) : out_(out), budget_(budget) {
    environment_.budget = budget.max_memory;
    environment_.work = builtins::work_of_steps(budget.max_steps);
    environment_.clock = budget.clock;
    environment_.deadline = budget.deadline;
  }

  void run(const Loaded* before) {
    if (out_.data.depth() > builtins::kMaxValueDepth) {
      return;  // every evaluation refuses it
    }
    const Plans& plans = out_.policy->plans();
    out_.index.emplace(plans.searches(), out_.data,
                       before != nullptr && before->index ? &*before->index : nullptr,
                       budget_.max_steps);
    for (const auto& [node, needs] : plans.at_load()) {
      const Loaded::Document* known = before == nullptr ? nullptr : before->find(*node);
      const bool is_same = known != nullptr && std::ranges::all_of(needs.data, [&](auto& path) {
                             return is_same_at(before->data, out_.data, path);
                           });
      if (is_same) {
        out_.documents[node->number] = *known;
        ++out_.taken_over;
      } else {
        make(plans, *node);
      }
    }
    out_.ready = static_cast<std::size_t>(
        std::ranges::count_if(out_.documents, [](const auto& one) { return one.is_ready; }));
  }

 private:
  void make(const Plans& plans, const RuleNode& node) {
    if (steps_ >= budget_.max_steps || environment_.is_exhausted()) {
      return;
    }
    EvaluatorSettings settings;
    settings.data = &out_.data;
    settings.loaded = &out_;
    settings.strict_errors = true;  // a call that fails may be an error: evaluations say so
    settings.max_steps = budget_.max_steps - steps_;
    settings.clock = budget_.clock;
    settings.deadline = budget_.deadline;
    settings.max_depth = kDepth;
    Machine machine(*out_.policy, plans, environment_, settings);
    auto value = machine.document_of(node);
    steps_ += machine.steps();
    if (value) {
      out_.documents[node.number] = {true, std::move(*value)};
    }
  }

  static constexpr std::size_t kDepth = 100;

  Loaded& out_;
  const LoadBudget& budget_;
  builtins::Environment environment_;
  std::uint64_t steps_ = 0;
};

}  // namespace

LoadedData Loaded::make(std::shared_ptr<const Policy> policy, Value data, const Loaded* before,
                        const LoadBudget& budget) {
  auto made = std::make_shared<Loaded>();
  made->policy = std::move(policy);
  made->data = std::move(data);
  made->documents.resize(made->policy->plans().nodes());
  Loader(*made, budget).run(before);
  LoadedData out;
  out.loaded_ = std::move(made);
  return out;
}

const Value& LoadedData::data() const {
  static const Value kNone = Value::object({});
  return loaded_ ? loaded_->data : kNone;
}

std::size_t LoadedData::ready() const {
  return loaded_ ? loaded_->ready : 0;
}

std::size_t LoadedData::taken_over() const {
  return loaded_ ? loaded_->taken_over : 0;
}

LoadedData LoadedData::replaced_by(Value data, const LoadBudget& budget) const {
  return loaded_ ? Loaded::make(loaded_->policy, std::move(data), loaded_.get(), budget)
                 : LoadedData();
}

LoadedData LoadedData::with(std::span<const std::string> path, Value value,
                            const LoadBudget& budget) const {
  std::vector<Value> keys;
  for (const std::string& key : path) {
    keys.push_back(Value::string(key));
  }
  return replaced_by(put_at(&data(), keys, value), budget);
}

}  // namespace unhidra::rego
