#pragma once
// Which questions to a remote policy are under way, and who waits for their answers.

#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "unhidra/mqtt/broker.h"

namespace unhidra::automation {

// A packet that waits is looked at again, and asks for the same again, whenever its connection is
// woken. So a connection waits once for each question however often it asks, and is woken once,
// when nothing that it waits for is left: waking it more often would wake it more often still for
// its next packet. Not thread-safe.
class OpenQuestions {
 public:
  // Whether the question is new and so has to be asked.
  bool add(const std::string& question, std::optional<mqtt::ConnectionId> who);
  // The question has its answer: the connections that now wait for nothing else.
  std::vector<mqtt::ConnectionId> close(const std::string& question);
  // Nobody is answered any more.
  void clear();

 private:
  std::unordered_map<std::string, std::unordered_set<mqtt::ConnectionId>> waiting_;
  std::unordered_map<mqtt::ConnectionId, std::size_t> left_;  // questions, none with 0
};

}  // namespace unhidra::automation
