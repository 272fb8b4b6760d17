#include "enrolment/cmp_desk.h"

#include <algorithm>

namespace unhidra::automation {

std::list<CmpDesk::Entry>::iterator CmpDesk::find(const Bytes& id, Timestamp now) {
  entries_.remove_if([&](const Entry& each) { return each.until <= now; });
  return std::ranges::find(entries_, id, &Entry::id);
}

void CmpDesk::put(Bytes id, std::unique_ptr<OpenTransaction> open, Timestamp now) {
  const std::scoped_lock lock(mutex_);
  if (const auto old = find(id, now); old != entries_.end()) {
    entries_.erase(old);
  }
  if (entries_.size() >= kMaxOpen) {
    entries_.pop_front();
  }
  entries_.push_back({std::move(id), std::move(open), now + kLifetime});
}

std::unique_ptr<OpenTransaction> CmpDesk::take(const Bytes& id, Timestamp now) {
  const std::scoped_lock lock(mutex_);
  const auto found = find(id, now);
  if (found == entries_.end()) {
    return nullptr;
  }
  auto out = std::move(found->open);
  entries_.erase(found);
  return out;
}

bool CmpDesk::knows(const Bytes& id, Timestamp now) {
  const std::scoped_lock lock(mutex_);
  return find(id, now) != entries_.end();
}

}  // namespace unhidra::automation
