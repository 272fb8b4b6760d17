// A group as small records. The tree is a record a node, so that a commit writes what it changed.
#include <algorithm>

#include "unhidra/mls/group.h"

#include "epoch.h"

namespace unhidra::mls {

using PublicErrc = mls_public::Errc;

namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::string_view kState = "state";
constexpr std::string_view kMessages = "messages";

Bytes node_key(NodeIndex node) {
  TlsWriter out;
  out.raw(as_bytes("n")).u32(node.value);
  return std::move(out).take();
}

SecretBytes sealed(TlsWriter&& out) {
  Bytes bytes = std::move(out).take();
  SecretBytes secret = SecretBytes::copy_of(bytes);
  wipe(bytes);
  return secret;
}

constexpr SecretBytes EpochSecrets::* kSecrets[] = {
    &EpochSecrets::sender_data_secret,  &EpochSecrets::exporter_secret,
    &EpochSecrets::external_secret,     &EpochSecrets::confirmation_key,
    &EpochSecrets::membership_key,      &EpochSecrets::resumption_psk,
    &EpochSecrets::epoch_authenticator, &EpochSecrets::init_secret};

std::unexpected<Error> damaged() {
  return fail(PublicErrc::malformed, "a stored group is damaged");
}

}  // namespace

void SecretTree::write(TlsWriter& out) const {
  out.u32(leaves_);
  out.vector([&](TlsWriter& list) {
    for (const auto& [node, secret] : nodes_) {
      list.u32(node).opaque(secret.expose());
    }
  });
  out.vector([&](TlsWriter& list) {
    for (const auto& [place, ratchet] : ratchets_) {
      list.u32(place.first).u8(static_cast<std::uint8_t>(place.second));
      ratchet.write(list);
    }
  });
}

SecretTree SecretTree::read(TlsReader& in) {
  SecretTree out;
  out.leaves_ = in.u32();
  in.vector([&](TlsReader& item) {
    const std::uint32_t node = item.u32();
    out.nodes_.emplace(node, SecretBytes::copy_of(item.opaque()));
  });
  in.vector([&](TlsReader& item) {
    const std::uint32_t leaf = item.u32();
    const auto kind = static_cast<RatchetKind>(item.u8());
    out.ratchets_.emplace(std::pair{leaf, kind}, Ratchet::read(item));
  });
  return out;
}

SecretBytes Group::state_record() const {
  TlsWriter out(4096);
  out.u8(kFormat).u32(epoch_.pub.tree.leaf_count()).u32(self().value);
  epoch_.pub.context.write(out);
  out.opaque(epoch_.pub.confirmation_tag).opaque(signer_.private_key().expose());
  for (const auto member : kSecrets) {
    out.opaque((epoch_.secrets.*member).expose());
  }
  out.opaque(epoch_.keys.leaf_key().private_key().expose());
  out.vector([&](TlsWriter& list) {
    for (const auto& [node, key] : epoch_.keys.node_keys()) {
      list.u32(node).opaque(key.private_key().expose());
    }
  });
  out.vector([&](TlsWriter& list) {
    for (const auto& [name, key] : own_updates_) {
      list.opaque(key.private_key().expose());
    }
  });
  out.vector([&](TlsWriter& list) {
    for (const QueuedProposal& item : proposals_.items()) {
      item.proposal->write(list);
      item.sender.write(list);
      list.opaque(item.reference);
    }
  });
  out.vector([&](TlsWriter& list) {
    for (const Resumption& kept : resumption_) {
      list.u64(kept.epoch).opaque(kept.psk.expose());
    }
  });
  out.present(removed_).present(reinit_.has_value());
  if (reinit_) {
    Proposal{*reinit_}.write(out);
  }
  return sealed(std::move(out));
}

std::vector<Record> Group::node_records(std::span<const NodeIndex> nodes) const {
  std::vector<Record> out;
  for (const NodeIndex node : nodes) {
    const RatchetTree& tree = epoch_.pub.tree;
    std::optional<SecretBytes> value;
    if (const LeafNode* leaf =
            tree_math::is_leaf(node) ? tree.leaf(tree_math::leaf_of(node)) : nullptr) {
      value = SecretBytes::copy_of(leaf->encoding());
    } else if (const ParentNode* parent = tree.parent(node)) {
      value = SecretBytes::copy_of(encode(*parent));
    }
    out.push_back({node_key(node), std::move(value)});
  }
  return out;
}

std::vector<Record> Group::take_changes() {
  const auto nodes = RatchetTree::differences(stored_tree_, epoch_.pub.tree);
  std::vector<Record> out = node_records(nodes);
  TlsWriter messages;
  epoch_.messages.write(messages);
  out.push_back({to_bytes(kMessages), sealed(std::move(messages))});
  out.push_back({to_bytes(kState), state_record()});
  stored_tree_ = epoch_.pub.tree;
  return out;
}

Result<Group> Group::restore(const crypto::Provider& provider, std::span<const Record> records) {
  const SecretBytes* state = nullptr;
  const SecretBytes* stored_messages = nullptr;
  std::vector<std::pair<LeafIndex, LeafNodePtr>> leaves;
  std::vector<std::pair<NodeIndex, ParentNodePtr>> parents;
  for (const Record& record : records) {
    if (!record.value) {
      continue;
    }
    TlsReader key(record.key);
    if (as_text(record.key) == kState) {
      state = &*record.value;
    } else if (as_text(record.key) == kMessages) {
      stored_messages = &*record.value;
    } else if (key.u8() == 'n') {
      const NodeIndex node{key.u32()};
      TlsReader in(record.value->expose());
      if (tree_math::is_leaf(node)) {
        leaves.emplace_back(tree_math::leaf_of(node), LeafNode::read(in));
      } else {
        parents.emplace_back(node, std::make_shared<const ParentNode>(ParentNode::read(in)));
      }
      UNHIDRA_TRY_VOID(in.finish("a stored node"));
      UNHIDRA_TRY_VOID(key.finish("a stored node's name"));
    }
  }
  if (state == nullptr || stored_messages == nullptr) {
    return damaged();
  }
  TlsReader in(state->expose());
  if (in.u8() != kFormat) {
    return fail(PublicErrc::unsupported, "a stored group of another format");
  }
  const std::uint32_t leaf_count = in.u32();
  const LeafIndex self{in.u32()};
  GroupContext context = GroupContext::read(in);
  Bytes tag = in.opaque_copy();
  const ByteView signer_key = in.opaque();
  UNHIDRA_TRY_VOID(in.check("a stored group"));
  UNHIDRA_TRY(const Suite suite, Suite::of(provider, context.cipher_suite));
  UNHIDRA_TRY(SignatureKeyPair signer, SignatureKeyPair::from_private(suite, signer_key));
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
  UNHIDRA_TRY(RatchetTree tree, RatchetTree::from_nodes(leaf_count, leaves, parents));
  Bytes encoded = encode(context);
  PublicState pub{suite, std::move(context), std::move(encoded), std::move(tree), {}, {}};
  const Digest root = pub.tree.root_hash(suite);
  if (!std::ranges::equal(root.view(), pub.context.tree_hash) || pub.tree.leaf(self) == nullptr) {
    return damaged();
  }
  set_confirmation_tag(pub, std::move(tag));
  TlsReader message_reader(stored_messages->expose());
  SecretTree messages = SecretTree::read(message_reader);
  UNHIDRA_TRY_VOID(message_reader.finish("stored message keys"));
  Group out({std::move(pub), std::move(secrets), std::move(messages), std::move(keys)},
            std::move(signer));
  UNHIDRA_TRY_VOID(out.read_rest(in));
  out.stored_tree_ = out.epoch_.pub.tree;
  return out;
}

Status Group::read_rest(TlsReader& in) {
  const Suite& suite = epoch_.pub.suite;
  in.vector([&](TlsReader& item) {
    if (auto pair = HpkeKeyPair::from_private(suite, item.opaque())) {
      Bytes name = pair->public_key();
      own_updates_.emplace(std::move(name), std::move(*pair));
    } else {
      item.set_failed();
    }
  });
  in.vector([&](TlsReader& item) {
    auto proposal = std::make_shared<const Proposal>(Proposal::read(item));
    const Sender sender = Sender::read(item);
    if (!proposals_.add({std::move(proposal), sender, item.opaque_copy()})) {
      item.set_failed();
    }
  });
  in.vector([&](TlsReader& item) {
    const std::uint64_t epoch = item.u64();
    resumption_.push_back({epoch, SecretBytes::copy_of(item.opaque())});
  });
  removed_ = in.present();
  if (in.present()) {
    const Proposal proposal = Proposal::read(in);
    if (const ReInit* reinit = proposal.as<ReInit>()) {
      reinit_ = *reinit;
    } else {
      in.set_failed();
    }
  }
  return in.finish("a stored group");
}

}  // namespace unhidra::mls
