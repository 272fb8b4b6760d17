#include "stored_epoch.h"

#include <algorithm>

#include "epoch.h"

namespace unhidra::mls {

namespace {

constexpr SecretBytes EpochSecrets::* kSecrets[] = {
    &EpochSecrets::sender_data_secret,  &EpochSecrets::exporter_secret,
    &EpochSecrets::external_secret,     &EpochSecrets::confirmation_key,
    &EpochSecrets::membership_key,      &EpochSecrets::resumption_psk,
    &EpochSecrets::epoch_authenticator, &EpochSecrets::init_secret};

struct PublicHead {
  std::uint32_t leaves = 0;
  GroupContext context;
  Bytes tag;
};

PublicHead read_head(TlsReader& in) {
  PublicHead out;
  out.leaves = in.u32();
  out.context = GroupContext::read(in);
  out.tag = in.opaque_copy();
  return out;
}

Result<PublicState> build(PublicHead head, const crypto::Provider& provider,
                          const RatchetTree& base, const StoredNodes& nodes) {
  UNHIDRA_TRY(const Suite suite, Suite::of(provider, head.context.cipher_suite));
  UNHIDRA_TRY(RatchetTree tree, base.with_nodes(head.leaves, nodes.leaves, nodes.parents));
  Bytes encoded = encode(head.context);
  PublicState out{suite, std::move(head.context), std::move(encoded), std::move(tree), {}, {}};
  const Digest root = out.tree.root_hash(suite);
  if (!std::ranges::equal(root.view(), out.context.tree_hash)) {
    return damaged_group();
  }
  set_confirmation_tag(out, std::move(head.tag));
  return out;
}

}  // namespace

std::unexpected<Error> damaged_group() {
  return fail(PublicErrc::malformed, "a stored group is damaged");
}

SecretBytes sealed(TlsWriter&& out) {
  Bytes bytes = std::move(out).take();
  SecretBytes secret = SecretBytes::copy_of(bytes);
  wipe(bytes);
  return secret;
}

Status StoredNodes::put(NodeIndex node, ByteView encoding) {
  TlsReader in(encoding);
  if (tree_math::is_leaf(node)) {
    leaves.emplace_back(tree_math::leaf_of(node), LeafNode::read(in));
  } else {
    parents.emplace_back(node, std::make_shared<const ParentNode>(ParentNode::read(in)));
  }
  return in.finish("a stored node");
}

std::optional<SecretBytes> encoded_node(const RatchetTree& tree, NodeIndex node) {
  if (const LeafNode* leaf =
          tree_math::is_leaf(node) ? tree.leaf(tree_math::leaf_of(node)) : nullptr) {
    return SecretBytes::copy_of(leaf->encoding());
  }
  if (const ParentNode* parent = tree.parent(node)) {
    return SecretBytes::copy_of(encode(*parent));
  }
  return std::nullopt;
}

void write_nodes(TlsWriter& out, const RatchetTree& tree, std::span<const NodeIndex> nodes) {
  out.vector([&](TlsWriter& list) {
    for (const NodeIndex node : nodes) {
      const auto encoding = encoded_node(tree, node);
      list.u32(node.value).present(encoding.has_value());
      if (encoding) {
        list.opaque(encoding->expose());
      }
    }
  });
}

void write_public(TlsWriter& out, const PublicState& state) {
  out.u32(state.tree.leaf_count());
  state.context.write(out);
  out.opaque(state.confirmation_tag);
}

Result<PublicState> read_public(TlsReader& in, const crypto::Provider& provider,
                                const RatchetTree& base, const StoredNodes& nodes, LeafIndex self) {
  PublicHead head = read_head(in);
  UNHIDRA_TRY_VOID(in.check("a stored group"));
  UNHIDRA_TRY(PublicState out, build(std::move(head), provider, base, nodes));
  if (out.tree.leaf(self) == nullptr) {
    return damaged_group();
  }
  return out;
}

Result<PublicState> read_public(TlsReader& in, const crypto::Provider& provider,
                                const RatchetTree& base) {
  PublicHead head = read_head(in);
  StoredNodes nodes;
  Status good;
  in.vector([&](TlsReader& item) {
    const NodeIndex node{item.u32()};
    if (item.present()) {
      if (Status put = nodes.put(node, item.opaque()); !put) {
        good = std::move(put);
      }
    } else if (tree_math::is_leaf(node)) {
      nodes.leaves.emplace_back(tree_math::leaf_of(node), nullptr);
    } else {
      nodes.parents.emplace_back(node, nullptr);
    }
  });
  UNHIDRA_TRY_VOID(good);
  UNHIDRA_TRY_VOID(in.check("a stored epoch"));
  return build(std::move(head), provider, base, nodes);
}

void write_secrets(TlsWriter& out, const EpochSecrets& secrets, const PrivateTree& keys) {
  for (const auto member : kSecrets) {
    out.opaque((secrets.*member).expose());
  }
  out.opaque(keys.leaf_key().private_key().expose());
  out.vector([&](TlsWriter& list) {
    for (const auto& [node, key] : keys.node_keys()) {
      list.u32(node).opaque(key.private_key().expose());
    }
  });
}

Result<StoredSecrets> read_secrets(TlsReader& in, const Suite& suite, LeafIndex self) {
  EpochSecrets secrets;
  for (const auto member : kSecrets) {
    secrets.*member = SecretBytes::copy_of(in.opaque());
  }
  UNHIDRA_TRY(HpkeKeyPair leaf_key, HpkeKeyPair::from_private(suite, in.opaque()));
  PrivateTree keys(self, std::move(leaf_key));
  in.vector([&](TlsReader& item) {
    const NodeIndex node{item.u32()};
    if (auto pair = HpkeKeyPair::from_private(suite, item.opaque())) {
      keys.set_key(node, std::move(*pair));
    } else {
      item.set_failed();
    }
  });
  UNHIDRA_TRY_VOID(in.check("stored secrets"));
  return StoredSecrets{std::move(secrets), std::move(keys)};
}

void write_leaves(TlsWriter& out, std::span<const LeafIndex> leaves) {
  out.vector([&](TlsWriter& list) {
    for (const LeafIndex leaf : leaves) {
      list.u32(leaf.value);
    }
  });
}

std::vector<LeafIndex> read_leaves(TlsReader& in) {
  std::vector<LeafIndex> out;
  in.vector([&](TlsReader& item) { out.push_back({item.u32()}); });
  return out;
}

void write_reinit(TlsWriter& out, const std::optional<ReInit>& reinit) {
  out.present(reinit.has_value());
  if (reinit) {
    Proposal{*reinit}.write(out);
  }
}

std::optional<ReInit> read_reinit(TlsReader& in) {
  if (!in.present()) {
    return std::nullopt;
  }
  const Proposal proposal = Proposal::read(in);
  const ReInit* reinit = proposal.as<ReInit>();
  if (reinit == nullptr) {
    in.set_failed();
    return std::nullopt;
  }
  return *reinit;
}

}  // namespace unhidra::mls
