#include "unhidra/policy/policy_service.h"

#include "unhidra/runtime/log.h"

namespace unhidra::policy {
namespace {

// Lengths keep parts apart whatever they hold.
std::string text_of(const DecisionKey& key) {
  std::string out;
  for (const auto part : {key.identity, key.action, key.topic, key.rest}) {
    out += std::to_string(part.size());
    out += ':';
    out += part;
  }
  return out;
}

}  // namespace

PolicyService::PolicyService(ServiceSettings settings, const Clock& clock, RandomSource& random,
                             DecisionSink* sink)
    : settings_(std::move(settings)), clock_(clock), random_(random), sink_(sink) {}

Status PolicyService::activate(Documents documents) {
  const std::lock_guard lock(changing_);
  const auto prepare = [&]() -> Result<rego::PreparedQuery> {
    if (documents.modules.empty()) {
      return fail(Errc::no_policy, "there is no module among the policy's files");
    }
    UNHIDRA_TRY(const auto policies, rego::PolicySet::compile(documents.modules, settings_.syntax));
    return policies.prepare(settings_.query + " = answer");
  };
  auto query = prepare();
  if (!query) {
    failed_reloads_.fetch_add(1, std::memory_order_relaxed);
    log::error("policy.refused", {{"revision", documents.revision}, {"error", query.error()}});
    return fail(std::move(query).error());
  }
  auto next = std::make_shared<Loaded>();
  next->query = std::move(*query);
  next->data = std::move(documents.data);
  next->revision = std::move(documents.revision);
  next->generation = generation_.load(std::memory_order_relaxed) + 1;
  log::info("policy.activated", {{"revision", next->revision}});
  const auto generation = next->generation;
  loaded_.store(std::move(next), std::memory_order_release);
  generation_.store(generation, std::memory_order_release);
  reloads_.fetch_add(1, std::memory_order_relaxed);
  return {};
}

void PolicyService::deactivate() {
  const std::lock_guard lock(changing_);
  loaded_.store(nullptr, std::memory_order_release);
  generation_.fetch_add(1, std::memory_order_release);
}

Decision PolicyService::evaluate(const Loaded* loaded, const rego::Value& input) {
  if (loaded == nullptr) {
    return {};
  }
  rego::Evaluation evaluation;
  evaluation.input = input;
  evaluation.data = loaded->data;
  evaluation.now = clock_.now();
  evaluation.random = &random_;
  evaluation.max_steps = settings_.max_steps;
  evaluation.max_memory = settings_.max_memory;
  evaluation.clock = &clock_;
  evaluation.deadline = clock_.steady_now() + settings_.max_time;
  const auto solutions = loaded->query.evaluate(evaluation);
  Decision out;
  if (!solutions) {
    out.ground =
        solutions.error() == rego::Errc::budget_exhausted ? Ground::exhausted : Ground::failed;
    out.error = solutions.error().message();
  } else {
    const bool any = !solutions->empty() && !solutions->front().empty();
    out = judge(any ? &solutions->front().front().second : nullptr, solutions->size());
  }
  out.revision = loaded->revision;
  return out;
}

void PolicyService::count(const Decision& decision, const rego::Value& input) {
  decisions_.fetch_add(1, std::memory_order_relaxed);
  if (!decision.allowed) {
    denials_.fetch_add(1, std::memory_order_relaxed);
  }
  if (decision.ground != Ground::policy) {
    failures_.fetch_add(1, std::memory_order_relaxed);
    log::warn("policy.failed", {{"ground", to_string(decision.ground)},
                                {"revision", decision.revision},
                                {"error", decision.error}});
  }
  if (sink_ != nullptr) {
    sink_->record(decision, settings_.query, input);
  }
}

Decision PolicyService::decide(const rego::Value& input) {
  const auto loaded = loaded_.load(std::memory_order_acquire);
  Decision out = evaluate(loaded.get(), input);
  count(out, input);
  return out;
}

bool PolicyService::allows(const DecisionKey& key, const std::function<rego::Value()>& make_input) {
  std::string text = text_of(key);
  Shard& shard = shards_[std::hash<std::string>{}(text) % shards_.size()];
  const auto now = clock_.steady_now();
  const auto loaded = loaded_.load(std::memory_order_acquire);
  const std::uint64_t generation = loaded ? loaded->generation : 0;
  if (loaded) {
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.known.find(text);
    if (found != shard.known.end() && found->second.generation == generation &&
        now - found->second.since < settings_.max_age) {
      from_known_.fetch_add(1, std::memory_order_relaxed);
      return found->second.allowed;
    }
  }
  const rego::Value input = make_input();
  const Decision decision = evaluate(loaded.get(), input);
  count(decision, input);
  // What failed may work the next time.
  if (loaded && decision.ground == Ground::policy) {
    remember(shard, std::move(text), {decision.allowed, generation, now});
  }
  return decision.allowed;
}

void PolicyService::remember(Shard& shard, std::string key, const Known& known) {
  const std::lock_guard lock(shard.mutex);
  const std::size_t most = settings_.max_known / shards_.size() + 1;
  if (shard.known.size() >= most) {
    std::erase_if(shard.known, [&](const auto& entry) {
      return entry.second.generation != known.generation ||
             known.since - entry.second.since >= settings_.max_age / 2;
    });
    if (shard.known.size() >= most) {
      shard.known.clear();
    }
  }
  shard.known.insert_or_assign(std::move(key), known);
}

std::string PolicyService::revision() const {
  const auto loaded = loaded_.load(std::memory_order_acquire);
  return loaded ? loaded->revision : std::string();
}

ServiceStats PolicyService::stats() const {
  const auto of = [](const std::atomic<std::uint64_t>& counter) {
    return counter.load(std::memory_order_relaxed);
  };
  return {.decisions = of(decisions_),
          .from_known = of(from_known_),
          .denials = of(denials_),
          .failures = of(failures_),
          .reloads = of(reloads_),
          .failed_reloads = of(failed_reloads_)};
}

}  // namespace unhidra::policy
