#include "broker/remote_topic_policy.h"

namespace unhidra::automation {
namespace {

// Questions under way; further ones are denied without being asked.
constexpr std::size_t kMaxAsking = 1'024;

}  // namespace

RemoteTopicPolicy::RemoteTopicPolicy(policy::RemoteSettings settings, runtime::TaskScope& scope,
                                     policy::DecisionSink* sink, Keep keep, Wake wake)
    : client_(net::HttpClientSettings{.connect_timeout = settings.timeout}),
      remote_(std::move(settings), client_),
      scope_(scope),
      sink_(sink),
      keep_(std::move(keep)),
      wake_(std::move(wake)) {}

void RemoteTopicPolicy::begin(mqtt::ConnectionId connection) {
  asker_ = connection;
  missing_ = false;
}

bool RemoteTopicPolicy::is_missing() {
  asker_.reset();
  return std::exchange(missing_, false);
}

void RemoteTopicPolicy::ask(std::shared_ptr<const Subject> subject, const std::string& key,
                            rego::Value input) {
  // The subject's address names it: it lives as long as its question.
  std::string name = std::to_string(reinterpret_cast<std::uintptr_t>(subject.get())) + key;
  missing_ = missing_ || asker_.has_value();
  if (open_.add(name, asker_) &&
      !scope_.spawn("policy.ask",
                    answer(std::move(subject), key, std::move(input), std::move(name)))) {
    open_.clear();  // the scope stops: nobody is answered any more
  }
}

Task<policy::Decision> RemoteTopicPolicy::decide(const Subject& subject, rego::Value input) {
  policy::Decision out{.allowed = false,
                       .ground = policy::Ground::unreachable,
                       .revision = {},
                       .error = "too many questions are under way"};
  if (asking_ < kMaxAsking) {
    ++asking_;
    out = co_await remote_.decide(input);
    --asking_;
  }
  if (sink_ != nullptr) {
    const auto scope = subject.org.to_string();
    sink_->record({.decision = out, .query = kTopicQuery, .input = input, .scope = scope});
  }
  co_return out;
}

Task<void> RemoteTopicPolicy::answer(std::shared_ptr<const Subject> subject, std::string key,
                                     rego::Value input, std::string name) {
  const auto decision = co_await decide(*subject, std::move(input));
  keep_(*subject, key, decision);
  for (const auto connection : open_.close(name)) {
    wake_(connection);
  }
}

}  // namespace unhidra::automation
