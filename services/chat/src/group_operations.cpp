#include "group_operations.h"

#include "unhidra/access/frame_handlers.h"
#include "unhidra/chat/errc.h"

#include "group_removals.h"
#include "key_packages.h"

namespace unhidra::chat {

using storage::Transaction;

void GroupOperations::bind(access::Handlers& handlers) {
  // Plain lambdas that hand over to member coroutines: a coroutine must not outlive the closure it
  // is made from.
  const auto on = [&]<class In, class Out>(
                      std::string_view name,
                      Task<Result<Out>> (GroupOperations::*member)(Context&, In)) {
    handlers.on_frame<In>(name, [this, member](Context& context, In request) {
      return (this->*member)(context, std::move(request));
    });
  };
  on("key_packages.publish", &GroupOperations::publish_key_packages);
  on("key_packages.count", &GroupOperations::count_key_packages);
  on("key_packages.claim", &GroupOperations::claim_key_packages);
  on("groups.create", &GroupOperations::create);
  on("groups.commit", &GroupOperations::commit);
  on("groups.propose", &GroupOperations::propose);
  on("groups.send", &GroupOperations::send);
  on("groups.reset", &GroupOperations::reset);
  on("groups.fetch_log", &GroupOperations::fetch_log);
  on("groups.fetch_info", &GroupOperations::fetch_info);
  on("groups.fetch_tree", &GroupOperations::fetch_tree);
}

std::shared_ptr<const Bytes> TreeCache::find(ConversationId id, std::uint64_t seq) {
  const std::lock_guard lock(mutex_);
  for (const auto& entry : entries_) {
    if (entry.id == id && entry.seq == seq) {
      return entry.tree;
    }
  }
  return nullptr;
}

void TreeCache::put(ConversationId id, std::uint64_t seq, std::shared_ptr<const Bytes> tree) {
  const std::lock_guard lock(mutex_);
  entries_.push_front({id, seq, std::move(tree)});
  if (entries_.size() > kMaxTrees) {
    entries_.pop_back();
  }
}

Task<Result<void>> GroupOperations::publish_key_packages(Context& context,
                                                         wire::PublishKeyPackages request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  const auto now = deps_.clock.now();
  context.audit().resource_id = asker.device_id.to_string();
  context.audit().note("key_packages", std::to_string(request.key_packages.size()));
  co_return co_await context.transact(
      [&](Transaction& tx) { return store_key_packages(deps_.crypto, tx, asker, request, now); });
}

Task<Result<wire::KeyPackageCount>> GroupOperations::count_key_packages(
    Context& context, wire::CountKeyPackages request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  const auto now = deps_.clock.now();
  co_return co_await context.read([&](Transaction& tx) {
    return chat::count_key_packages(tx, asker.device_id, request.cipher_suite, now);
  });
}

Task<Result<wire::KeyPackages>> GroupOperations::claim_key_packages(
    Context& context, wire::ClaimKeyPackages request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  const auto now = deps_.clock.now();
  context.audit().resource_id = request.user_id.to_string();
  const auto within_limit =
      co_await context.limit(access::LimitClass::prekey_fetch_target, request.user_id.bytes());
  const bool one_time = within_limit.has_value();
  UNHIDRA_CO_TRY(
      auto claimed, co_await context.transact([&](Transaction& tx, access::AuditDraft& draft) {
        auto out = chat::claim_key_packages(tx, asker, request, one_time, now);
        if (out) {
          draft.note("key_packages", std::to_string(out->key_packages.key_packages.size()));
        }
        return out;
      }));
  for (const auto& [device, low] : claimed.low) {
    tell(deps_.bus, device, low);
  }
  co_return std::move(claimed.key_packages);
}

// ---- groups ----

Task<Result<wire::GroupOutcome>> GroupOperations::refusal(Context& context, const Asker& asker,
                                                          ConversationId id,
                                                          std::uint64_t after_seq, Error why) {
  if (why != Errc::stale_group) {
    co_return fail(std::move(why));
  }
  context.audit().note("outcome", "stale");
  UNHIDRA_CO_TRY(auto stale, co_await context.read([&](Transaction& tx) {
    return stale_answer(tx, asker, id, after_seq);
  }));
  co_return wire::GroupOutcome{std::move(stale)};
}

template <class Store>
Task<Result<wire::GroupOutcome>> GroupOperations::change(Context& context, const Asker& asker,
                                                         ConversationId id, std::uint64_t after_seq,
                                                         Store store) {
  auto changed = co_await context.transact([&](Transaction& tx) { return store(tx); });
  if (!changed) {
    co_return co_await refusal(context, asker, id, after_seq, std::move(changed).error());
  }
  co_await announce(deps_.database, deps_.bus, id, *changed);
  co_return wire::GroupOutcome{changed->accepted};
}

Task<Result<wire::GroupOutcome>> GroupOperations::create(Context& context,
                                                         wire::CreateGroup request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  const auto now = deps_.clock.now();
  context.audit().resource_id = request.conversation_id.to_string();
  UNHIDRA_CO_TRY(const auto accepted, co_await context.transact([&](Transaction& tx) {
    return create_group(service(), tx, asker, request, now);
  }));
  co_return wire::GroupOutcome{accepted};
}

// Checked on a snapshot, beside the others' writes; the write itself compares and swaps.
Task<Result<wire::GroupOutcome>> GroupOperations::commit(Context& context,
                                                         wire::CommitGroup request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  const auto now = deps_.clock.now();
  const auto id = request.conversation_id;
  context.audit().resource_id = id.to_string();
  auto prepared = co_await context.read(
      [&](Transaction& tx) { return prepare_commit(service(), tx, asker, request, now); });
  if (!prepared) {
    co_return co_await refusal(context, asker, id, request.after_seq, std::move(prepared).error());
  }
  if (const auto* before = std::get_if<wire::Accepted>(&*prepared)) {
    co_return wire::GroupOutcome{*before};
  }
  const auto& checked = std::get<PreparedCommit>(*prepared);
  context.audit().note("epoch", std::to_string(checked.row.epoch + 1));
  context.audit().note("devices_added", std::to_string(checked.checked.added.size()));
  context.audit().note("devices_removed", std::to_string(checked.checked.removed.size()));
  auto out = co_await change(context, asker, id, request.after_seq, [&](Transaction& tx) {
    return store_commit(service(), tx, asker, checked, request, now);
  });
  if (out && std::holds_alternative<wire::Accepted>(out->result)) {
    cache_.put(id, deps_.crypto.sha256(request.group_info), checked.checked.commit.next);
  }
  co_return out;
}

Task<Result<wire::GroupOutcome>> GroupOperations::propose(Context& context,
                                                          wire::ProposeToGroup request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  const auto now = deps_.clock.now();
  context.audit().resource_id = request.conversation_id.to_string();
  context.audit().note("proposals", std::to_string(request.proposals.size()));
  co_return co_await change(
      context, asker, request.conversation_id, request.after_seq,
      [&](Transaction& tx) { return store_proposals(service(), tx, asker, request, now); });
}

Task<Result<wire::GroupOutcome>> GroupOperations::send(Context& context,
                                                       wire::SendGroupMessage request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  const auto now = deps_.clock.now();
  const auto id = request.conversation_id;
  context.audit().resource_id = id.to_string();
  auto sent = co_await context.transact([&](Transaction& tx, access::AuditDraft& draft) {
    auto stored = store_group_message(service(), tx, asker, request, now);
    if (stored && !stored->entries.empty() && stored->entries.front().by_moderator) {
      draft.note("deleted_as_moderator", request.refers_to->message_id.to_string());
    }
    return stored;
  });
  if (!sent) {
    if (sent.error() == Errc::stale_group) {
      // Perhaps because of a revocation of this very moment: then the sender gets the proposal.
      UNHIDRA_CO_TRY_VOID(co_await GroupRemovals(deps_.database, deps_.bus, deps_.clock, service())
                              .propose(asker.org_id, id));
    }
    co_return co_await refusal(context, asker, id, request.after_seq, std::move(sent).error());
  }
  co_await announce(deps_.database, deps_.bus, id, *sent);
  co_return wire::GroupOutcome{sent->accepted};
}

Task<Result<wire::GroupOutcome>> GroupOperations::reset(Context& context,
                                                        wire::ResetGroup request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  const auto now = deps_.clock.now();
  context.audit().resource_id = request.conversation_id.to_string();
  context.audit().note("members", std::to_string(request.member_user_ids.size()));
  co_return co_await change(
      context, asker, request.conversation_id, request.after_seq,
      [&](Transaction& tx) { return reset_group(service(), tx, asker, request, now); });
}

Task<Result<wire::GroupLog>> GroupOperations::fetch_log(Context& context,
                                                        wire::FetchGroupLog request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  co_return co_await context.read(
      [&](Transaction& tx) { return fetch_group_log(tx, asker, request); });
}

Task<Result<wire::GroupInfo>> GroupOperations::fetch_info(Context& context,
                                                          wire::FetchGroupInfo request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  co_return co_await context.read(
      [&](Transaction& tx) { return fetch_group_info(tx, asker, request.conversation_id); });
}

Task<Result<wire::RatchetTree>> GroupOperations::fetch_tree(Context& context,
                                                            wire::FetchRatchetTree request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  const auto id = request.conversation_id;
  auto tree = trees_.find(id, request.seq);
  const bool known = tree != nullptr;
  UNHIDRA_CO_TRY(auto fresh, co_await context.read([&](Transaction& tx) -> Result<Bytes> {
    UNHIDRA_TRY(const auto row, check_tree_kept(tx, asker, id, request.seq));
    return known ? Bytes() : tree_at(tx, row, request.seq);
  }));
  if (!known) {
    tree = std::make_shared<const Bytes>(std::move(fresh));
    trees_.put(id, request.seq, tree);
  }
  if (request.offset > tree->size()) {
    co_return fail(Errc::malformed, "the tree does not reach that far");
  }
  const auto rest = ByteView(*tree).subspan(request.offset);
  co_return wire::RatchetTree{id, request.seq, request.offset, tree->size(),
                              to_bytes(rest.first(std::min(rest.size(), kTreePieceBytes)))};
}

}  // namespace unhidra::chat
