// A group as small records. A node of the tree and a message key are a record each, so that a
// commit and a message write what they change, however large the group is.
#include <algorithm>

#include "unhidra/mls/group.h"

#include "stored_epoch.h"
#include "stored_records.h"

namespace unhidra::mls {

namespace {

constexpr std::uint8_t kFormat = 2;

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
    switch (static_cast<RecordKind>(key.u8())) {
      case RecordKind::state:
        out.state = &*record.value;
        break;
      case RecordKind::pending:
        out.pending = &*record.value;
        break;
      case RecordKind::node:
        UNHIDRA_TRY_VOID(out.nodes.put({key.u32()}, record.value->expose()));
        break;
      case RecordKind::past_epoch:
        out.past.emplace(key.u64(), &*record.value);
        break;
      case RecordKind::message_key: {
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

}  // namespace unhidra::mls
