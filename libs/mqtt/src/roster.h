#pragma once
// Elements that come and go while they are visited a few at a time: each that was there when the
// visit began is due once, in its turn or, by mark(), before it changes or leaves.

#include <algorithm>
#include <cstdint>
#include <vector>

namespace unhidra::mqtt {

// What a roster keeps in its element.
struct RosterEntry {
  std::uint32_t place = 0;
  std::uint32_t round = 0;  // of the last visit in which it was seen, or in which it came
};

// Does not own them; `kEntry` finds the entry in an element.
template <class T, RosterEntry& (*kEntry)(T&)>
class Roster {
 public:
  std::size_t size() const { return all_.size(); }
  T& operator[](std::size_t place) const { return *all_[place]; }

  void add(T& element) {
    kEntry(element) = {static_cast<std::uint32_t>(all_.size()), round_};
    all_.push_back(&element);
  }
  // The last takes its place: whoever is due stands before rest_, also then.
  void remove(T& element) {
    const auto place = kEntry(element).place;
    all_[place] = all_.back();
    kEntry(*all_[place]).place = place;
    all_.pop_back();
    rest_ = std::min(rest_, all_.size());
  }

  void begin_visit() {
    ++round_;
    rest_ = all_.size();
  }
  bool is_due(T& element) const { return kEntry(element).round != round_; }
  void mark(T& element) { kEntry(element).round = round_; }
  // The next that is due, marked; null: there is none.
  T* next() {
    while (rest_ > 0) {
      T& element = *all_[--rest_];
      if (is_due(element)) {
        mark(element);
        return &element;
      }
    }
    return nullptr;
  }

 private:
  std::vector<T*> all_;
  std::size_t rest_ = 0;
  std::uint32_t round_ = 0;
};

}  // namespace unhidra::mqtt
