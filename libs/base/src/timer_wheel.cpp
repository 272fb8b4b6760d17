#include "unhidra/base/timer_wheel.h"

#include <algorithm>

namespace unhidra {

void WheelEntry::unlink() {
  if (!linked() || wheel_ == nullptr) {
    return;
  }
  next_->previous_ = previous_;
  previous_->next_ = next_;
  next_ = nullptr;
  previous_ = nullptr;
  --wheel_->size_;
  wheel_ = nullptr;
}

void TimerWheel::Head::reset() {
  next_ = this;
  previous_ = this;
  wheel_ = nullptr;
}

TimerWheel::TimerWheel() = default;

WheelTick TimerWheel::tick_of(SteadyTime time) {
  return static_cast<WheelTick>(time.time_since_epoch() / kWheelTick);
}

void TimerWheel::link(WheelEntry& head, WheelEntry& entry) {
  entry.next_ = &head;
  entry.previous_ = head.previous_;
  head.previous_->next_ = &entry;
  head.previous_ = &entry;
}

void TimerWheel::hang(WheelEntry& entry) {
  entry.slot_ = entry.due_;
  entry.wheel_ = this;
  link(slots_[entry.slot_ % kSlots], entry);
  ++size_;
}

void TimerWheel::set(WheelEntry& entry, SteadyTime now, std::chrono::milliseconds delay) {
  if (current_ == 0) {
    current_ = tick_of(now);
  }
  // Rounded up, and at least one tick ahead of what has fired already.
  entry.due_ = std::max(tick_of(now + delay) + 1, current_ + 1);
  if (entry.linked()) {
    if (entry.slot_ <= entry.due_) {
      return;  // postponed: it will be moved when its slot comes round
    }
    entry.unlink();
  }
  hang(entry);
}

// Entries move to a list of their own first, so that handlers may set and drop any deadline.
void TimerWheel::fire_slot(Head& head, WheelTick now) {
  Head batch;
  while (head.next_ != &head) {
    WheelEntry& entry = *head.next_;
    entry.next_->previous_ = &head;
    head.next_ = entry.next_;
    link(batch, entry);
  }
  while (batch.next_ != &batch) {
    WheelEntry& entry = *batch.next_;
    entry.unlink();
    if (entry.due_ <= now) {
      entry.on_deadline();
    } else {
      hang(entry);
    }
  }
}

void TimerWheel::advance(SteadyTime now) {
  const WheelTick target = tick_of(now);
  if (size_ == 0 || current_ == 0) {
    current_ = target;
    return;
  }
  // After a long pause one turn of the wheel visits everything.
  WheelTick tick = target > current_ + kSlots ? target - kSlots : current_;
  current_ = std::max(current_, target);
  while (tick < target) {
    ++tick;
    fire_slot(slots_[tick % kSlots], target);
  }
}

}  // namespace unhidra
