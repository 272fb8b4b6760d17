#include "policy/remote_operations.h"

#include "unhidra/automation/operation_question.h"

namespace unhidra::automation {
namespace {

// Counts a question as long as it is under way, also when whoever asks goes away.
class Turn {
 public:
  explicit Turn(std::atomic<std::size_t>& asking) : asking_(asking), before_(asking.fetch_add(1)) {}
  ~Turn() { asking_.fetch_sub(1); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  bool is_one_too_many() const { return before_ >= RemoteOperations::kMaxAsking; }

 private:
  std::atomic<std::size_t>& asking_;
  std::size_t before_;
};

policy::Decision unreachable(std::string why) {
  return {.allowed = false,
          .ground = policy::Ground::unreachable,
          .revision = {},
          .error = std::move(why)};
}

}  // namespace

RemoteOperations::RemoteOperations(policy::RemoteSettings settings, policy::DecisionSink* sink)
    : client_(net::HttpClientSettings{.connect_timeout = settings.timeout}),
      remote_(std::move(settings), client_),
      sink_(sink) {}

access::PolicyVerdict RemoteOperations::judge(const access::OperationQuestion&) {
  return {.allowed = false, .revision = {}, .ground = to_string(policy::Ground::unreachable)};
}

Task<policy::Decision> RemoteOperations::decide(rego::Value input) {
  const Turn turn(asking_);
  if (turn.is_one_too_many()) {
    co_return unreachable("too many questions are under way");
  }
  co_return co_await remote_.decide(std::move(input));
}

Task<access::PolicyVerdict> RemoteOperations::judge_later(access::OperationQuestion question) {
  const auto input = operation_input(question);
  const auto scope = question.request.principal.org_id.to_string();
  auto decision = co_await decide(input);
  if (sink_ != nullptr) {
    sink_->record({.decision = decision, .query = kOperationQuery, .input = input, .scope = scope});
  }
  co_return access::PolicyVerdict{.allowed = decision.allowed,
                                  .revision = std::move(decision.revision),
                                  .ground = to_string(decision.ground)};
}

}  // namespace unhidra::automation
