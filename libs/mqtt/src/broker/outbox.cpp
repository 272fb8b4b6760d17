#include "outbox.h"

#include <algorithm>

namespace unhidra::mqtt {

std::uint64_t Outbox::push(Outgoing entry) {
  bytes_ += entry.message->memory();
  ++unfinished_;
  entries_.push_back(std::move(entry));
  return end() - 1;
}

void Outbox::start_at(std::uint64_t ordinal) {
  first_ = cursor_ = unsent_ = ordinal;
}

bool Outbox::restore(std::uint64_t ordinal, Outgoing entry) {
  if (entries_.empty()) {
    start_at(ordinal);
  }
  if (ordinal < end() || ordinal - first_ > 4 * kIds) {
    return false;
  }
  while (end() < ordinal) {
    Outgoing gap;
    gap.state = Outgoing::State::done;
    entries_.push_back(std::move(gap));
  }
  push(std::move(entry));
  return true;
}

const Outgoing* Outbox::find(std::uint64_t ordinal) const {
  return const_cast<Outbox*>(this)->find(ordinal);
}

Outgoing* Outbox::find(std::uint64_t ordinal) {
  if (ordinal < first_ || ordinal >= end() || at(ordinal).state == Outgoing::State::done) {
    return nullptr;
  }
  return &at(ordinal);
}

std::uint64_t Outbox::ordinal_in_flight(PacketId id) const {
  const std::uint64_t ahead = (id - 1U + kIds - first_ % kIds) % kIds;
  const auto ordinal = first_ + ahead;
  if (ordinal >= cursor_) {
    return kNone;
  }
  const auto state = at(ordinal).state;
  return state == Outgoing::State::sent || state == Outgoing::State::released ? ordinal : kNone;
}

std::uint64_t Outbox::next() {
  while (cursor_ < end() && at(cursor_).state == Outgoing::State::done) {
    ++cursor_;
    unsent_ = std::max(unsent_, cursor_);
  }
  // Two living messages never share an identifier.
  return cursor_ < end() && cursor_ - first_ < kIds ? cursor_ : kNone;
}

void Outbox::sent(std::uint64_t ordinal) {
  auto& entry = at(ordinal);
  if (entry.state == Outgoing::State::waiting) {
    entry.state = Outgoing::State::sent;
  }
  cursor_ = ordinal + 1;
  unsent_ = std::max(unsent_, cursor_);
  ++in_flight_;
}

void Outbox::finish(std::uint64_t ordinal) {
  auto& entry = at(ordinal);
  bytes_ -= entry.message->memory();
  --unfinished_;
  entry = Outgoing();
  entry.state = Outgoing::State::done;
  if (ordinal < cursor_) {
    --in_flight_;
  }
  trim();
}

void Outbox::trim() {
  while (!entries_.empty() && entries_.front().state == Outgoing::State::done) {
    entries_.pop_front();
    ++first_;
  }
  cursor_ = std::max(cursor_, first_);
  unsent_ = std::max(unsent_, cursor_);
  while (unsent_ < end() && at(unsent_).state == Outgoing::State::done) {
    ++unsent_;
  }
}

void Outbox::rewind() {
  cursor_ = first_;
  in_flight_ = 0;
}

std::uint64_t Outbox::oldest_waiting() const {
  return unsent_ < end() && at(unsent_).state == Outgoing::State::waiting ? unsent_ : kNone;
}

std::size_t Outbox::waiting() const {
  return end() - unsent_;
}

}  // namespace unhidra::mqtt
