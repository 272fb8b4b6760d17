#include "unhidra/mls_public/ratchet_tree.h"

#include <algorithm>

namespace unhidra::mls_public {

using tree_math::node_of;

ParentNode ParentNode::read(TlsReader& in) {
  ParentNode out;
  out.encryption_key = in.opaque_copy();
  out.parent_hash = in.opaque_copy();
  in.vector([&](TlsReader& item) { out.unmerged_leaves.push_back({item.u32()}); });
  // Section 7.1: ascending; a leaf twice would be no set.
  if (std::ranges::adjacent_find(out.unmerged_leaves, std::ranges::greater_equal{}) !=
      out.unmerged_leaves.end()) {
    in.set_failed();
  }
  return out;
}

void ParentNode::write(TlsWriter& out) const {
  out.opaque(encryption_key).opaque(parent_hash).length(4 * unmerged_leaves.size());
  for (const LeafIndex leaf : unmerged_leaves) {
    out.u32(leaf.value);
  }
}

const LeafNode* RatchetTree::leaf(LeafIndex index) const {
  return index.value < leaf_count() ? leaves_[index.value].get() : nullptr;
}

LeafNodePtr RatchetTree::leaf_ptr(LeafIndex index) const {
  return index.value < leaf_count() ? leaves_[index.value] : nullptr;
}

const ParentNode* RatchetTree::parent(NodeIndex node) const {
  return !tree_math::is_leaf(node) && node.value / 2 < parents_.size()
             ? parents_[node.value / 2].get()
             : nullptr;
}

bool RatchetTree::is_blank(NodeIndex node) const {
  return tree_math::is_leaf(node) ? leaf(tree_math::leaf_of(node)) == nullptr
                                  : parent(node) == nullptr;
}

ByteView RatchetTree::encryption_key(NodeIndex node) const {
  return tree_math::is_leaf(node) ? leaf(tree_math::leaf_of(node))->encryption_key()
                                  : ByteView(parent(node)->encryption_key);
}

void RatchetTree::resize(std::uint32_t leaves) {
  const std::uint32_t old = leaf_count();
  leaves_.resize(leaves);
  parents_.resize(leaves == 0 ? 0 : leaves - 1);
  hashes_.resize(tree_math::node_count(leaves));
  first_blank_hint_ = std::min(first_blank_hint_, std::min(old, leaves));
}

void RatchetTree::touch(NodeIndex node) {
  hashes_.edit(node.value) = Digest();
  while (node != root()) {
    node = tree_math::parent(node);
    if (hashes_[node.value].empty()) {
      break;  // what is above was touched before
    }
    hashes_.edit(node.value) = Digest();
  }
}

void RatchetTree::put_leaf(LeafIndex index, LeafNodePtr leaf) {
  LeafNodePtr& place = leaves_.edit(index.value);
  const NodeIndex node = node_of(index);
  if (place) {
    keys_.erase(KeyIndex::Kind::encryption, place->encryption_key(), node);
    keys_.erase(KeyIndex::Kind::signature, place->signature_key(), node);
    count_capabilities(*place, -1);
    --members_;
  }
  place = std::move(leaf);
  if (place) {
    keys_.insert(KeyIndex::Kind::encryption, place->encryption_key(), node);
    keys_.insert(KeyIndex::Kind::signature, place->signature_key(), node);
    count_capabilities(*place, 1);
    ++members_;
  } else {
    first_blank_hint_ = std::min(first_blank_hint_, index.value);
  }
  touch(node);
}

void RatchetTree::put_parent(NodeIndex node, ParentNodePtr parent) {
  ParentNodePtr& place = parents_.edit(node.value / 2);
  if (place) {
    keys_.erase(KeyIndex::Kind::encryption, place->encryption_key, node);
  }
  place = std::move(parent);
  if (place) {
    keys_.insert(KeyIndex::Kind::encryption, place->encryption_key, node);
  }
  touch(node);
}

void RatchetTree::blank_direct_path(LeafIndex leaf) {
  for (NodeIndex node = node_of(leaf); node != root();) {
    node = tree_math::parent(node);
    if (parents_[node.value / 2]) {
      put_parent(node, nullptr);
    }
  }
}

LeafIndex RatchetTree::first_blank_leaf() const {
  while (first_blank_hint_ < leaf_count() && leaves_[first_blank_hint_]) {
    ++first_blank_hint_;
  }
  return {first_blank_hint_};
}

LeafIndex RatchetTree::add(LeafNodePtr leaf) {
  const LeafIndex index = first_blank_leaf();
  if (index.value == leaf_count()) {
    resize(leaf_count() == 0 ? 1 : 2 * leaf_count());
  }
  put_leaf(index, std::move(leaf));
  for (NodeIndex node = node_of(index); node != root();) {
    node = tree_math::parent(node);
    if (const ParentNodePtr& old = parents_[node.value / 2]) {
      auto changed = std::make_shared<ParentNode>(*old);
      auto& unmerged = changed->unmerged_leaves;
      unmerged.insert(std::ranges::lower_bound(unmerged, index), index);
      // The key stays, so that the index of keys need not know.
      parents_.edit(node.value / 2) = std::move(changed);
      touch(node);
    }
  }
  return index;
}

void RatchetTree::update(LeafIndex index, LeafNodePtr leaf) {
  put_leaf(index, std::move(leaf));
  blank_direct_path(index);
}

void RatchetTree::remove(LeafIndex index) {
  put_leaf(index, nullptr);
  blank_direct_path(index);
}

void RatchetTree::truncate() {
  std::uint32_t leaves = leaf_count();
  while (leaves > 1) {
    bool empty = true;
    for (std::uint32_t i = leaves; empty && i > leaves / 2; --i) {
      empty = leaves_[i - 1] == nullptr;
    }
    if (!empty) {
      break;
    }
    // The parents of an empty half were blanked with its leaves; the old root goes too.
    for (std::uint32_t p = leaves / 2 - 1; p < leaves - 1; ++p) {
      if (parents_[p]) {
        put_parent({2 * p + 1}, nullptr);
      }
    }
    leaves /= 2;
    resize(leaves);
  }
}

void RatchetTree::set_leaf(LeafIndex index, LeafNodePtr leaf) {
  put_leaf(index, std::move(leaf));
}

Digest parent_hash(const Suite& suite, ByteView encryption_key, ByteView parent_hash_above,
                   ByteView original_sibling_tree_hash) {
  TlsWriter input(encryption_key.size() + 2 * crypto::kMaxHashSize + 8);
  input.opaque(encryption_key).opaque(parent_hash_above).opaque(original_sibling_tree_hash);
  return suite.hash({input.view()});
}

Digest RatchetTree::set_path(const Suite& suite, LeafIndex sender, std::span<const PathStep> steps,
                             std::span<const ByteView> keys) {
  blank_direct_path(sender);
  Digest above;  // the root's own parent hash is empty
  for (std::size_t i = steps.size(); i-- > 0;) {
    auto node = std::make_shared<ParentNode>();
    node->encryption_key = to_bytes(keys[i]);
    node->parent_hash = above.copy();
    above = parent_hash(suite, keys[i], above.view(), tree_hash(suite, steps[i].copath).view());
    put_parent(steps[i].node, std::move(node));
  }
  return above;
}

bool RatchetTree::is_empty(NodeIndex node) const {
  return !visit_resolution(node, [](NodeIndex) { return true; });
}

std::vector<PathStep> RatchetTree::filtered_direct_path(LeafIndex leaf) const {
  std::vector<PathStep> out;
  for (NodeIndex node = node_of(leaf); node != root();) {
    const NodeIndex copath = tree_math::sibling(node);
    node = tree_math::parent(node);
    if (!is_empty(copath)) {
      out.push_back({node, copath});
    }
  }
  return out;
}

// Depth first; `visit` answers whether to stop.
template <class Visit>
bool RatchetTree::visit_resolution(NodeIndex node, Visit&& visit) const {
  if (tree_math::is_leaf(node)) {
    return leaves_[node.value / 2] != nullptr && visit(node);
  }
  if (const ParentNodePtr& here = parents_[node.value / 2]) {
    return visit(node) || std::ranges::any_of(here->unmerged_leaves, [&](LeafIndex unmerged) {
             return visit(node_of(unmerged));
           });
  }
  return visit_resolution(tree_math::left(node), visit) ||
         visit_resolution(tree_math::right(node), visit);
}

std::vector<NodeIndex> RatchetTree::resolution(NodeIndex node,
                                               std::span<const LeafIndex> excluded) const {
  std::vector<NodeIndex> out;
  visit_resolution(node, [&](NodeIndex found) {
    if (!tree_math::is_leaf(found) ||
        !std::ranges::binary_search(excluded, tree_math::leaf_of(found))) {
      out.push_back(found);
    }
    return false;
  });
  return out;
}

std::vector<NodeIndex> RatchetTree::resolution_up_to(NodeIndex node, std::size_t limit) const {
  std::vector<NodeIndex> out;
  visit_resolution(node, [&](NodeIndex found) {
    out.push_back(found);
    return out.size() >= limit;
  });
  return out;
}

std::size_t RatchetTree::count_key(KeyIndex::Kind kind, ByteView key) const {
  std::size_t count = 0;
  keys_.each_candidate(kind, key, [&](NodeIndex node) {
    const ByteView found = kind == KeyIndex::Kind::signature
                               ? leaf(tree_math::leaf_of(node))->signature_key()
                               : encryption_key(node);
    count += std::ranges::equal(found, key) ? 1 : 0;
  });
  return count;
}

std::size_t RatchetTree::count_encryption_key(ByteView key) const {
  return count_key(KeyIndex::Kind::encryption, key);
}
std::size_t RatchetTree::count_signature_key(ByteView key) const {
  return count_key(KeyIndex::Kind::signature, key);
}

std::optional<LeafIndex> RatchetTree::find_signature_key(ByteView key) const {
  std::optional<LeafIndex> out;
  keys_.each_candidate(KeyIndex::Kind::signature, key, [&](NodeIndex node) {
    const LeafIndex index = tree_math::leaf_of(node);
    if (std::ranges::equal(leaf(index)->signature_key(), key)) {
      out = index;
    }
  });
  return out;
}

std::vector<NodeIndex> RatchetTree::differences(const RatchetTree& a, const RatchetTree& b) {
  std::vector<NodeIndex> out;
  CowArray<LeafNodePtr>::each_difference(a.leaves_, b.leaves_, [&](std::size_t i) {
    const LeafIndex index{static_cast<std::uint32_t>(i)};
    if (a.leaf(index) != b.leaf(index)) {
      out.push_back(node_of(index));
    }
  });
  CowArray<ParentNodePtr>::each_difference(a.parents_, b.parents_, [&](std::size_t i) {
    const NodeIndex node{static_cast<std::uint32_t>(2 * i + 1)};
    if (a.parent(node) != b.parent(node)) {
      out.push_back(node);
    }
  });
  return out;
}

Result<RatchetTree> RatchetTree::from_nodes(
    std::uint32_t leaves, std::span<const std::pair<LeafIndex, LeafNodePtr>> leaf_nodes,
    std::span<const std::pair<NodeIndex, ParentNodePtr>> parents) {
  return RatchetTree().with_nodes(leaves, leaf_nodes, parents);
}

Result<RatchetTree> RatchetTree::with_nodes(
    std::uint32_t leaves, std::span<const std::pair<LeafIndex, LeafNodePtr>> leaf_nodes,
    std::span<const std::pair<NodeIndex, ParentNodePtr>> parents) const {
  if (!std::has_single_bit(leaves) || leaves > kMaxLeaves) {
    return fail(Errc::invalid_tree, "no ratchet tree that is taken has this number of leaves");
  }
  RatchetTree out = *this;
  if (leaves > leaf_count()) {
    out.resize(leaves);
  }
  for (const auto& [index, leaf] : leaf_nodes) {
    if (index.value >= out.leaf_count() || (leaf && index.value >= leaves)) {
      return fail(Errc::invalid_tree, "a leaf outside the tree");
    }
    out.put_leaf(index, leaf);
  }
  for (const auto& [node, parent] : parents) {
    if (tree_math::is_leaf(node) || node.value / 2 >= out.parents_.size() ||
        (parent && node.value / 2 >= leaves - 1)) {
      return fail(Errc::invalid_tree, "a parent node outside the tree");
    }
    out.put_parent(node, parent);
  }
  if (leaves < out.leaf_count()) {
    for (std::uint32_t i = leaves; i < out.leaf_count(); ++i) {
      if (out.leaves_[i] || out.parents_[i - 1]) {
        return fail(Errc::invalid_tree, "a tree that is cut has nodes beyond its end");
      }
    }
    out.resize(leaves);
  }
  return out;
}

}  // namespace unhidra::mls_public
