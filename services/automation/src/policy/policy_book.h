#pragma once
// The policies that answer one question: that for all organisations, which those that have their
// own do not use, and beside either a shadow, which is asked and decides nothing. From any thread.

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "unhidra/base/id.h"
#include "unhidra/base/random.h"
#include "unhidra/policy/policy_service.h"

namespace unhidra::automation {

struct PolicyBookSettings {
  std::string query;  // "data.unhidra.automation.allow"
  // Of log events; static.
  std::string_view name = "policy";
  std::string_view shadow_name = "policy.shadow";
  // Where there is no policy at all: a denial, or nobody is asked.
  bool deny_without = true;
  std::uint64_t max_steps = policy::ServiceSettings().max_steps;
  std::chrono::milliseconds max_time = policy::ServiceSettings().max_time;
};

class PolicyBook {
 public:
  using Service = std::shared_ptr<policy::PolicyService>;

  // References outlive it.
  PolicyBook(PolicyBookSettings settings, const Clock& clock, RandomSource& random);

  // How long the compiler may take, for what is used from now on.
  void limit_compiling(std::chrono::milliseconds max_time) { max_compile_time_ = max_time; }

  // ---- What is in force. Each blocks for as long as the compiler takes. A decision is made by the
  // old or the new policy. On failure (the compiler's error) what was in use stays; where nothing
  // was, everything is denied. False: the policy does not speak of this question
  // (policy/speech.h), and nothing has changed.
  Result<bool> use(policy::Documents documents, rego::Syntax syntax);
  Result<bool> use(const OrgId& org, policy::Documents documents, rego::Syntax syntax);
  // There is none for all any more.
  void drop();
  // The organisation has none of its own any more.
  void drop(const OrgId& org);
  // It has one that cannot be read: everything is denied, unless another is in use.
  void close(const OrgId& org);
  // On failure, and where it does not speak of this, there is no shadow.
  Result<bool> shadow(const OrgId& org, policy::Documents documents, rego::Syntax syntax);
  void end_shadow(const OrgId& org);

  // ---- Who answers.
  struct Services {
    Service active;  // null: nobody is asked
    Service shadow;  // null: none
  };
  Services of(const OrgId& org) const;
  // False: of() has nothing for anybody.
  bool has_any() const { return any_.load(std::memory_order_relaxed); }
  const std::string& query() const { return settings_.query; }
  // Of what decides for the organisation; that for all where it has none. Empty: none does.
  std::string revision(const OrgId& org = {}) const;
  // Rises with every change: whoever keeps decisions forgets them then.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  void forget() { generation_.fetch_add(1, std::memory_order_release); }

 private:
  struct Own {
    Service active;  // null: that for all
    Service shadow;
  };
  Service make_active() const;
  Service make_shadow() const;
  void changed();  // with mutex_ held

  const PolicyBookSettings settings_;
  const Clock& clock_;
  RandomSource& random_;
  std::atomic<std::chrono::milliseconds> max_compile_time_{policy::kMaxCompileTime};
  mutable std::mutex mutex_;
  Service common_;
  std::map<OrgId, Own> own_;
  std::atomic<bool> any_{false};
  std::atomic<std::uint64_t> generation_{1};
};

}  // namespace unhidra::automation
