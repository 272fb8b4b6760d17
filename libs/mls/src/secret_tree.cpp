#include "unhidra/mls/secret_tree.h"

#include "unhidra/mls/errc.h"
#include "unhidra/mls_public/tree_math.h"

namespace unhidra::mls {

Ratchet Ratchet::clone() const {
  Ratchet out(secret_.clone());
  out.generation_ = generation_;
  for (const auto& [generation, key] : kept_) {
    out.kept_.emplace(generation, MessageKey{key.key.clone(), key.nonce.clone()});
  }
  return out;
}

MessageKey Ratchet::derive(const Suite& suite) {
  MessageKey out{
      derive_tree_secret(suite, secret_.expose(), "key", generation_, suite.key_size()),
      derive_tree_secret(suite, secret_.expose(), "nonce", generation_, crypto::kAeadNonceSize)};
  secret_ = derive_tree_secret(suite, secret_.expose(), "secret", generation_, suite.hash_size());
  ++generation_;
  return out;
}

Result<std::pair<std::uint32_t, MessageKey>> Ratchet::next(const Suite& suite) {
  if (generation_ == ~std::uint32_t{0}) {
    return fail(Errc::exhausted, "every generation of the ratchet was used");
  }
  const std::uint32_t generation = generation_;
  return std::pair{generation, derive(suite)};
}

Result<MessageKey> Ratchet::take(const Suite& suite, std::uint32_t generation,
                                 const RatchetLimits& limits) {
  if (generation < generation_) {
    const auto found = kept_.find(generation);
    if (found == kept_.end()) {
      return fail(Errc::duplicate, "the key was used, or it was too old to be kept");
    }
    MessageKey out = std::move(found->second);
    kept_.erase(found);
    return out;
  }
  if (generation - generation_ > limits.max_forward || generation == ~std::uint32_t{0}) {
    return fail(Errc::too_far_ahead, "more messages are missing than may be skipped");
  }
  while (generation_ < generation) {
    const std::uint32_t skipped = generation_;
    kept_.emplace(skipped, derive(suite));
    if (kept_.size() > limits.max_kept) {
      kept_.erase(kept_.begin());
    }
  }
  return derive(suite);
}

void Ratchet::write(TlsWriter& out) const {
  out.opaque(secret_.expose()).u32(generation_);
  out.vector([&](TlsWriter& list) {
    for (const auto& [generation, key] : kept_) {
      list.u32(generation).opaque(key.key.expose()).opaque(key.nonce.expose());
    }
  });
}

Ratchet Ratchet::read(TlsReader& in) {
  Ratchet out(SecretBytes::copy_of(in.opaque()));
  out.generation_ = in.u32();
  in.vector([&](TlsReader& item) {
    const std::uint32_t generation = item.u32();
    SecretBytes key = SecretBytes::copy_of(item.opaque());
    out.kept_.emplace(generation, MessageKey{std::move(key), SecretBytes::copy_of(item.opaque())});
  });
  return out;
}

SecretTree::SecretTree(const Suite&, std::uint32_t leaves, SecretBytes encryption_secret)
    : leaves_(leaves) {
  put_node(tree_math::root(leaves).value, std::move(encryption_secret));
}

void SecretTree::put_node(std::uint32_t node, SecretBytes secret) {
  changed_.insert({node});
  nodes_.emplace(node, std::move(secret));
}

SecretBytes SecretTree::take_node(std::uint32_t node) {
  changed_.insert({node});
  return std::move(nodes_.extract(node).mapped());
}

SecretTree SecretTree::clone() const {
  SecretTree out;
  out.leaves_ = leaves_;
  out.changed_ = changed_;
  for (const auto& [node, secret] : nodes_) {
    out.nodes_.emplace(node, secret.clone());
  }
  for (const auto& [place, ratchet] : ratchets_) {
    out.ratchets_.emplace(place, ratchet.clone());
  }
  return out;
}

// Replaces the secrets above a leaf by those of its copath and the leaf's two ratchets.
void SecretTree::reach(const Suite& suite, LeafIndex leaf) {
  const NodeIndex target = tree_math::node_of(leaf);
  NodeIndex node = target;
  while (!nodes_.contains(node.value)) {
    if (node == tree_math::root(leaves_)) {
      return;  // consumed
    }
    node = tree_math::parent(node);
  }
  while (node != target) {
    const SecretBytes secret = take_node(node.value);
    const NodeIndex left = tree_math::left(node);
    const NodeIndex right = tree_math::right(node);
    const std::size_t size = suite.hash_size();
    put_node(left.value, expand_with_label(suite, secret.expose(), "tree", as_bytes("left"), size));
    put_node(right.value,
             expand_with_label(suite, secret.expose(), "tree", as_bytes("right"), size));
    node = target < node ? left : right;
  }
  const SecretBytes secret = take_node(target.value);
  ratchets_.emplace(std::pair{leaf.value, RatchetKind::handshake},
                    Ratchet(derive_secret(suite, secret.expose(), "handshake")));
  ratchets_.emplace(std::pair{leaf.value, RatchetKind::application},
                    Ratchet(derive_secret(suite, secret.expose(), "application")));
  changed_.insert({leaf.value, RatchetKind::handshake});
  changed_.insert({leaf.value, RatchetKind::application});
}

Ratchet* SecretTree::ratchet(const Suite& suite, LeafIndex leaf, RatchetKind kind) {
  if (leaf.value >= leaves_) {
    return nullptr;
  }
  const std::pair place{leaf.value, kind};
  if (!ratchets_.contains(place)) {
    reach(suite, leaf);
  }
  const auto found = ratchets_.find(place);
  if (found == ratchets_.end()) {
    return nullptr;
  }
  changed_.insert({leaf.value, kind});  // the caller takes a key of it
  return &found->second;
}

std::optional<Ratchet> SecretTree::peek(const Suite& suite, LeafIndex leaf,
                                        RatchetKind kind) const {
  if (leaf.value >= leaves_) {
    return std::nullopt;
  }
  if (const auto found = ratchets_.find({leaf.value, kind}); found != ratchets_.end()) {
    return found->second.clone();
  }
  const NodeIndex target = tree_math::node_of(leaf);
  NodeIndex node = target;
  while (!nodes_.contains(node.value)) {
    if (node == tree_math::root(leaves_)) {
      return std::nullopt;
    }
    node = tree_math::parent(node);
  }
  SecretBytes secret = nodes_.at(node.value).clone();
  while (node != target) {
    const bool left = target < node;
    secret = expand_with_label(suite, secret.expose(), "tree", as_bytes(left ? "left" : "right"),
                               suite.hash_size());
    node = left ? tree_math::left(node) : tree_math::right(node);
  }
  return Ratchet(derive_secret(suite, secret.expose(),
                               kind == RatchetKind::handshake ? "handshake" : "application"));
}

void SecretTree::store(const Suite& suite, LeafIndex leaf, RatchetKind kind, Ratchet taken) {
  if (Ratchet* place = ratchet(suite, leaf, kind)) {
    *place = std::move(taken);
  }
}

// ---- storage ----

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
    out.put({node}, item);
  });
  in.vector([&](TlsReader& item) {
    const std::uint32_t leaf = item.u32();
    const auto kind = item.u8() == 0 ? RatchetKind::handshake : RatchetKind::application;
    out.put({leaf, kind}, item);
  });
  out.changed_ = out.places();
  return out;
}

SecretTree SecretTree::empty(std::uint32_t leaves) {
  SecretTree out;
  out.leaves_ = leaves;
  return out;
}

void SecretTree::put(const Place& place, TlsReader& in) {
  if (place.ratchet) {
    ratchets_.insert_or_assign(std::pair{place.index, *place.ratchet}, Ratchet::read(in));
  } else {
    nodes_.insert_or_assign(place.index, SecretBytes::copy_of(in.opaque()));
  }
}

std::map<SecretTree::Place, std::optional<SecretBytes>> SecretTree::take_changes() {
  std::map<Place, std::optional<SecretBytes>> out;
  for (const Place& place : std::exchange(changed_, {})) {
    std::optional<SecretBytes>& value = out[place];
    TlsWriter encoding;
    if (place.ratchet) {
      if (const auto found = ratchets_.find({place.index, *place.ratchet});
          found != ratchets_.end()) {
        found->second.write(encoding);
      }
    } else if (const auto found = nodes_.find(place.index); found != nodes_.end()) {
      encoding.opaque(found->second.expose());
    }
    if (encoding.size() > 0) {
      Bytes bytes = std::move(encoding).take();
      value = SecretBytes::copy_of(bytes);
      wipe(bytes);
    }
  }
  return out;
}

std::set<SecretTree::Place> SecretTree::places() const {
  std::set<Place> out = changed_;
  for (const auto& [node, secret] : nodes_) {
    out.insert({node});
  }
  for (const auto& [place, ratchet] : ratchets_) {
    out.insert({place.first, place.second});
  }
  return out;
}

}  // namespace unhidra::mls
