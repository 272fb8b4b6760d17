#pragma once
// A topic policy that is asked elsewhere (an Open Policy Agent's POST /v1/data/...). Nothing waits
// on the broker's loop: what is not known yet is a denial for the moment, is asked for, and whoever
// waits for it is woken when the answer is there.

#include <functional>
#include <string>

#include "unhidra/automation/topic_question.h"
#include "unhidra/policy/remote.h"
#include "unhidra/runtime/task_scope.h"

#include "broker/open_questions.h"
#include "broker/subject.h"

namespace unhidra::automation {

// On the broker's executor. References outlive it; the scope is joined before it goes.
class RemoteTopicPolicy {
 public:
  using Wake = std::function<void(mqtt::ConnectionId)>;
  using Keep = std::function<void(const Subject&, const std::string& key, const policy::Decision&)>;

  // `sink` may be null.
  RemoteTopicPolicy(policy::RemoteSettings settings, runtime::TaskScope& scope,
                    policy::DecisionSink* sink, Keep keep, Wake wake);

  // The answers that are missing from now on are missing for this connection.
  void begin(mqtt::ConnectionId connection);
  // Whether one is missing that was asked about since begin().
  bool is_missing();

  // Asks, unless the same is being asked. The answer goes to Keep; a connection is woken when the
  // last one that was missing for it has come.
  void ask(std::shared_ptr<const Subject> subject, const std::string& key, rego::Value input);
  // Asks and waits.
  Task<policy::Decision> decide(const Subject& subject, rego::Value input);

 private:
  Task<void> answer(std::shared_ptr<const Subject> subject, std::string key, rego::Value input,
                    std::string name);

  net::HttpClient client_;
  policy::RemotePolicy remote_;
  runtime::TaskScope& scope_;
  policy::DecisionSink* const sink_;
  const Keep keep_;
  const Wake wake_;
  OpenQuestions open_;  // by subject and question
  std::size_t asking_ = 0;
  std::optional<mqtt::ConnectionId> asker_;
  bool missing_ = false;
};

}  // namespace unhidra::automation
