// Documents and functions, by their plans or else by walking the tree.
#include <algorithm>

#include "engine/machine.h"

namespace unhidra::rego {
namespace {

// Asked for with a key more often than this, a document is made as a whole.
constexpr std::uint32_t kFewKeys = 2;

const Location& location_of(const RuleNode& node) {
  return node.rules.empty() ? node.fallback->location : node.rules[0]->location;
}

}  // namespace

Result<std::optional<Value>> Machine::document_of(const RuleNode& node) {
  workspace_->begin(plans_.known());
  const Value* out = nullptr;
  if ((!document(node, out) && error_) || !is_good()) {
    return fail(std::move(*error_));
  }
  return out == nullptr ? std::nullopt : std::optional(*out);
}

Result<std::optional<Value>> Machine::call_of(const RuleNode& node,
                                              std::span<const Value> arguments) {
  workspace_->begin(plans_.known());
  std::vector<const Value*> operands;
  for (const Value& argument : arguments) {
    operands.push_back(&argument);
  }
  std::optional<Value> out;
  if ((!function(node, operands, out) && error_) || !is_good()) {
    return fail(std::move(*error_));
  }
  return out;
}

const Loaded::Document* Machine::loaded(const RuleNode& node) const {
  return settings_.loaded == nullptr ? nullptr : settings_.loaded->find(node);
}

Evaluator& Machine::tree() {
  if (!tree_) {
    tree_.emplace(policy_, environment_, settings_);
  }
  return *tree_;
}

bool Machine::enter(const RuleNode& node) {
  return depth_ < settings_.max_depth ||
         failed_at(Errc::budget_exhausted, location_of(node), "rules are nested too deeply");
}

bool Machine::document(const RuleNode& node, const Value*& out) {
  if (const auto* made = loaded(node)) {
    out = made->value ? &*made->value : nullptr;
    return out != nullptr;
  }
  Workspace::Known& known = workspace_->known(node.number);
  if (!known.computed) {
    const Plan* plan = plans_.find(node);
    if (plan == nullptr) {
      auto value = tree().document_of(node);
      if (!value) {
        error_ = value.error();
        return false;
      }
      known.value = std::move(*value);
    } else if (!enter(node)) {
      return false;
    } else {
      ++depth_;
      const bool good = compute(*plan, known.value);
      --depth_;
      if (!good) {
        return false;
      }
    }
    known.computed = true;
  }
  out = known.value ? &*known.value : nullptr;
  return out != nullptr;
}

bool Machine::compute(const Plan& plan, std::optional<Value>& out) {
  if (plan.kind == Plan::Kind::complete) {
    if (!compute_chains(plan, {}, out)) {
      return false;
    }
    if (!out) {
      if (const Value* given = data_at(plan.path)) {
        out = *given;
      }
    }
    return true;
  }
  return compute_collection(plan, out);
}

bool Machine::candidates(const Plan& plan, std::span<const Value* const> arguments) {
  if (!plan.index.is_useful()) {
    return false;
  }
  plan.index.find(
      [&](const RuleIndex::Source& source) {
        return source.argument >= 0 ? arguments[static_cast<std::size_t>(source.argument)]
                                    : input_at(source.keys);
      },
      workspace_->candidates);
  return true;
}

// Calls `visit` with each chain that can match; false: enough.
template <class Visit>
void Machine::each_chain(const Plan& plan, std::span<const Value* const> arguments, Visit visit) {
  auto& found = workspace_->candidates;
  const std::size_t first = found.size();
  if (!candidates(plan, arguments)) {
    (void)std::ranges::all_of(plan.chains, visit);
    return;
  }
  const std::size_t last = found.size();
  for (std::size_t i = first; i < last && visit(plan.chains[found[i]]); ++i) {
  }
  found.resize(first);
}

bool Machine::compute_chains(const Plan& plan, std::span<const Value* const> arguments,
                             std::optional<Value>& out) {
  each_chain(plan, arguments, [&](const Plan::Chain& chain) {
    for (const Program& program : chain.programs) {
      Sink sink{.kind = plan.kind, .out = &out};
      if (run_program(program, arguments, sink) == Outcome::failed) {
        return false;
      }
      if (sink.found) {
        return !plan.one_value;
      }
    }
    return true;
  });
  if (!error_ && !out && plan.fallback != nullptr) {
    Sink sink{.kind = plan.kind, .out = &out};
    (void)run_program(*plan.fallback, arguments, sink);
  }
  return !error_;
}

bool Machine::compute_collection(const Plan& plan, std::optional<Value>& out) {
  const std::size_t number = workspace_->collections_used;
  workspace_->use_collections(1);
  auto& collection = workspace_->collections[number];
  collection.clear();
  const bool good = gather(plan, collection) && close(plan, collection, out);
  collection.clear();
  workspace_->collections_used = number;
  return good;
}

bool Machine::gather(const Plan& plan, Workspace::Collection& collection) {
  each_chain(plan, {}, [&](const Plan::Chain& chain) {
    Sink sink{.kind = plan.kind, .collection = &collection};
    return run_program(chain.programs[0], {}, sink) != Outcome::failed;
  });
  return !error_;
}

bool Machine::close(const Plan& plan, Workspace::Collection& collection,
                    std::optional<Value>& out) {
  if (plan.kind == Plan::Kind::set) {
    out = Value::set_from(collection.elements);
    return may_keep(*out, location_of(*plan.node));
  }
  const auto location = [&](std::size_t i) -> const Location& {
    return collection.rules[i]->location;
  };
  Value own;
  if (!join_members(collection, location, own)) {
    return false;
  }
  const Value* given = data_at(plan.path);
  out = given == nullptr ? std::move(own) : laid_over(*given, own);
  return may_keep(*out, location_of(*plan.node));
}

bool Machine::keyed_document(const RuleNode& node, const Value& key, Slot& out) {
  const Plan* plan = plans_.find(node);
  Workspace::Known& known = workspace_->known(node.number);
  const bool whole = loaded(node) != nullptr || plan == nullptr || !plan->has_keyed ||
                     known.computed || known.keyed >= kFewKeys || data_at(plan->path) != nullptr;
  if (whole) {
    const Value* value = nullptr;
    out.value = document(node, value) ? look_up(*value, key) : nullptr;
    return out.value != nullptr;
  }
  ++known.keyed;
  if (!enter(node)) {
    return false;
  }
  ++depth_;
  std::optional<Value> found;
  const Value* const argument[] = {&key};
  each_chain(*plan, {}, [&](const Plan::Chain& chain) {
    Sink sink{.kind = plan->kind, .out = &found};
    return run_program(*chain.keyed, argument, sink) != Outcome::failed &&
           !(sink.found && plan->kind == Plan::Kind::set);
  });
  --depth_;
  if (error_ || !found) {
    return false;
  }
  out.own = std::move(*found);
  out.value = &out.own;
  return true;
}

bool Machine::function(const RuleNode& node, std::span<const Value* const> arguments,
                       std::optional<Value>& out) {
  const Plan* plan = plans_.find(node);
  if (plan == nullptr) {
    std::vector<Value> operands;
    for (const Value* argument : arguments) {
      operands.push_back(*argument);
    }
    auto value = tree().call_of(node, std::move(operands));
    if (!value) {
      error_ = value.error();
      return false;
    }
    out = std::move(*value);
    return true;
  }
  Workspace::Call* kept = workspace_->call(node.number, arguments);
  if (kept != nullptr && workspace_->is_known(*kept, node.number, arguments)) {
    out = kept->value;
    return true;
  }
  if (!enter(node)) {
    return false;
  }
  ++depth_;
  const bool good = compute_chains(*plan, arguments, out);
  --depth_;
  if (good && kept != nullptr) {
    workspace_->remember(*kept, node.number, arguments, out);
  }
  return good;
}

}  // namespace unhidra::rego
