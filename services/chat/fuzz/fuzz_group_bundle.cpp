// Any bytes as a commit, Welcome and GroupInfo against a real group, and as a new group: refused,
// or of a group that holds together.
#include <cstdlib>

#include "unhidra/mls_public/public_group.h"
#include "unhidra/wire/codec.h"

#include "group_bundle.h"

namespace {

using namespace unhidra;

constexpr mls_public::ValidationRules kRules{};

void as_new_group(ByteView input) {
  const auto request = wire::decode<wire::CreateGroup>(input);
  if (!request) {
    return;
  }
  const auto checked =
      chat::check_new_group(crypto::native_provider(), request->conversation_id.bytes(),
                            request->group_info, request->ratchet_tree, kRules);
  if (checked && checked->group.state().tree.member_count() != 1) {
    std::abort();
  }
}

// Both a group and a commit for it: u16 length of the group, CreateGroup, CommitGroup.
void as_commit(ByteView input) {
  if (input.size() < 2) {
    return;
  }
  const std::size_t size = (std::size_t{input[0]} << 8) | input[1];
  const auto rest = input.subspan(2);
  if (size > rest.size()) {
    return;
  }
  const auto group = wire::decode<wire::CreateGroup>(rest.first(size));
  const auto bundle = wire::decode<wire::CommitGroup>(rest.subspan(size));
  if (!group || !bundle) {
    return;
  }
  const auto message = chat::parse_commit(bundle->commit);
  const auto known =
      chat::check_new_group(crypto::native_provider(), group->conversation_id.bytes(),
                            group->group_info, group->ratchet_tree, kRules);
  if (!message || !known) {
    return;
  }
  const auto checked = chat::check_bundle(known->group, *message, *bundle, kRules);
  if (checked && (checked->commit.next.context.epoch != known->group.state().context.epoch + 1 ||
                  checked->added.size() != checked->commit.added.size())) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  (void)chat::parse_proposal(input);
  (void)chat::parse_commit(input);
  as_new_group(input);
  as_commit(input);
  return 0;
}
