#pragma once
// Deadlines of very many connections: a hashed wheel of coarse ticks. Setting or postponing a
// deadline is a few stores; nothing is allocated. A deadline fires up to one tick late, never
// early.

#include <array>
#include <chrono>
#include <cstdint>

#include "unhidra/base/time.h"

namespace unhidra {

using WheelTick = std::uint64_t;
inline constexpr std::chrono::milliseconds kWheelTick{50};

class TimerWheel;

// Base of whatever has a deadline. Leaves its wheel by itself when it is destroyed.
class WheelEntry {
 public:
  WheelEntry() = default;
  WheelEntry(const WheelEntry&) = delete;
  WheelEntry& operator=(const WheelEntry&) = delete;

 protected:
  virtual ~WheelEntry() { unlink(); }
  // The deadline has passed. The entry is no longer in the wheel; it may set a new one.
  virtual void on_deadline() = 0;

 private:
  friend class TimerWheel;
  bool linked() const { return next_ != nullptr; }
  void unlink();

  WheelEntry* next_ = nullptr;
  WheelEntry* previous_ = nullptr;
  TimerWheel* wheel_ = nullptr;
  WheelTick due_ = 0;   // when it fires
  WheelTick slot_ = 0;  // where it hangs: never later than due_
};

class TimerWheel {
 public:
  TimerWheel();
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  // Replaces the entry's deadline. `now` is any time from the same clock as advance's.
  void set(WheelEntry& entry, SteadyTime now, std::chrono::milliseconds delay);
  void clear(WheelEntry& entry) { entry.unlink(); }
  // Fires what is due. May be called at any pace.
  void advance(SteadyTime now);
  std::size_t size() const { return size_; }

 private:
  friend class WheelEntry;
  static constexpr std::size_t kSlots = 1024;  // 51 s; what lies further away is passed over

  // The head of a circular list.
  struct Head final : WheelEntry {
    Head() { reset(); }
    ~Head() override { reset(); }
    void reset();
    void on_deadline() override {}
  };
  static WheelTick tick_of(SteadyTime time);
  static void link(WheelEntry& head, WheelEntry& entry);
  void hang(WheelEntry& entry);
  void fire_slot(Head& head, WheelTick now);

  std::array<Head, kSlots> slots_;
  WheelTick current_ = 0;  // everything up to here has fired
  std::size_t size_ = 0;
};

}  // namespace unhidra
