#pragma once
// The topic policy: Rego asked whether a subject may do something with a topic (topic_question.h).
// There is one for all organisations, which those that have their own do not use, and beside either
// there may be a shadow, which is asked and decides nothing.

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "unhidra/automation/topic_question.h"
#include "unhidra/base/random.h"

#include "broker/remote_topic_policy.h"
#include "broker/subject.h"
#include "policy/policy_book.h"

namespace unhidra::automation {

// What holds when nobody has written another policy: a device owns the topics under its own id, and
// reads what is addressed to all; people of the organisation may do everything.
policy::Documents built_in_policy();

class TopicPolicy {
 public:
  // `sink` may be null; it hears every decision that was evaluated. References outlive it.
  TopicPolicy(const Clock& clock, RandomSource& random, policy::DecisionSink* sink = nullptr);

  // What is in force. From any thread.
  PolicyBook& book() { return book_; }
  const PolicyBook& book() const { return book_; }

  // From now on it is asked elsewhere instead. Before the first decision. Everything outlives this;
  // the scope is joined before it goes.
  void ask_elsewhere(policy::RemoteSettings settings, runtime::TaskScope& scope,
                     RemoteTopicPolicy::Wake wake);
  bool is_elsewhere() const { return remote_ != nullptr; }
  // Elsewhere: answers that are missing from now on are missing for this connection; and whether
  // one is, for a question that was put since.
  void begin(mqtt::ConnectionId connection) { remote_->begin(connection); }
  bool is_missing() { return remote_->is_missing(); }
  // Waits until allows() can answer.
  Task<void> fetch(std::shared_ptr<const Subject> subject, TopicQuestion question);

  // Remembered with the subject for a minute at most, and until a policy changes. On the broker's
  // executor.
  bool allows(const Subject& subject, const TopicQuestion& question);

  // Evaluated decisions, and those answered from memory; reloads are not counted here.
  policy::ServiceStats stats() const;

 private:
  // Null: not known.
  const Subject::Decisions::Known* known(const Subject& subject, const std::string& key);
  void keep(const Subject& subject, const std::string& key, const policy::Decision& decision);
  void count(const policy::Decision& decision);
  policy::Decision ask(const Subject& subject, const TopicQuestion& question);

  const Clock& clock_;
  policy::DecisionSink* const sink_;
  PolicyBook book_;
  std::unique_ptr<RemoteTopicPolicy> remote_;  // null: it is asked here
  // Written on the broker's executor alone.
  std::atomic<std::uint64_t> decisions_{0};
  std::atomic<std::uint64_t> from_known_{0};
  std::atomic<std::uint64_t> denials_{0};
  std::atomic<std::uint64_t> failures_{0};
};

}  // namespace unhidra::automation
