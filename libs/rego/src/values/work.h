#pragma once
// What going over values costs the evaluation that is under way on this thread.
//
// Values are compared wherever there are values: in sorts, sets, look-ups, maps. What is short is
// not counted. What may be long asks here, and is told when to stop; it then answers anything at
// once ("equal", which ends every search and sort; an empty text), and the evaluation, which has
// noted that it is used up, answers with an error instead of what came of it.

#include <cstdint>

#include "unhidra/rego/value.h"

namespace unhidra::rego {

class WorkMeter {
 public:
  // About a nanosecond a unit. False: there is nothing left.
  virtual bool take_work(std::uint64_t units) = 0;
  // Whether so many bytes of text may be made, which is so much work too.
  virtual bool has_room_for(std::uint64_t bytes) = 0;

 protected:
  WorkMeter() = default;
  WorkMeter(const WorkMeter&) = default;
  WorkMeter& operator=(const WorkMeter&) = default;
  ~WorkMeter() = default;
};

// Whom this thread's work is taken from, as long as it lives; the one before afterwards.
class WorkScope {
 public:
  explicit WorkScope(WorkMeter& meter) : before_(current_) { current_ = &meter; }
  ~WorkScope() { current_ = before_; }
  WorkScope(const WorkScope&) = delete;
  WorkScope& operator=(const WorkScope&) = delete;

  // True without an evaluation.
  static bool take(std::uint64_t units) {
    return current_ == nullptr || current_->take_work(units);
  }
  // Whether all of the value may be written. A short one may.
  static bool has_room(const Value& value) {
    constexpr std::uint32_t kShort = 1'024;
    if (value.weight() <= kShort) {
      return true;
    }
    const bool is_known = value.weight() < Value::kTooHeavy;
    return current_ == nullptr ? is_known
                               : current_->has_room_for(is_known ? value.weight() : UINT64_MAX);
  }

 private:
  static inline thread_local WorkMeter* current_ = nullptr;
  WorkMeter* before_;
};

// Less-than of a sort or merge of many values, which asks every so often whether to go on. Pass by
// std::ref: algorithms copy what they are given.
class WorkOrder {
 public:
  bool operator()(const Value& a, const Value& b) { return goes_on() && compare(a, b) < 0; }
  bool goes_on() {
    constexpr std::uint32_t kEvery = 1'024;
    constexpr std::uint64_t kWorkOfComparison = 16;
    if (left_ == 0 && !stopped_) {
      stopped_ = !WorkScope::take(kEvery * kWorkOfComparison);
      left_ = kEvery;
    }
    left_ -= stopped_ ? 0 : 1;
    return !stopped_;
  }

 private:
  std::uint32_t left_ = 1'024;
  bool stopped_ = false;
};

}  // namespace unhidra::rego
