#include "broker/topic_policy.h"

namespace unhidra::automation {
namespace {

constexpr std::size_t kMaxKnown = 4096;
// A policy may look at the clock.
constexpr std::chrono::seconds kMaxAge{60};
constexpr std::chrono::seconds kMaxFailureAge{1};

constexpr std::string_view kBuiltIn = R"(package unhidra.automation

import rego.v1

default allow := false

allow if input.action == "connect"

allow if {
	input.action in {"publish", "subscribe"}
	startswith(input.topic, concat("", ["devices/", input.device.id, "/"]))
}

allow if {
	input.action == "subscribe"
	startswith(input.topic, "broadcast/")
}

allow if input.user.id
)";

std::string key_of(const TopicQuestion& question) {
  std::string out;
  out.reserve(question.topic.size() + question.share.size() + 4);
  out += question.action.front();
  out += static_cast<char>('0' + static_cast<int>(question.qos) + (question.retain ? 4 : 0) +
                           (question.delivery ? 8 : 0));
  if (const auto& sealed = question.sealed) {
    ByteWriter header;
    identity::write(header, {.suite = sealed->suite,
                             .kind = sealed->kind,
                             .is_signed = sealed->is_signed,
                             .retained = sealed->retained,
                             .group = sealed->group,
                             .epoch = sealed->epoch,
                             .sender = sealed->sender,
                             .counter = 0});
    out += as_text(header.view());
  }
  out += question.share;
  out += '\n';
  out += question.topic;
  return out;
}

// What the policy says, or does not say, it says again; what failed may work the next time.
bool is_its_word(policy::Ground ground) {
  return ground == policy::Ground::policy || ground == policy::Ground::undefined ||
         ground == policy::Ground::not_boolean;
}

void count_one(std::atomic<std::uint64_t>& counter) {
  counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

}  // namespace

policy::Documents built_in_policy() {
  policy::Documents out;
  out.modules.push_back({"built-in.rego", std::string(kBuiltIn)});
  out.revision = "built-in";
  return out;
}

TopicPolicy::TopicPolicy(const Clock& clock, RandomSource& random, policy::DecisionSink* sink)
    : clock_(clock), sink_(sink), book_({.query = std::string(kTopicQuery)}, clock, random) {}

policy::Decision TopicPolicy::ask(const Subject& subject, const TopicQuestion& question) {
  const auto services = book_.of(subject.org);
  const auto input = topic_input(subject.facts, question);
  auto decision = services.active->decide(input);
  count(decision);
  std::optional<policy::Decision> shadow;
  if (services.shadow) {
    shadow = services.shadow->decide(input);
  }
  if (sink_ != nullptr) {
    const auto scope = subject.org.to_string();
    sink_->record({.decision = decision,
                   .query = kTopicQuery,
                   .input = input,
                   .scope = scope,
                   .shadow = shadow ? &*shadow : nullptr});
  }
  return decision;
}

void TopicPolicy::count(const policy::Decision& decision) {
  count_one(decisions_);
  if (!decision.allowed) {
    count_one(denials_);
  }
  if (decision.ground != policy::Ground::policy) {
    count_one(failures_);
  }
}

const Subject::Decisions::Known* TopicPolicy::known(const Subject& subject,
                                                    const std::string& key) {
  auto& decisions = subject.decisions;
  const auto generation = book_.generation();
  if (decisions.generation != generation) {
    decisions.known.clear();
    decisions.generation = generation;
  }
  const auto found = decisions.known.find(key);
  return found != decisions.known.end() && clock_.steady_now() < found->second.until
             ? &found->second
             : nullptr;
}

void TopicPolicy::keep(const Subject& subject, const std::string& key,
                       const policy::Decision& decision) {
  const bool its_word = is_its_word(decision.ground);
  if (!its_word && !remote_) {
    return;
  }
  auto& known = subject.decisions.known;
  if (known.size() >= kMaxKnown) {
    known.clear();
  }
  // Whoever waits for an answer from elsewhere must find one, even if it is that there is none.
  const auto age = its_word ? kMaxAge : kMaxFailureAge;
  known.insert_or_assign(key,
                         Subject::Decisions::Known{decision.allowed, clock_.steady_now() + age});
}

bool TopicPolicy::allows(const Subject& subject, const TopicQuestion& question) {
  const auto key = key_of(question);
  if (const auto* found = known(subject, key)) {
    count_one(from_known_);
    return found->allowed;
  }
  if (remote_) {
    remote_->ask(subject.shared_from_this(), key, topic_input(subject.facts, question));
    return false;
  }
  const auto decision = ask(subject, question);
  keep(subject, key, decision);
  return decision.allowed;
}

// ---- Elsewhere ---------------------------------------------------------------------------------

void TopicPolicy::ask_elsewhere(policy::RemoteSettings settings, runtime::TaskScope& scope,
                                RemoteTopicPolicy::Wake wake) {
  remote_ = std::make_unique<RemoteTopicPolicy>(
      std::move(settings), scope, sink_,
      [this](const Subject& subject, const std::string& key, const policy::Decision& decision) {
        count(decision);
        keep(subject, key, decision);
      },
      std::move(wake));
}

Task<void> TopicPolicy::fetch(std::shared_ptr<const Subject> subject, TopicQuestion question) {
  const auto key = key_of(question);
  if (!remote_ || known(*subject, key) != nullptr) {
    co_return;
  }
  const auto decision = co_await remote_->decide(*subject, topic_input(subject->facts, question));
  count(decision);
  keep(*subject, key, decision);
}

policy::ServiceStats TopicPolicy::stats() const {
  const auto of = [](const auto& counter) { return counter.load(std::memory_order_relaxed); };
  return {.decisions = of(decisions_),
          .from_known = of(from_known_),
          .denials = of(denials_),
          .failures = of(failures_)};
}

}  // namespace unhidra::automation
