#pragma once
// An array whose copies share everything but the chunks that are changed afterwards. A tree of
// 10,000 members is copied for the price of a few hundred counters, and dropping the copy undoes
// every change.

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "unhidra/base/bytes.h"

namespace unhidra::mls_public {

template <class T>
class CowArray {
 public:
  static constexpr std::size_t kChunk = 32;

  std::size_t size() const { return size_; }
  const T& operator[](std::size_t i) const { return (*chunks_[i / kChunk])[i % kChunk]; }
  // For writing: separates the chunk from the other copies.
  T& edit(std::size_t i) {
    auto& chunk = chunks_[i / kChunk];
    if (chunk.use_count() != 1) {
      chunk = std::make_shared<Chunk>(*chunk);
    }
    return (*chunk)[i % kChunk];
  }
  void resize(std::size_t size) {
    for (std::size_t i = size; i < std::min(size_, chunks_.size() * kChunk); ++i) {
      if (i / kChunk * kChunk >= size) {
        break;  // whole chunks go below
      }
      edit(i) = T{};
    }
    const std::size_t chunks = (size + kChunk - 1) / kChunk;
    if (chunks > chunks_.size()) {
      chunks_.resize(chunks, std::make_shared<Chunk>());  // one for all, until they are written
    }
    chunks_.resize(chunks);
    size_ = size;
  }
  // Calls back with each index whose element may differ between the two.
  template <class F>
  static void each_difference(const CowArray& a, const CowArray& b, F&& f) {
    const std::size_t size = std::max(a.size_, b.size_);
    for (std::size_t start = 0; start < size; start += kChunk) {
      const std::size_t c = start / kChunk;
      if (c < a.chunks_.size() && c < b.chunks_.size() && a.chunks_[c] == b.chunks_[c]) {
        continue;
      }
      for (std::size_t i = start; i < std::min(start + kChunk, size); ++i) {
        f(i);
      }
    }
  }

 private:
  using Chunk = std::array<T, kChunk>;
  std::vector<std::shared_ptr<Chunk>> chunks_;
  std::size_t size_ = 0;
};

}  // namespace unhidra::mls_public
