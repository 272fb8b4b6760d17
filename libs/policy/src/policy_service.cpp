#include "unhidra/policy/policy_service.h"

#include <algorithm>

#include "unhidra/policy/speech.h"
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

Result<std::shared_ptr<PolicyService::Loaded>> PolicyService::load(Documents documents,
                                                                   rego::Syntax syntax,
                                                                   const CompileLimit& limit) {
  if (documents.modules.empty()) {
    return fail(Errc::no_policy, "there is no module among the policy's files");
  }
  auto next = std::make_shared<Loaded>();
  const auto before = loaded_.get();
  const auto options = limit.options(syntax);
  const rego::LoadBudget budget{.clock = options.clock, .deadline = options.deadline};
  if (before && before->syntax == syntax && before->modules == documents.modules) {
    next->rules_speak = before->rules_speak;
    if (is_silent(*next, documents.data)) {
      return silent();
    }
    next->query = before->query;
    next->data = before->data.replaced_by(std::move(documents.data), budget);
  } else {
    UNHIDRA_TRY(const auto policies, rego::PolicySet::compile(documents.modules, options));
    next->rules_speak = speaks_of(policies.rules(), rego::Value::object({}), settings_.query);
    if (is_silent(*next, documents.data)) {
      return silent();
    }
    UNHIDRA_TRY(next->query, policies.prepare(settings_.query + " = answer"));
    next->data = policies.load(std::move(documents.data), budget);
    compilations_.fetch_add(1, std::memory_order_relaxed);
  }
  next->modules = std::move(documents.modules);
  next->syntax = syntax;
  next->revision = std::move(documents.revision);
  return next;
}

bool PolicyService::is_silent(const Loaded& loaded, const rego::Value& data) const {
  return settings_.must_speak && !loaded.rules_speak && !speaks_of({}, data, settings_.query);
}

std::unexpected<Error> PolicyService::silent() const {
  return fail(Errc::silent, "the policy has nothing about " + settings_.query);
}

Status PolicyService::activate(Documents documents, std::optional<rego::Syntax> syntax,
                               std::chrono::milliseconds max_compile_time) {
  const std::lock_guard lock(changing_);
  const std::string revision = documents.revision;
  auto loading = load(std::move(documents), syntax.value_or(settings_.syntax),
                      {.clock = &clock_, .max_time = max_compile_time});
  if (!loading && loading.error() == Errc::silent) {
    return fail(std::move(loading).error());
  }
  if (!loading) {
    failed_reloads_.fetch_add(1, std::memory_order_relaxed);
    log::error(event("refused"), {{"revision", revision}, {"error", loading.error()}});
    return fail(std::move(loading).error());
  }
  auto next = std::move(*loading);
  const auto generation = generation_.load(std::memory_order_relaxed) + 1;
  next->generation = generation;
  log::info(event("activated"), {{"revision", revision}});
  loaded_.set(std::move(next));
  generation_.store(generation, std::memory_order_release);
  reloads_.fetch_add(1, std::memory_order_relaxed);
  return {};
}

void PolicyService::deactivate() {
  const std::lock_guard lock(changing_);
  loaded_.set(nullptr);
  generation_.fetch_add(1, std::memory_order_release);
}

Decision PolicyService::evaluate(const Loaded* loaded, const rego::Value& input) {
  if (loaded == nullptr) {
    return {};
  }
  rego::Evaluation evaluation;
  evaluation.input = input;
  evaluation.loaded = &loaded->data;
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
    warn(decision);
  }
  if (sink_ != nullptr) {
    sink_->record({.decision = decision, .query = settings_.query, .input = input});
  }
}

// A policy without a default is undefined for whatever it does not allow: counted, but nothing to
// tell. What has failed is told once a second at most; the metrics say how often.
void PolicyService::warn(const Decision& decision) {
  if (decision.ground == Ground::undefined) {
    return;
  }
  const auto now = clock_.steady_now().time_since_epoch();
  auto before = warned_.load(std::memory_order_relaxed);
  const bool lately = before != 0 && now - SteadyTime::duration(before) < std::chrono::seconds(1);
  if (!lately && warned_.compare_exchange_strong(before, std::max<decltype(before)>(now.count(), 1),
                                                 std::memory_order_relaxed)) {
    log::warn(event("failed"), {{"ground", to_string(decision.ground)},
                                {"revision", decision.revision},
                                {"error", decision.error}});
  }
}

std::string PolicyService::event(std::string_view what) const {
  return std::string(settings_.name) + "." + std::string(what);
}

Decision PolicyService::decide(const rego::Value& input) {
  const auto loaded = loaded_.get();
  Decision out = evaluate(loaded.get(), input);
  count(out, input);
  return out;
}

bool PolicyService::allows(const DecisionKey& key, const std::function<rego::Value()>& make_input) {
  std::string text = text_of(key);
  Shard& shard = shards_[std::hash<std::string>{}(text) % shards_.size()];
  const auto now = clock_.steady_now();
  const auto loaded = loaded_.get();
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
  const auto loaded = loaded_.get();
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
          .failed_reloads = of(failed_reloads_),
          .compilations = of(compilations_)};
}

}  // namespace unhidra::policy
