#include "broker/open_questions.h"

namespace unhidra::automation {

bool OpenQuestions::add(const std::string& question, std::optional<mqtt::ConnectionId> who) {
  const auto [found, fresh] = waiting_.try_emplace(question);
  if (who && found->second.insert(*who).second) {
    ++left_[*who];
  }
  return fresh;
}

std::vector<mqtt::ConnectionId> OpenQuestions::close(const std::string& question) {
  std::vector<mqtt::ConnectionId> out;
  const auto waiting = waiting_.extract(question);
  if (waiting.empty()) {
    return out;
  }
  for (const auto who : waiting.mapped()) {
    const auto left = left_.find(who);
    if (--left->second == 0) {
      left_.erase(left);
      out.push_back(who);
    }
  }
  return out;
}

void OpenQuestions::clear() {
  waiting_.clear();
  left_.clear();
}

}  // namespace unhidra::automation
