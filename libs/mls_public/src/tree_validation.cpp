#include "unhidra/mls_public/tree_validation.h"

#include <algorithm>

namespace unhidra::mls_public {
namespace {

std::span<const LeafIndex> unmerged_under(const ParentNode& parent, NodeIndex node) {
  const std::uint32_t first = tree_math::first_leaf(node).value;
  const std::uint32_t end = first + tree_math::leaves_under(node);
  const std::span<const LeafIndex> all = parent.unmerged_leaves;
  const auto below = [](std::uint32_t bound) {
    return [bound](LeafIndex leaf) { return leaf.value < bound; };
  };
  const auto from = std::ranges::partition_point(all, below(first));
  const auto to = std::ranges::partition_point(all, below(end));
  return all.subspan(static_cast<std::size_t>(from - all.begin()),
                     static_cast<std::size_t>(to - from));
}

ByteView parent_hash_of(const RatchetTree& tree, NodeIndex node) {
  if (const ParentNode* parent = tree.parent(node)) {
    return parent->parent_hash;
  }
  const LeafNode* leaf = tree.leaf(tree_math::leaf_of(node));
  return leaf->parent_hash();
}

// Does a node under `child` continue the chain to `at` (section 7.9.2)?
bool has_descendant_in_chain(const Suite& suite, RatchetTree& tree, NodeIndex at, NodeIndex child,
                             NodeIndex sibling) {
  const ParentNode& parent = *tree.parent(at);
  const auto unmerged = unmerged_under(parent, child);
  // The resolution is the unmerged leaves and one more node, D.
  const auto resolution = tree.resolution_up_to(child, unmerged.size() + 2);
  if (resolution.size() != unmerged.size() + 1) {
    return false;
  }
  std::optional<NodeIndex> candidate;
  for (const NodeIndex node : resolution) {
    if (!tree_math::is_leaf(node) ||
        !std::ranges::binary_search(unmerged, tree_math::leaf_of(node))) {
      if (candidate) {
        return false;
      }
      candidate = node;
    }
  }
  if (!candidate) {
    return false;
  }
  const Digest sibling_hash = tree.tree_hash_without(suite, sibling, parent.unmerged_leaves);
  const Digest expected =
      parent_hash(suite, parent.encryption_key, parent.parent_hash, sibling_hash.view());
  return std::ranges::equal(parent_hash_of(tree, *candidate), expected.view());
}

Status check_unmerged(const RatchetTree& tree, NodeIndex node, const ParentNode& parent) {
  for (const LeafIndex leaf : parent.unmerged_leaves) {
    if (!tree_math::is_under(leaf, node) || tree.leaf(leaf) == nullptr) {
      return fail(Errc::invalid_tree, "an unmerged leaf is no member below its node");
    }
    for (NodeIndex between = tree_math::parent(tree_math::node_of(leaf)); between != node;
         between = tree_math::parent(between)) {
      const ParentNode* inner = tree.parent(between);
      if (inner != nullptr && !std::ranges::binary_search(inner->unmerged_leaves, leaf)) {
        return fail(Errc::invalid_tree, "an unmerged leaf is merged at a node below");
      }
    }
  }
  return {};
}

template <class F>
Status each_parent(const RatchetTree& tree, F&& check) {
  for (std::uint32_t i = 1; i < tree_math::node_count(tree.leaf_count()); i += 2) {
    if (const ParentNode* parent = tree.parent({i})) {
      UNHIDRA_TRY_VOID(check(NodeIndex{i}, *parent));
    }
  }
  return {};
}

std::unexpected<Error> bad_leaf(std::string message) {
  return fail(Errc::invalid_leaf_node, std::move(message));
}

Status check_source(const LeafNode& leaf, LeafOrigin origin) {
  const auto expects = [origin](LeafOrigin o, LeafNodeSource s, LeafNodeSource is) {
    return origin == o && s != is;
  };
  if (expects(LeafOrigin::key_package, leaf.source(), LeafNodeSource::key_package) ||
      expects(LeafOrigin::update, leaf.source(), LeafNodeSource::update) ||
      expects(LeafOrigin::commit, leaf.source(), LeafNodeSource::commit)) {
    return bad_leaf("leaf_node_source does not fit the place of the leaf");
  }
  return {};
}

Status check_lifetime(const LeafNode& leaf, const ValidationRules& rules) {
  if (leaf.source() != LeafNodeSource::key_package) {
    return {};
  }
  const Lifetime& lifetime = leaf.lifetime();
  if (lifetime.not_after < lifetime.not_before ||
      lifetime.not_after - lifetime.not_before > rules.max_lifetime) {
    return bad_leaf("the lifetime is longer than is accepted");
  }
  if (rules.now && (*rules.now < lifetime.not_before || *rules.now > lifetime.not_after)) {
    return bad_leaf("the lifetime has ended or not begun");
  }
  return {};
}

// Of the cipher suite a KeyPackage speaks itself (section 10), and section 7.3 asks no leaf to list
// it: clients that do not are in groups out there. Nobody may take it back:
// keeps_group_parameters().
Status check_capabilities(const LeafNode& leaf, LeafOrigin origin) {
  // The leaf of a commit is measured by the one that it follows: apply_path() does.
  if (origin != LeafOrigin::commit && !leaf.versions().contains(ProtocolVersion::mls10)) {
    return bad_leaf("the capabilities lack the group's version");
  }
  if (!leaf.supported_credentials().contains(leaf.credential_type())) {
    return bad_leaf("the capabilities lack the leaf's own credential type");
  }
  if (leaf.has_extensions()) {
    const ExtensionList extensions = leaf.extensions();
    for (const Extension& extension : extensions.items()) {
      if (!is_default(extension.type) && !leaf.supported_extensions().contains(extension.type)) {
        return bad_leaf("the capabilities lack an extension of the leaf");
      }
    }
  }
  return {};
}

}  // namespace

Status verify_parent_hashes(const Suite& suite, RatchetTree& tree) {
  return each_parent(tree, [&](NodeIndex node, const ParentNode&) -> Status {
    const NodeIndex left = tree_math::left(node);
    const NodeIndex right = tree_math::right(node);
    const int chains = int{has_descendant_in_chain(suite, tree, node, left, right)} +
                       int{has_descendant_in_chain(suite, tree, node, right, left)};
    if (chains != 1) {
      return fail(Errc::invalid_tree, "a parent node is not parent-hash valid");
    }
    return {};
  });
}

Status verify_tree_structure(const RatchetTree& tree) {
  UNHIDRA_TRY_VOID(each_parent(tree, [&](NodeIndex node, const ParentNode& parent) -> Status {
    if (tree.count_encryption_key(parent.encryption_key) != 1) {
      return fail(Errc::invalid_tree, "an encryption key appears twice");
    }
    return check_unmerged(tree, node, parent);
  }));
  Status out;
  tree.each_member([&](LeafIndex, const LeafNode& leaf) {
    if (out && (tree.count_encryption_key(leaf.encryption_key()) != 1 ||
                tree.count_signature_key(leaf.signature_key()) != 1)) {
      out = fail(Errc::invalid_tree, "two leaves have a key in common");
    }
  });
  return out;
}

bool lists_group_parameters(const Suite& suite, const LeafNode& leaf) {
  return leaf.versions().contains(ProtocolVersion::mls10) &&
         leaf.cipher_suites().contains(suite.id());
}

Status keeps_group_parameters(const Suite& suite, const LeafNode* before, const LeafNode& leaf) {
  const bool kept = before != nullptr ? lists_group_parameters(suite, leaf) ||
                                            !lists_group_parameters(suite, *before)
                                      : leaf.versions().contains(ProtocolVersion::mls10);
  return kept ? Status() : bad_leaf("the capabilities lack the group's version or cipher suite");
}

Status validate_leaf_node(const Suite& suite, const LeafNode& leaf, LeafOrigin origin,
                          const LeafPlace& place, const ValidationRules& rules) {
  UNHIDRA_TRY_VOID(check_source(leaf, origin));
  UNHIDRA_TRY_VOID(suite.check_hpke_key(leaf.encryption_key()));
  UNHIDRA_TRY_VOID(suite.check_signature_key(leaf.signature_key()));
  UNHIDRA_TRY_VOID(check_lifetime(leaf, rules));
  UNHIDRA_TRY_VOID(check_capabilities(leaf, origin));
  UNHIDRA_TRY_VOID(leaf.verify_signature(suite, place));
  if (rules.authentication != nullptr) {
    UNHIDRA_TRY_VOID(rules.authentication->validate(leaf));
  }
  return {};
}

Status validate_key_package(const Suite& suite, const KeyPackage& key_package,
                            const ValidationRules& rules) {
  if (key_package.version != ProtocolVersion::mls10 || key_package.cipher_suite != suite.id()) {
    return fail(Errc::invalid_key_package, "the version or cipher suite is not the group's");
  }
  const LeafNode& leaf = *key_package.leaf_node;
  if (std::ranges::equal(key_package.init_key, leaf.encryption_key())) {
    return fail(Errc::invalid_key_package, "init_key and encryption_key are the same");
  }
  UNHIDRA_TRY_VOID(suite.check_hpke_key(key_package.init_key));
  UNHIDRA_TRY_VOID(validate_leaf_node(suite, leaf, LeafOrigin::key_package, {}, rules));
  return key_package.verify_signature(suite);
}

Status validate_group_extensions(const ExtensionList& extensions, const ValidationRules& rules) {
  UNHIDRA_TRY_VOID(required_capabilities(extensions));
  UNHIDRA_TRY(const auto senders, external_senders(extensions));
  if (senders && rules.authentication != nullptr) {
    for (const ExternalSender& sender : senders->senders) {
      UNHIDRA_TRY_VOID(rules.authentication->validate_external_sender(sender));
    }
  }
  return {};
}

Status validate_members_together(const RatchetTree& tree, const ExtensionList& group_extensions) {
  const std::uint32_t members = tree.member_count();
  for (const CredentialType type : tree.credential_types_in_use()) {
    if (tree.count_supporting(type) != members) {
      return bad_leaf("a credential type in use is not supported by all members");
    }
  }
  for (const Extension& extension : group_extensions.items()) {
    if (!is_default(extension.type) && tree.count_supporting(extension.type) != members) {
      return fail(Errc::unsupported, "a group extension is not supported by all members");
    }
  }
  UNHIDRA_TRY(const auto required, required_capabilities(group_extensions));
  if (!required) {
    return {};
  }
  const auto lacks = [&](auto type) { return tree.count_supporting(type) != members; };
  const auto lacks_default = [&](auto type) { return !is_default(type) && lacks(type); };
  if (std::ranges::any_of(required->extensions, lacks_default) ||
      std::ranges::any_of(required->proposals, lacks_default) ||
      std::ranges::any_of(required->credentials, lacks)) {
    return bad_leaf("a required capability is not supported by all members");
  }
  return {};
}

Status validate_tree(const Suite& suite, RatchetTree& tree, const GroupContext& context,
                     const ValidationRules& rules) {
  if (tree.member_count() == 0 ||
      !std::ranges::equal(tree.root_hash(suite).view(), context.tree_hash)) {
    return fail(Errc::invalid_tree, "the tree hash is not the group's");
  }
  UNHIDRA_TRY_VOID(verify_tree_structure(tree));
  UNHIDRA_TRY_VOID(validate_group_extensions(context.extensions, rules));
  UNHIDRA_TRY_VOID(validate_members_together(tree, context.extensions));
  UNHIDRA_TRY_VOID(verify_parent_hashes(suite, tree));
  Status out;
  tree.each_member([&](LeafIndex index, const LeafNode& leaf) {
    if (out) {
      out = validate_leaf_node(suite, leaf, LeafOrigin::tree, {context.group_id, index}, rules);
    }
  });
  return out;
}

}  // namespace unhidra::mls_public
