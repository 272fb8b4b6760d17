// Reads a stored group's records one by one, for stores that are not listed.

#include "unhidra/mls/group.h"

#include "stored_epoch.h"
#include "stored_records.h"

namespace unhidra::mls {

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
