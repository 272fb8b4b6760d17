#include "unhidra/automation/decision_point.h"

#include "unhidra/policy/decision_log.h"
#include "unhidra/runtime/log.h"

#include "broker/topic_policy.h"
#include "policy/operation_decisions.h"
#include "policy/policy_keeper.h"
#include "policy/remote_operations.h"

namespace unhidra::automation {

struct DecisionPoint::Impl final : policy::DecisionSink {
  Impl(DecisionPointDependencies dependencies, PolicySettings policy_settings)
      : deps(std::move(dependencies)),
        settings(std::move(policy_settings)),
        scope(deps.executor, "policy"),
        trail(deps.metrics, deps.clock, this),
        operations(deps.clock, deps.random, &trail),
        elsewhere(settings.effective_source() == PolicySource::remote &&
                          !settings.operations_url.empty()
                      ? std::make_unique<RemoteOperations>(
                            policy::RemoteSettings{.url = settings.operations_url,
                                                   .token = settings.token,
                                                   .timeout = settings.timeout},
                            &trail)
                      : nullptr),
        topics(deps.topics ? std::make_unique<TopicPolicy>(deps.clock, deps.random, &trail)
                           : nullptr),
        keeper({.scope = scope,
                .database = deps.database,
                .bus = deps.bus,
                .topics = topics ? &topics->book() : nullptr,
                .operations = operations.book(),
                .trail = trail,
                .clock = deps.clock,
                .random = deps.random,
                .changed = [this] { tell(); }},
               settings) {}

  void record(const policy::DecisionRecord& record) override {
    if (log) {
      log->record(record);
    }
  }
  void watch_log() {
    using runtime::Metrics;
    const auto watch = [this](std::string_view name, std::string_view help, auto member) {
      figures.push_back(deps.metrics.on_read(
          Metrics::CallbackKind::gauge, name, help, {}, {},
          [this, member] { return static_cast<double>(log->stats().*member); }));
    };
    watch("unhidra_policy_log_written", "Decisions in the decision log.",
          &policy::DecisionLogStats::written);
    watch("unhidra_policy_log_dropped", "Decisions that it has lost.",
          &policy::DecisionLogStats::dropped);
  }
  void tell() {
    const std::lock_guard lock(mutex);
    if (changed) {
      changed();
    }
  }

  DecisionPointDependencies deps;
  PolicySettings settings;
  runtime::TaskScope scope;
  std::unique_ptr<policy::DecisionLog> log;         // null: none is kept
  std::vector<runtime::Metrics::Callback> figures;  // of it
  PolicyTrail trail;
  OperationDecisions operations;
  std::unique_ptr<RemoteOperations> elsewhere;  // null: operations are decided here
  std::unique_ptr<TopicPolicy> topics;
  std::mutex mutex;
  std::function<void()> changed;
  PolicyKeeper keeper;
};

DecisionPoint::DecisionPoint(DecisionPointDependencies dependencies, PolicySettings settings)
    : impl_(std::make_unique<Impl>(std::move(dependencies), std::move(settings))) {}

DecisionPoint::~DecisionPoint() = default;

Status DecisionPoint::load() {
  const auto& settings = impl_->settings;
  if (settings.log != DecisionLogMode::off) {
    UNHIDRA_TRY(impl_->log,
                policy::DecisionLog::open({.file = impl_->deps.decision_log,
                                           .with_input = settings.log == DecisionLogMode::input,
                                           .sample = settings.log_sample,
                                           .max_bytes = settings.log_max_bytes},
                                          impl_->deps.clock));
    impl_->watch_log();
  }
  return impl_->keeper.load();
}

Status DecisionPoint::reload() {
  UNHIDRA_TRY_VOID(impl_->keeper.load());
  impl_->tell();
  return {};
}

Status DecisionPoint::start() {
  return impl_->keeper.start();
}

Task<void> DecisionPoint::stop(std::chrono::milliseconds grace) {
  impl_->scope.request_stop();
  if (const auto joined = co_await impl_->scope.join(grace); !joined) {
    log::warn("policy.stop_slow", {{"error", joined.error()}});
  }
  co_await impl_->keeper.stop();
}

access::OperationPolicy& DecisionPoint::operations() {
  if (impl_->elsewhere) {
    return *impl_->elsewhere;
  }
  return impl_->operations;
}

TopicPolicy* DecisionPoint::topics() {
  return impl_->topics.get();
}

void DecisionPoint::on_change(std::function<void()> changed) {
  const std::lock_guard lock(impl_->mutex);
  impl_->changed = std::move(changed);
}

}  // namespace unhidra::automation
