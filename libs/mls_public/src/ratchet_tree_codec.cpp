// The ratchet_tree extension, tree hashes, and the counts of capabilities.
#include <algorithm>

#include "unhidra/mls_public/ratchet_tree.h"

namespace unhidra::mls_public {
namespace {

enum class NodeType : std::uint8_t { leaf = 1, parent = 2 };

// Code points of four registries in one sorted list.
enum class Registry : std::uint32_t {
  extensions = 0,
  proposals = 0x10000,
  credentials = 0x20000,
  credentials_in_use = 0x30000,
};
std::uint32_t key_of(Registry registry, std::uint16_t type) {
  return static_cast<std::uint32_t>(registry) | type;
}

using Counts = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

std::uint32_t count_of(const Counts* counts, std::uint32_t key) {
  if (counts == nullptr) {
    return 0;
  }
  const auto found = std::ranges::lower_bound(*counts, key, {}, &Counts::value_type::first);
  return found != counts->end() && found->first == key ? found->second : 0;
}

void change(Counts& counts, std::uint32_t key, std::int32_t by) {
  const auto found = std::ranges::lower_bound(counts, key, {}, &Counts::value_type::first);
  if (found == counts.end() || found->first != key) {
    counts.insert(found, {key, 1});
  } else if (found->second += static_cast<std::uint32_t>(by); found->second == 0) {
    counts.erase(found);
  }
}

// Each type once, however often a leaf repeats it.
void change_all(Counts& counts, Registry registry, TypeList list, std::int32_t by) {
  std::vector<std::uint16_t> types;
  for (std::size_t i = 0; i < list.size(); ++i) {
    types.push_back(list[i]);
  }
  std::ranges::sort(types);
  const auto repeated = std::ranges::unique(types);
  types.erase(repeated.begin(), repeated.end());
  for (const std::uint16_t type : types) {
    change(counts, key_of(registry, type), by);
  }
}

}  // namespace

void RatchetTree::count_capabilities(const LeafNode& leaf, std::int32_t by) {
  if (!supported_ || supported_.use_count() != 1) {
    supported_ = supported_ ? std::make_shared<Counts>(*supported_) : std::make_shared<Counts>();
  }
  Counts& counts = const_cast<Counts&>(*supported_);  // no other tree shares it now
  change_all(counts, Registry::extensions, leaf.supported_extensions(), by);
  change_all(counts, Registry::proposals, leaf.supported_proposals(), by);
  change_all(counts, Registry::credentials, leaf.supported_credentials(), by);
  change(counts,
         key_of(Registry::credentials_in_use, static_cast<std::uint16_t>(leaf.credential_type())),
         by);
}

std::uint32_t RatchetTree::count_supporting(ExtensionType type) const {
  return count_of(supported_.get(), key_of(Registry::extensions, static_cast<std::uint16_t>(type)));
}
std::uint32_t RatchetTree::count_supporting(ProposalType type) const {
  return count_of(supported_.get(), key_of(Registry::proposals, static_cast<std::uint16_t>(type)));
}
std::uint32_t RatchetTree::count_supporting(CredentialType type) const {
  return count_of(supported_.get(),
                  key_of(Registry::credentials, static_cast<std::uint16_t>(type)));
}

std::vector<CredentialType> RatchetTree::credential_types_in_use() const {
  std::vector<CredentialType> out;
  if (supported_) {
    for (const auto& [key, count] : *supported_) {
      if (key >= static_cast<std::uint32_t>(Registry::credentials_in_use)) {
        out.push_back(static_cast<CredentialType>(key & 0xffff));
      }
    }
  }
  return out;
}

Result<RatchetTree> RatchetTree::parse(ByteView encoding) {
  TlsReader in(encoding);
  std::vector<std::pair<LeafIndex, LeafNodePtr>> leaves;
  std::vector<std::pair<NodeIndex, ParentNodePtr>> parents;
  std::uint32_t nodes = 0;
  bool last_present = false;
  in.vector([&](TlsReader& item) {
    const NodeIndex here{nodes++};
    last_present = item.present();
    if (!last_present) {
      return;
    }
    const auto type = static_cast<NodeType>(item.u8());
    if (type == NodeType::leaf && tree_math::is_leaf(here)) {
      leaves.emplace_back(tree_math::leaf_of(here), LeafNode::read(item));
    } else if (type == NodeType::parent && !tree_math::is_leaf(here)) {
      parents.emplace_back(here, std::make_shared<const ParentNode>(ParentNode::read(item)));
    } else {
      item.set_failed();
    }
  });
  UNHIDRA_TRY_VOID(in.finish("a ratchet tree"));
  if (!last_present) {
    return fail(Errc::invalid_tree, "the last node of a ratchet tree is blank");
  }
  return from_nodes(std::bit_ceil(nodes / 2 + 1), leaves, parents);
}

void RatchetTree::write(TlsWriter& out) const {
  std::uint32_t last = 0;
  for (std::uint32_t i = tree_math::node_count(leaf_count()); i-- > 0;) {
    if (!is_blank({i})) {
      last = i + 1;
      break;
    }
  }
  out.vector([&](TlsWriter& list) {
    for (std::uint32_t i = 0; i < last; ++i) {
      const NodeIndex node{i};
      list.present(!is_blank(node));
      if (const LeafNode* member =
              tree_math::is_leaf(node) ? leaf(tree_math::leaf_of(node)) : nullptr) {
        list.u8(static_cast<std::uint8_t>(NodeType::leaf));
        member->write(list);
      } else if (const ParentNode* inner = parent(node)) {
        list.u8(static_cast<std::uint8_t>(NodeType::parent));
        inner->write(list);
      }
    }
  });
}

namespace {

Digest hash_leaf(const Suite& suite, LeafIndex index, const LeafNode* leaf) {
  TlsWriter head(8);
  head.u8(static_cast<std::uint8_t>(NodeType::leaf)).u32(index.value).present(leaf != nullptr);
  return suite.hash({head.view(), leaf != nullptr ? leaf->encoding() : ByteView()});
}

}  // namespace

Digest RatchetTree::hash_parent(const Suite& suite, const ParentNode* parent, ByteView left,
                                ByteView right) const {
  TlsWriter input(3 * crypto::kMaxHashSize + 128);
  input.u8(static_cast<std::uint8_t>(NodeType::parent)).present(parent != nullptr);
  if (parent != nullptr) {
    parent->write(input);
  }
  input.opaque(left).opaque(right);
  return suite.hash({input.view()});
}

Digest RatchetTree::tree_hash(const Suite& suite, NodeIndex node) {
  if (hashes_[node.value].empty()) {
    Digest made;
    if (tree_math::is_leaf(node)) {
      const LeafIndex index = tree_math::leaf_of(node);
      made = hash_leaf(suite, index, leaf(index));
    } else {
      const Digest left = tree_hash(suite, tree_math::left(node));
      const Digest right = tree_hash(suite, tree_math::right(node));
      made = hash_parent(suite, parent(node), left.view(), right.view());
    }
    hashes_.edit(node.value) = made;
  }
  return hashes_[node.value];
}

Digest RatchetTree::tree_hash_without(const Suite& suite, NodeIndex node,
                                      std::span<const LeafIndex> removed) {
  const LeafIndex first = tree_math::first_leaf(node);
  const std::uint32_t end = first.value + tree_math::leaves_under(node);
  const auto from = std::ranges::partition_point(
      removed, [&](LeafIndex leaf) { return leaf.value < first.value; });
  const auto to =
      std::ranges::partition_point(removed, [&](LeafIndex leaf) { return leaf.value < end; });
  const auto inside = removed.subspan(static_cast<std::size_t>(from - removed.begin()),
                                      static_cast<std::size_t>(to - from));
  if (inside.empty()) {
    return tree_hash(suite, node);
  }
  if (tree_math::is_leaf(node)) {
    return hash_leaf(suite, first, nullptr);
  }
  const Digest left = tree_hash_without(suite, tree_math::left(node), inside);
  const Digest right = tree_hash_without(suite, tree_math::right(node), inside);
  const ParentNode* inner = parent(node);
  if (inner == nullptr) {
    return hash_parent(suite, nullptr, left.view(), right.view());
  }
  ParentNode reduced = *inner;
  std::erase_if(reduced.unmerged_leaves,
                [&](LeafIndex leaf) { return std::ranges::binary_search(inside, leaf); });
  return hash_parent(suite, &reduced, left.view(), right.view());
}

}  // namespace unhidra::mls_public
