#pragma once
// The topic policy: Rego asked whether a subject may do something with a topic (topic_question.h).
// There is one for all organisations, which those that have their own do not use, and beside either
// there may be a shadow, which is asked and decides nothing.

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "unhidra/automation/topic_question.h"
#include "unhidra/base/random.h"
#include "unhidra/policy/policy_service.h"

#include "broker/remote_topic_policy.h"
#include "broker/subject.h"

namespace unhidra::automation {

// What holds when nobody has written another policy: a device owns the topics under its own id, and
// reads what is addressed to all; people of the organisation may do everything.
policy::Documents built_in_policy();

class TopicPolicy {
 public:
  // `sink` may be null; it hears every decision that was evaluated. References outlive it.
  TopicPolicy(const Clock& clock, RandomSource& random, policy::DecisionSink* sink = nullptr);

  // ---- What is in force. From any thread; each blocks for as long as the compiler takes. A
  // decision is made by the old or the new policy. On failure (the compiler's error) what was in
  // use stays, and where nothing was, everything is denied.
  Status use(policy::Documents documents, rego::Syntax syntax);
  Status use(const OrgId& org, policy::Documents documents, rego::Syntax syntax);
  // The organisation has none of its own any more.
  void drop(const OrgId& org);
  // On failure there is no shadow.
  Status shadow(const OrgId& org, policy::Documents documents, rego::Syntax syntax);
  void end_shadow(const OrgId& org);

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
  // What was decided is asked anew.
  void forget() { generation_.fetch_add(1, std::memory_order_release); }

  // Remembered with the subject for a minute at most, and until a policy changes. On the broker's
  // executor.
  bool allows(const Subject& subject, const TopicQuestion& question);

  // Of what decides here for the organisation; that for all where it has none.
  std::string revision(const OrgId& org = {}) const;
  // Evaluated decisions, and those answered from memory; reloads are not counted here.
  policy::ServiceStats stats() const;

 private:
  using Service = std::shared_ptr<policy::PolicyService>;
  struct Own {
    Service active;  // null: that for all
    Service shadow;  // null: none
  };
  Service make_active() const;
  Service make_shadow() const;
  Own of(const OrgId& org) const;
  // Null: not known.
  const Subject::Decisions::Known* known(const Subject& subject, const std::string& key);
  void keep(const Subject& subject, const std::string& key, const policy::Decision& decision);
  void count(const policy::Decision& decision);
  policy::Decision ask(const Subject& subject, const TopicQuestion& question);

  const Clock& clock_;
  RandomSource& random_;
  policy::DecisionSink* const sink_;
  const Service common_;
  mutable std::mutex mutex_;
  std::map<OrgId, Own> own_;
  std::unique_ptr<RemoteTopicPolicy> remote_;  // null: it is asked here
  std::atomic<std::uint64_t> generation_{1};
  // Written on the broker's executor alone.
  std::atomic<std::uint64_t> decisions_{0};
  std::atomic<std::uint64_t> from_known_{0};
  std::atomic<std::uint64_t> denials_{0};
  std::atomic<std::uint64_t> failures_{0};
};

}  // namespace unhidra::automation
