#include "requests.h"

namespace unhidra::client {

bool Requests::may_ask(const Question& question) const {
  if (!link_.greeted || link_.pending.size() >= env_.limits.max_requests) {
    return false;  // the next answer makes room, and everything is looked at again
  }
  const auto known = link_.questions.find(question);
  return known == link_.questions.end() ||
         (!known->second.in_flight && known->second.not_before <= env_.clock.steady_now());
}

PendingRequest& Requests::note(std::uint64_t id, const Question& question) {
  link_.questions[question].in_flight = true;
  auto& pending = link_.pending[id];
  pending.question = question;
  pending.since = env_.clock.steady_now();
  return pending;
}

std::chrono::milliseconds Requests::delay_after(std::uint32_t failures) const {
  const auto first = std::chrono::milliseconds(env_.limits.first_retry);
  const auto last = std::chrono::milliseconds(env_.limits.last_retry);
  const auto delay = first * (std::int64_t{1} << std::min(failures, 16U));
  return std::min(delay, last);
}

void Requests::back_off(const Question& question, std::uint32_t retry_after_ms) {
  auto& state = link_.questions[question];
  state.in_flight = false;
  const auto delay =
      std::max(delay_after(state.failures), std::chrono::milliseconds(retry_after_ms));
  ++state.failures;
  state.not_before = env_.clock.steady_now() + delay;
}

}  // namespace unhidra::client
