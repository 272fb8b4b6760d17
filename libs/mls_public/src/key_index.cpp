#include "unhidra/mls_public/key_index.h"

namespace unhidra::mls_public {

// FNV-1a with a final mix. Members choose their keys and could make them collide; what they gain
// is a walk like the one that this table saves.
std::uint64_t KeyIndex::hash_of(Kind kind, ByteView key) {
  std::uint64_t hash = 0xcbf29ce484222325ULL ^ static_cast<std::uint64_t>(kind);
  for (const Byte byte : key) {
    hash = (hash ^ byte) * 0x100000001b3ULL;
  }
  hash ^= hash >> 29;
  hash *= 0xbf58476d1ce4e5b9ULL;
  return hash ^ (hash >> 32);
}

void KeyIndex::place(Stored stored) {
  std::size_t i = stored.home & (slots_.size() - 1);
  while (slots_[i].mark != 0) {
    i = (i + 1) & (slots_.size() - 1);
  }
  slots_.edit(i) = stored;
}

void KeyIndex::grow() {
  CowArray<Stored> old = slots_;
  slots_ = {};
  slots_.resize(old.size() == 0 ? 32 : 2 * old.size());
  for (std::size_t i = 0; i < old.size(); ++i) {
    if (old[i].mark != 0) {
      place(old[i]);
    }
  }
}

void KeyIndex::insert(Kind kind, ByteView key, NodeIndex node) {
  if (2 * (used_ + 1) > slots_.size()) {
    grow();
  }
  const std::uint64_t hash = hash_of(kind, key);
  place({node.value, mark_of(kind, hash), static_cast<std::uint32_t>(hash)});
  ++used_;
}

void KeyIndex::erase(Kind kind, ByteView key, NodeIndex node) {
  if (slots_.size() == 0) {
    return;
  }
  const std::size_t mask = slots_.size() - 1;
  const std::uint64_t hash = hash_of(kind, key);
  std::size_t hole = home(hash);
  while (slots_[hole].mark != mark_of(kind, hash) || slots_[hole].node != node.value) {
    if (slots_[hole].mark == 0) {
      return;
    }
    hole = (hole + 1) & mask;
  }
  // Linear probing without tombstones: what could not stay at home moves into the hole.
  for (std::size_t i = (hole + 1) & mask; slots_[i].mark != 0; i = (i + 1) & mask) {
    const std::size_t wanted = slots_[i].home & mask;
    if (((i - wanted) & mask) >= ((i - hole) & mask)) {
      slots_.edit(hole) = Stored(slots_[i]);
      hole = i;
    }
  }
  slots_.edit(hole) = Stored{};
  --used_;
}

}  // namespace unhidra::mls_public
