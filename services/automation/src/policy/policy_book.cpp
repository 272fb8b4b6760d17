#include "policy/policy_book.h"

#include <algorithm>

namespace unhidra::automation {
namespace {

// What decides nothing must not hold up those who wait for a decision.
constexpr std::chrono::milliseconds kShadowTime{20};

// Whether it was taken in use; false: it does not speak of the question.
Result<bool> activate(policy::PolicyService& service, policy::Documents documents,
                      rego::Syntax syntax, std::chrono::milliseconds max_compile_time) {
  documents.revision = policy::revision_of(documents);
  auto status = service.activate(std::move(documents), syntax, max_compile_time);
  if (!status && status.error() == policy::Errc::silent) {
    return false;
  }
  return status ? Result<bool>(true) : fail(std::move(status).error());
}

}  // namespace

PolicyBook::PolicyBook(PolicyBookSettings settings, const Clock& clock, RandomSource& random)
    : settings_(std::move(settings)),
      clock_(clock),
      random_(random),
      common_(settings_.deny_without ? make_active() : nullptr) {}

PolicyBook::Service PolicyBook::make_active() const {
  return std::make_shared<policy::PolicyService>(
      policy::ServiceSettings{.query = settings_.query,
                              .max_steps = settings_.max_steps,
                              .max_time = settings_.max_time,
                              .name = settings_.name,
                              .must_speak = true},
      clock_, random_);
}

PolicyBook::Service PolicyBook::make_shadow() const {
  return std::make_shared<policy::PolicyService>(
      policy::ServiceSettings{.query = settings_.query,
                              .max_steps = settings_.max_steps,
                              .max_time = std::min(settings_.max_time, kShadowTime),
                              .name = settings_.shadow_name,
                              .must_speak = true},
      clock_, random_);
}

void PolicyBook::changed() {
  any_ = common_ != nullptr || std::ranges::any_of(own_, [](const auto& each) {
           return each.second.active || each.second.shadow;
         });
  forget();
}

Result<bool> PolicyBook::use(policy::Documents documents, rego::Syntax syntax) {
  Service service;
  {
    const std::lock_guard lock(mutex_);
    service = common_;
  }
  if (!service) {
    service = make_active();
  }
  auto used = activate(*service, std::move(documents), syntax, max_compile_time_);
  const std::lock_guard lock(mutex_);
  if (used && *used) {
    common_ = std::move(service);
  }
  changed();
  return used;
}

Result<bool> PolicyBook::use(const OrgId& org, policy::Documents documents, rego::Syntax syntax) {
  Service service;
  bool known = false;
  {
    const std::lock_guard lock(mutex_);
    const auto found = own_.find(org);
    known = found != own_.end();
    service = known ? found->second.active : nullptr;
  }
  if (!service) {
    service = make_active();
  }
  auto used = activate(*service, std::move(documents), syntax, max_compile_time_);
  const std::lock_guard lock(mutex_);
  if (used ? *used : !known) {
    own_[org].active = std::move(service);
  }
  changed();
  return used;
}

void PolicyBook::drop() {
  const std::lock_guard lock(mutex_);
  common_ = settings_.deny_without ? make_active() : nullptr;
  changed();
}

void PolicyBook::drop(const OrgId& org) {
  const std::lock_guard lock(mutex_);
  own_[org].active.reset();
  changed();
}

void PolicyBook::close(const OrgId& org) {
  const std::lock_guard lock(mutex_);
  if (own_.try_emplace(org).second) {
    own_[org].active = make_active();
  }
  changed();
}

Result<bool> PolicyBook::shadow(const OrgId& org, policy::Documents documents,
                                rego::Syntax syntax) {
  auto service = make_shadow();
  auto used = activate(*service, std::move(documents), syntax, max_compile_time_);
  const std::lock_guard lock(mutex_);
  own_[org].shadow = used && *used ? std::move(service) : nullptr;
  changed();
  return used;
}

void PolicyBook::end_shadow(const OrgId& org) {
  const std::lock_guard lock(mutex_);
  own_[org].shadow.reset();
  changed();
}

PolicyBook::Services PolicyBook::of(const OrgId& org) const {
  const std::lock_guard lock(mutex_);
  const auto found = own_.find(org);
  Services out;
  if (found != own_.end()) {
    out = {found->second.active, found->second.shadow};
  }
  if (!out.active) {
    out.active = common_;
  }
  return out;
}

std::string PolicyBook::revision(const OrgId& org) const {
  const auto active = of(org).active;
  return active ? active->revision() : std::string();
}

}  // namespace unhidra::automation
