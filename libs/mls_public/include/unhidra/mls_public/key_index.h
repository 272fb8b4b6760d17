#pragma once
// Which nodes of a tree have which key, so that uniqueness (RFC 9420 sections 7.3 and 12.4.2) is
// asked without a walk over the tree. An open-addressed table over the tree's own keys; it holds
// no key itself and is copied like the tree.

#include "unhidra/mls_public/cow_array.h"
#include "unhidra/mls_public/types.h"

namespace unhidra::mls_public {

class KeyIndex {
 public:
  enum class Kind : std::uint8_t { encryption, signature };
  void insert(Kind kind, ByteView key, NodeIndex node);
  void erase(Kind kind, ByteView key, NodeIndex node);
  // Calls back with the node of each entry that may have the key; the caller compares.
  template <class F>
  void each_candidate(Kind kind, ByteView key, F&& f) const {
    if (slots_.size() == 0) {
      return;
    }
    const std::uint64_t hash = hash_of(kind, key);
    for (std::size_t i = home(hash); slots_[i].mark != 0; i = (i + 1) & (slots_.size() - 1)) {
      if (slots_[i].mark == mark_of(kind, hash)) {
        f(NodeIndex{slots_[i].node});
      }
    }
  }

 private:
  struct Stored {
    std::uint32_t node = 0;
    std::uint32_t mark = 0;  // 0: free; else kind and part of the key's hash
    std::uint32_t home = 0;  // the hash's low bits
  };
  static std::uint64_t hash_of(Kind kind, ByteView key);
  static std::uint32_t mark_of(Kind kind, std::uint64_t hash) {
    return (static_cast<std::uint32_t>(hash >> 32) | 3U) ^ static_cast<std::uint32_t>(kind);
  }
  std::size_t home(std::uint64_t hash) const {
    return static_cast<std::uint32_t>(hash) & (slots_.size() - 1);
  }
  void place(Stored stored);
  void grow();

  CowArray<Stored> slots_;
  std::size_t used_ = 0;
};

}  // namespace unhidra::mls_public
