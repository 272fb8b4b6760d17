#pragma once
// Memory of small nodes, recycled within a thread: a node that is dropped is the next that is made.

#include <cstddef>
#include <new>

namespace unhidra::rego {

// What a sanitizer should see is allocated anew each time.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kRecycles = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool kRecycles = false;
#else
inline constexpr bool kRecycles = true;
#endif
#else
inline constexpr bool kRecycles = true;
#endif

class NodePool {
 public:
  static void* take(std::size_t bytes) {
    const std::size_t at = bucket(bytes);
    if (kRecycles && at < kBuckets && !ended_) {
      Bucket& free = pool().buckets_[at];
      if (free.first != nullptr) {
        Free* out = free.first;
        free.first = out->next;
        --free.count;
        return out;
      }
    }
    return ::operator new(rounded(bytes));
  }
  static void give(void* memory, std::size_t bytes) {
    const std::size_t at = bucket(bytes);
    if (kRecycles && at < kBuckets && !ended_) {
      Bucket& free = pool().buckets_[at];
      if (free.count < kMaxFree) {
        free.first = new (memory) Free{free.first};
        ++free.count;
        return;
      }
    }
    ::operator delete(memory);
  }

 private:
  static constexpr std::size_t kStep = 16;
  static constexpr std::size_t kBuckets = 33;     // nodes of up to 512 bytes
  static constexpr std::size_t kMaxFree = 1'024;  // of each size

  struct Free {
    Free* next;
  };
  struct Bucket {
    Free* first = nullptr;
    std::size_t count = 0;
  };

  ~NodePool() {
    ended_ = true;
    for (Bucket& free : buckets_) {
      while (free.first != nullptr) {
        Free* one = free.first;
        free.first = one->next;
        ::operator delete(one);
      }
    }
  }
  static std::size_t bucket(std::size_t bytes) { return (bytes + kStep - 1) / kStep; }
  static std::size_t rounded(std::size_t bytes) { return bucket(bytes) * kStep; }
  static NodePool& pool() {
    static thread_local NodePool one;
    return one;
  }

  // Values may outlive the pool of their thread.
  static inline thread_local bool ended_ = false;
  Bucket buckets_[kBuckets];
};

}  // namespace unhidra::rego
