// A group as small records. A node of the tree and a message key are a record each, so that a
// commit and a message write what they change, however large the group is.
#include <algorithm>

#include "unhidra/mls/group.h"

#include "stored_epoch.h"

namespace unhidra::mls {

namespace {

constexpr std::uint8_t kFormat = 2;

// The first byte of a record's name; an epoch and a place in it may follow.
enum class Kind : std::uint8_t {
  state = 's',
  pending = 'c',
  node = 'n',
  past_epoch = 'p',
  message_key = 'k',
};

Bytes state_key() {
  return {static_cast<Byte>(Kind::state)};
}
Bytes pending_key() {
  return {static_cast<Byte>(Kind::pending)};
}
Bytes node_key(NodeIndex node) {
  TlsWriter out;
  out.u8(static_cast<std::uint8_t>(Kind::node)).u32(node.value);
  return std::move(out).take();
}
Bytes past_key(std::uint64_t epoch) {
  TlsWriter out;
  out.u8(static_cast<std::uint8_t>(Kind::past_epoch)).u64(epoch);
  return std::move(out).take();
}
Bytes message_key(std::uint64_t epoch, const SecretTree::Place& place) {
  TlsWriter out;
  out.u8(static_cast<std::uint8_t>(Kind::message_key)).u64(epoch).u32(place.index);
  out.u8(place.ratchet ? 1 + static_cast<std::uint8_t>(*place.ratchet) : 0);
  return std::move(out).take();
}
SecretTree::Place read_place(TlsReader& in) {
  SecretTree::Place out{in.u32()};
  const std::uint8_t kind = in.u8();
  if (kind > 2) {
    in.set_failed();
  } else if (kind != 0) {
    out.ratchet = static_cast<RatchetKind>(kind - 1);
  }
  return out;
}

}  // namespace

SecretBytes Group::state_record() const {
  TlsWriter out(4096);
  out.u8(kFormat).u32(self().value).opaque(signer_.private_key().expose());
  write_public(out, epoch_.pub);
  write_secrets(out, epoch_.secrets, epoch_.keys);
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
  out.vector([&](TlsWriter& list) {
    for (const PastEpoch& past : past_) {
      list.u64(past.pub.context.epoch);
    }
  });
  out.present(removed_);
  write_reinit(out, reinit_);
  return sealed(std::move(out));
}

SecretBytes Group::pending_record() const {
  const Epoch& next = pending_->next;
  const CommitEffects& effects = pending_->effects;
  TlsWriter out(4096);
  write_public(out, next.pub);
  write_nodes(out, next.pub.tree, RatchetTree::differences(epoch_.pub.tree, next.pub.tree));
  write_secrets(out, next.secrets, next.keys);
  next.messages.write(out);
  write_leaves(out, effects.added);
  write_leaves(out, effects.removed);
  write_reinit(out, effects.reinit);
  return sealed(std::move(out));
}

void Group::put_message_keys(std::vector<Record>& out, std::uint64_t epoch, SecretTree& messages) {
  for (auto& [place, secret] : messages.take_changes()) {
    out.push_back({message_key(epoch, place), std::move(secret)});
  }
}

std::vector<Record> Group::take_changes() {
  std::vector<Record> out;
  const RatchetTree& tree = epoch_.pub.tree;
  for (const NodeIndex node : RatchetTree::differences(stored_tree_, tree)) {
    out.push_back({node_key(node), encoded_node(tree, node)});
  }
  stored_tree_ = tree;
  for (Bytes& key : std::exchange(dropped_, {})) {
    out.push_back({std::move(key), std::nullopt});
  }
  put_message_keys(out, context().epoch, epoch_.messages);
  const RatchetTree* newer = &tree;
  for (PastEpoch& past : past_) {
    if (!past.stored) {
      TlsWriter record(1024);
      write_public(record, past.pub);
      write_nodes(record, past.pub.tree, RatchetTree::differences(*newer, past.pub.tree));
      record.opaque(past.sender_data_secret.expose());
      out.push_back({past_key(past.pub.context.epoch), sealed(std::move(record))});
      past.stored = true;
    }
    put_message_keys(out, past.pub.context.epoch, past.messages);
    newer = &past.pub.tree;
  }
  if (pending_.has_value() && !pending_->stored) {
    out.push_back({pending_key(), pending_record()});
    pending_->stored = true;
    pending_record_ = true;
  } else if (!pending_ && pending_record_) {
    out.push_back({pending_key(), std::nullopt});
    pending_record_ = false;
  }
  SecretBytes state = state_record();
  if (Digest hash = suite().hash({state.expose()}); !(hash == stored_state_)) {
    stored_state_ = hash;
    out.push_back({state_key(), std::move(state)});
  }
  return out;
}

std::vector<Bytes> Group::record_keys() const {
  std::vector<Bytes> out{state_key(), pending_key()};
  for (const RatchetTree* tree : {&stored_tree_, &epoch_.pub.tree}) {
    for (const NodeIndex node : RatchetTree::differences(RatchetTree(), *tree)) {
      out.push_back(node_key(node));
    }
  }
  out.insert(out.end(), dropped_.begin(), dropped_.end());
  append_epoch_keys(out, context().epoch, epoch_.messages);
  for (const PastEpoch& past : past_) {
    append_epoch_keys(out, past.pub.context.epoch, past.messages);
  }
  return out;
}

void Group::append_epoch_keys(std::vector<Bytes>& out, std::uint64_t epoch,
                              const SecretTree& messages) {
  out.push_back(past_key(epoch));
  for (const SecretTree::Place& place : messages.places()) {
    out.push_back(message_key(epoch, place));
  }
}

// ---- restoring ----

struct Group::StoredRecords {
  const SecretBytes* state = nullptr;
  const SecretBytes* pending = nullptr;
  StoredNodes nodes;
  std::map<std::uint64_t, const SecretBytes*> past;
  std::map<std::uint64_t, std::vector<std::pair<SecretTree::Place, const SecretBytes*>>> messages;

  static Result<StoredRecords> sort(std::span<const Record> records);
  Result<SecretTree> message_keys(std::uint64_t epoch, std::uint32_t leaves) const;
};

Result<Group::StoredRecords> Group::StoredRecords::sort(std::span<const Record> records) {
  StoredRecords out;
  for (const Record& record : records) {
    if (!record.value) {
      continue;
    }
    TlsReader key(record.key);
    switch (static_cast<Kind>(key.u8())) {
      case Kind::state:
        out.state = &*record.value;
        break;
      case Kind::pending:
        out.pending = &*record.value;
        break;
      case Kind::node:
        UNHIDRA_TRY_VOID(out.nodes.put({key.u32()}, record.value->expose()));
        break;
      case Kind::past_epoch:
        out.past.emplace(key.u64(), &*record.value);
        break;
      case Kind::message_key: {
        const std::uint64_t epoch = key.u64();
        const SecretTree::Place place = read_place(key);
        out.messages[epoch].emplace_back(place, &*record.value);
        break;
      }
      default:
        return damaged_group();
    }
    UNHIDRA_TRY_VOID(key.finish("the name of a stored record"));
  }
  if (out.state == nullptr) {
    return damaged_group();
  }
  return out;
}

Result<SecretTree> Group::StoredRecords::message_keys(std::uint64_t epoch,
                                                      std::uint32_t leaves) const {
  SecretTree out = SecretTree::empty(leaves);
  if (const auto found = messages.find(epoch); found != messages.end()) {
    for (const auto& [place, secret] : found->second) {
      TlsReader in(secret->expose());
      out.put(place, in);
      UNHIDRA_TRY_VOID(in.finish("a stored message key"));
    }
  }
  return out;
}

Result<Group> Group::restore(const crypto::Provider& provider, std::span<const Record> records) {
  UNHIDRA_TRY(const StoredRecords stored, StoredRecords::sort(records));
  TlsReader in(stored.state->expose());
  if (in.u8() != kFormat) {
    return fail(PublicErrc::unsupported, "a stored group of another format");
  }
  const LeafIndex self{in.u32()};
  const ByteView signer_key = in.opaque();
  UNHIDRA_TRY(PublicState pub, read_public(in, provider, RatchetTree(), stored.nodes, self));
  const Suite suite = pub.suite;
  UNHIDRA_TRY(SignatureKeyPair signer, SignatureKeyPair::from_private(suite, signer_key));
  UNHIDRA_TRY(StoredSecrets secrets, read_secrets(in, suite, self));
  UNHIDRA_TRY(SecretTree messages, stored.message_keys(pub.context.epoch, pub.tree.leaf_count()));
  Group out(
      {std::move(pub), std::move(secrets.secrets), std::move(messages), std::move(secrets.keys)},
      std::move(signer));
  out.stored_tree_ = out.epoch_.pub.tree;
  out.stored_state_ = suite.hash({stored.state->expose()});
  UNHIDRA_TRY_VOID(out.read_rest(in, stored));
  if (stored.pending != nullptr) {
    UNHIDRA_TRY_VOID(out.read_pending(stored.pending->expose()));
  }
  return out;
}

Status Group::read_rest(TlsReader& in, const StoredRecords& stored) {
  in.vector([&](TlsReader& item) {
    if (auto pair = HpkeKeyPair::from_private(suite(), item.opaque())) {
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
  std::vector<std::uint64_t> epochs;
  in.vector([&](TlsReader& item) { epochs.push_back(item.u64()); });
  removed_ = in.present();
  reinit_ = read_reinit(in);
  UNHIDRA_TRY_VOID(in.finish("a stored group"));
  for (const std::uint64_t epoch : epochs) {
    const auto found = stored.past.find(epoch);
    if (found == stored.past.end()) {
      return damaged_group();
    }
    UNHIDRA_TRY_VOID(read_past(found->second->expose(), stored));
  }
  return {};
}

Status Group::read_past(ByteView record, const StoredRecords& stored) {
  const RatchetTree& newer = past_.empty() ? epoch_.pub.tree : past_.back().pub.tree;
  TlsReader in(record);
  UNHIDRA_TRY(PublicState pub, read_public(in, suite().provider(), newer));
  SecretBytes sender_data = SecretBytes::copy_of(in.opaque());
  UNHIDRA_TRY_VOID(in.finish("a stored past epoch"));
  UNHIDRA_TRY(SecretTree messages, stored.message_keys(pub.context.epoch, pub.tree.leaf_count()));
  past_.push_back({std::move(pub), std::move(sender_data), std::move(messages), true});
  return {};
}

Status Group::read_pending(ByteView record) {
  TlsReader in(record);
  UNHIDRA_TRY(PublicState pub, read_public(in, suite().provider(), epoch_.pub.tree));
  UNHIDRA_TRY(StoredSecrets secrets, read_secrets(in, suite(), self()));
  SecretTree messages = SecretTree::read(in);
  CommitEffects effects;
  effects.epoch = pub.context.epoch;
  effects.added = read_leaves(in);
  effects.removed = read_leaves(in);
  effects.reinit = read_reinit(in);
  UNHIDRA_TRY_VOID(in.finish("a stored pending commit"));
  pending_ = Pending{
      {std::move(pub), std::move(secrets.secrets), std::move(messages), std::move(secrets.keys)},
      std::move(effects),
      true};
  pending_record_ = true;
  return {};
}

// ---- collecting ----

namespace {

constexpr std::uint32_t kMostLeaves = std::uint32_t{1} << 24;

// Asks for the records of a group: every node of its tree, and of each epoch the secrets from the
// root down, as far as they have been replaced by those below.
class Collector {
 public:
  explicit Collector(const RecordLookup& find) : find_(&find) {}

  Result<std::vector<Record>> collect() {
    UNHIDRA_TRY(const auto* state, take(state_key()));
    if (state == nullptr) {
      return damaged_group();
    }
    TlsReader in(state->expose());
    in.u8();      // format
    in.u32();     // own leaf
    in.opaque();  // signature key
    const std::uint32_t leaves = in.u32();
    const std::uint64_t epoch = GroupContext::read(in).epoch;
    UNHIDRA_TRY_VOID(in.check("a stored group"));
    UNHIDRA_TRY_VOID(take_nodes(leaves));
    UNHIDRA_TRY_VOID(take_messages(epoch, leaves));
    UNHIDRA_TRY_VOID(take(pending_key()));
    UNHIDRA_TRY_VOID(take_past(epoch));
    return std::move(records_);
  }

 private:
  // The value as it is kept, until the next one is taken; null when there is none.
  Result<const SecretBytes*> take(Bytes key) {
    UNHIDRA_TRY(auto value, (*find_)(key));
    if (!value) {
      return nullptr;
    }
    records_.push_back({std::move(key), std::move(value)});
    return &*records_.back().value;
  }

  Status take_nodes(std::uint32_t leaves) {
    if (leaves == 0 || leaves > kMostLeaves) {
      return damaged_group();
    }
    for (std::uint32_t node = 0; node < 2 * leaves - 1; ++node) {
      UNHIDRA_TRY_VOID(take(node_key({node})));
    }
    return {};
  }

  // Epochs that can still be read follow each other without a gap.
  Status take_past(std::uint64_t epoch) {
    while (epoch-- > 0) {
      UNHIDRA_TRY(const auto* past, take(past_key(epoch)));
      if (past == nullptr) {
        return {};
      }
      TlsReader in(past->expose());
      const std::uint32_t leaves = in.u32();
      UNHIDRA_TRY_VOID(in.check("a stored past epoch"));
      UNHIDRA_TRY_VOID(take_messages(epoch, leaves));
    }
    return {};
  }

  Status take_messages(std::uint64_t epoch, std::uint32_t leaves) {
    if (leaves == 0 || leaves > kMostLeaves) {
      return damaged_group();
    }
    std::vector<NodeIndex> left{tree_math::root(leaves)};
    while (!left.empty()) {
      const NodeIndex node = left.back();
      left.pop_back();
      UNHIDRA_TRY(const auto* secret, take(message_key(epoch, {node.value})));
      if (secret != nullptr) {
        continue;
      }
      if (!tree_math::is_leaf(node)) {
        left.push_back(tree_math::right(node));
        left.push_back(tree_math::left(node));
        continue;
      }
      const std::uint32_t leaf = tree_math::leaf_of(node).value;
      for (const auto ratchet : {RatchetKind::handshake, RatchetKind::application}) {
        UNHIDRA_TRY_VOID(take(message_key(epoch, {leaf, ratchet})));
      }
    }
    return {};
  }

  const RecordLookup* find_;
  std::vector<Record> records_;
};

}  // namespace

Result<Group> Group::restore(const crypto::Provider& provider, const RecordLookup& find) {
  UNHIDRA_TRY(const std::vector<Record> records, Collector(find).collect());
  return restore(provider, records);
}

}  // namespace unhidra::mls
