#pragma once
// Arithmetic on full binary trees in array order (RFC 9420 appendix C). `leaves` is a power of two.

#include <bit>
#include <optional>

#include "unhidra/mls_public/types.h"

namespace unhidra::mls_public::tree_math {

constexpr unsigned level(NodeIndex x) {
  return static_cast<unsigned>(std::countr_one(x.value));
}
constexpr bool is_leaf(NodeIndex x) {
  return (x.value & 1) == 0;
}
constexpr NodeIndex node_of(LeafIndex leaf) {
  return {leaf.value * 2};
}
constexpr LeafIndex leaf_of(NodeIndex node) {
  return {node.value / 2};
}
constexpr std::uint32_t node_count(std::uint32_t leaves) {
  return leaves == 0 ? 0 : 2 * leaves - 1;
}
constexpr NodeIndex root(std::uint32_t leaves) {
  return {leaves - 1};
}
constexpr NodeIndex left(NodeIndex x) {
  return {x.value ^ (1U << (level(x) - 1))};
}
constexpr NodeIndex right(NodeIndex x) {
  return {x.value ^ (3U << (level(x) - 1))};
}
// Of a node other than the root.
constexpr NodeIndex parent(NodeIndex x) {
  const unsigned k = level(x);
  const std::uint32_t b = (x.value >> (k + 1)) & 1;
  return {(x.value | (1U << k)) ^ (b << (k + 1))};
}
constexpr NodeIndex sibling(NodeIndex x) {
  const NodeIndex p = parent(x);
  return x < p ? right(p) : left(p);
}
// The leaves under a node: [first_leaf, first_leaf + 2^level).
constexpr LeafIndex first_leaf(NodeIndex x) {
  return {(x.value - ((1U << level(x)) - 1)) / 2};
}
constexpr std::uint32_t leaves_under(NodeIndex x) {
  return 1U << level(x);
}
constexpr bool is_under(LeafIndex leaf, NodeIndex ancestor) {
  return leaf.value - first_leaf(ancestor).value < leaves_under(ancestor);
}
constexpr NodeIndex common_ancestor(LeafIndex a, LeafIndex b) {
  const unsigned k = static_cast<unsigned>(std::bit_width(a.value ^ b.value));
  return {((a.value >> k) << (k + 1)) + (1U << k) - 1};
}

}  // namespace unhidra::mls_public::tree_math
