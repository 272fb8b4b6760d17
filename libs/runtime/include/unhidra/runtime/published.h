#pragma once
// A value that one thread replaces whole while others read it. What std::atomic<std::shared_ptr>
// is for; that of libstdc++ 12 ends a read without release, so that the next write is not ordered
// behind it.

#include <memory>
#include <mutex>
#include <utility>

namespace unhidra::runtime {

// Every member function may be called from any thread. A reader keeps what it was given.
template <class T>
class Published {
 public:
  // Null: nothing is published.
  std::shared_ptr<const T> get() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }
  void set(std::shared_ptr<const T> next) {
    {
      const std::lock_guard lock(mutex_);
      value_.swap(next);
    }
    // What stood there ends here, outside the lock.
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const T> value_;
};

}  // namespace unhidra::runtime
