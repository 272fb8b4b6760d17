#pragma once
// The elements of collections in given data by a member of theirs: what a search need not look at.

#include <memory>
#include <unordered_map>
#include <vector>

#include "engine/program.h"

namespace unhidra::rego {

class DataIndex {
 public:
  // Of every collection that one of the searches may be in. What `before` has of the same
  // collections is taken over. `elements`: how many it may look at in all; the rest has no index.
  DataIndex(std::span<const Search> searches, const Value& data, const DataIndex* before,
            std::uint64_t elements);

  // The positions of those that the search can find with the value, in their order. False: it may
  // be any.
  bool find(std::size_t search, const Value& collection, const Value& value,
            std::span<const std::uint32_t>& out) const;

 private:
  struct Hash {
    std::size_t operator()(const Value& value) const { return hash_of(value); }
  };
  using ByValue = std::unordered_map<Value, std::vector<std::uint32_t>, Hash>;
  using Collections = std::unordered_map<const void*, std::shared_ptr<const ByValue>>;

  void walk(std::size_t search, const Search& what, const Value& at, std::size_t index);
  void add(std::size_t search, const Search& what, const Value& collection);

  std::vector<Collections> by_search_;
  const DataIndex* before_ = nullptr;  // while it is made
  std::uint64_t elements_ = 0;         // that may still be looked at
};

}  // namespace unhidra::rego
