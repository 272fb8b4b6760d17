// Commits and proposals of this device: planned, sent, and made anew when another member was first
// (RFC 9420 section 14: the delivery service takes one commit an epoch).

#include "engine_impl.h"
#include "planned_commit.h"

namespace unhidra::client {

namespace {

constexpr std::uint32_t kMaxTurn = 15;

}  // namespace

void Engine::Impl::save(const GroupChange& change) {
  tx_.put(Table::group_change, change.record_key(), change.encode());
}

void Engine::Impl::add_change(GroupChange change) {
  changes_of_.emplace(change.group, change.order);
  changes_.emplace(change.order, std::move(change));
}

std::vector<std::uint64_t> Engine::Impl::changes_of(ConversationId group) const {
  std::vector<std::uint64_t> out;
  for (auto at = changes_of_.lower_bound({group, 0}); at != changes_of_.end() && at->first == group;
       ++at) {
    out.push_back(at->second);
  }
  return out;
}

bool Engine::Impl::has_changes(ConversationId group) const {
  const auto at = changes_of_.lower_bound({group, 0});
  return at != changes_of_.end() && at->first == group;
}

void Engine::Impl::finish_change(std::uint64_t order, std::string failure,
                                 std::vector<UserId> left_out) {
  const auto found = changes_.find(order);
  if (found == changes_.end()) {
    return;
  }
  for (const auto& user : found->second.users) {
    link_.without_device.erase(user);
  }
  tx_.remove(Table::group_change, found->second.record_key());
  emit(event::GroupChangeDone{found->second.group, order, std::move(failure), std::move(left_out)});
  changes_of_.erase({found->second.group, order});
  changes_.erase(found);
}

void Engine::Impl::discard_step(GroupHold& hold) {
  link_.groups[hold.record.id].taken = false;
  if (!hold.record.step) {
    return;
  }
  if (hold.record.step->kind == GroupStep::Kind::join) {
    drop_mls(hold);
  } else if (hold.mls) {
    hold.mls->discard_pending();
  }
  hold.record.step.reset();
  touch(hold);
}

// ---- planning ----

// The first device commits at once, the others one after the other, should it be away.
bool Engine::Impl::is_my_turn(const GroupHold& hold, GroupLink& link) {
  if (!link.turn) {
    std::set<std::uint32_t> leaving;
    for (const auto& item : hold.mls->proposals().items()) {
      if (const auto* remove = item.proposal->as<mls::Remove>()) {
        leaving.insert(remove->removed.value);
      }
    }
    for (const auto index : hold.not_signed) {
      leaving.insert(index.value);
    }
    std::uint32_t before = 0;
    hold.mls->state().tree.each_member([&](mls::LeafIndex index, const mls::LeafNode&) {
      before += index < hold.mls->self() && !leaving.contains(index.value) ? 1 : 0;
    });
    link.turn = clock_.steady_now() + limits_.commit_turn * std::min(before, kMaxTurn);
  }
  return *link.turn <= clock_.steady_now();
}

Status Engine::Impl::choose_step(GroupHold& hold, GroupLink& link) {
  if (!requests_.may_ask({Ask::change_group, hold.record.id.uuid()})) {
    return {};
  }
  review(hold);
  if (hold.record.state == GroupState::leaving) {
    UNHIDRA_TRY_VOID(propose_to_leave(hold, link));
    if (hold.record.step) {
      return {};
    }
  }
  const auto& proposals = hold.mls->proposals().items();
  const auto removes_self = [&](const mls::QueuedProposal& item) {
    const auto* remove = item.proposal->as<mls::Remove>();
    return remove != nullptr && remove->removed == hold.mls->self();
  };
  if (std::ranges::any_of(proposals, removes_self)) {
    return {};  // another member has to commit that
  }
  PlannedCommit plan;
  UNHIDRA_TRY(const auto planned, plan_changes(hold, plan));
  if (planned == Outcome::wait) {
    return {};
  }
  const bool own_wish = !plan.changes.empty();
  const bool duty = !proposals.empty() || !hold.not_signed.empty();
  const bool renew = clock_.now() - hold.record.leaf_updated_at > limits_.leaf_update_age;
  if (!own_wish && !renew && !(duty && is_my_turn(hold, link))) {
    return {};
  }
  std::set<std::uint32_t> proposed;
  for (const auto& item : proposals) {
    if (const auto* remove = item.proposal->as<mls::Remove>()) {
      proposed.insert(remove->removed.value);
    }
  }
  for (const auto index : hold.not_signed) {
    plan.removed.insert(index.value);
  }
  for (const auto index : plan.removed) {
    if (!proposed.contains(index) && index != hold.mls->self().value) {
      plan.options.proposals.push_back({mls::Remove{{index}}});
    }
  }
  return commit(hold, std::move(plan));
}

Result<Engine::Impl::Outcome> Engine::Impl::plan_changes(GroupHold& hold, PlannedCommit& plan) {
  for (const auto order : changes_of(hold.record.id)) {
    auto& change = changes_.at(order);
    if (change.attempts > limits_.max_change_attempts) {
      finish_change(order, std::string(error_code(mls_public::Errc::invalid_commit).name));
      continue;
    }
    if (change.kind >= GroupChange::Kind::share) {
      plan.shared_history = change.kind == GroupChange::Kind::share;
      plan.changes.push_back(order);
      continue;
    }
    if (change.kind == GroupChange::Kind::remove) {
      hold.mls->state().tree.each_member([&](mls::LeafIndex index, const mls::LeafNode& leaf) {
        const auto name = name_of(leaf);
        if (name && std::ranges::find(change.users, name->user_id) != change.users.end()) {
          plan.removed.insert(index.value);
        }
      });
      plan.changes.push_back(order);
      continue;
    }
    UNHIDRA_TRY(const auto outcome, plan_addition(hold, change, plan));
    if (outcome == Outcome::wait) {
      return Outcome::wait;
    }
  }
  auto sharing = plan.shared_history ? sharing_proposal(hold, *plan.shared_history) : std::nullopt;
  if (sharing) {
    plan.options.proposals.push_back(std::move(*sharing));
  }
  return Outcome::done;
}

// ---- committing ----

Status Engine::Impl::commit(GroupHold& hold, PlannedCommit plan) {
  const bool nothing = plan.options.proposals.empty() && hold.mls->proposals().items().empty() &&
                       !plan.changes.empty();
  if (nothing) {  // they are in, or out, already
    for (const auto order : plan.changes) {
      finish_change(order, {});
    }
    return {};
  }
  plan.options.tree_in_group_info = false;
  plan.options.make_group_info = true;
  plan.options.capabilities = mls_identity().capabilities;
  auto bundle = hold.mls->commit(environment(clock_.now()), plan.options);
  if (!bundle) {
    for (const auto order : plan.changes) {
      finish_change(order, std::string(bundle.error().code().name));
    }
    requests_.back_off({Ask::change_group, hold.record.id.uuid()}, 0);
    return {};
  }
  GroupStep step;
  step.number = progress_.next_outbox++;
  step.kind = GroupStep::Kind::commit;
  step.message = std::move(bundle->commit);
  step.welcome = bundle->welcome.value_or(Bytes());
  step.group_info = bundle->group_info.value_or(Bytes());
  step.changes = std::move(plan.changes);
  hold.record.step = std::move(step);
  touch(hold);
  return {};
}

// A device cannot commit that it goes (section 12.2): the others do.
Status Engine::Impl::propose_to_leave(GroupHold& hold, GroupLink&) {
  std::set<std::uint32_t> leaving;
  const auto note_proposed = [&](const mls::QueuedProposal& item) {
    if (const auto* remove = item.proposal->as<mls::Remove>()) {
      leaving.insert(remove->removed.value);
    }
  };
  std::ranges::for_each(hold.mls->proposals().items(), note_proposed);
  std::vector<mls::LeafIndex> own;
  hold.mls->state().tree.each_member([&](mls::LeafIndex index, const mls::LeafNode& leaf) {
    const auto name = name_of(leaf);
    if (name && name->user_id == self_->user && !leaving.contains(index.value)) {
      own.push_back(index);
    }
  });
  if (own.empty()) {
    return {};
  }
  GroupStep step;
  step.number = progress_.next_outbox++;
  step.kind = GroupStep::Kind::propose;
  ByteWriter list;
  for (const auto index : own) {
    UNHIDRA_TRY(const auto proposal,
                hold.mls->propose(environment(clock_.now()), {mls::Remove{index}},
                                  mls::WireFormat::mls_public_message));
    list.bytes(proposal);
  }
  step.message = std::move(list).take();
  hold.record.step = std::move(step);
  touch(hold);
  return {};
}

Status Engine::Impl::confirm_commit(GroupHold& hold, const LogMoment& at) {
  auto followed = about_to_follow(hold, at);
  followed.by = self_->user;
  UNHIDRA_TRY(followed.effects, hold.mls->confirm_pending(environment(clock_.now())));
  const auto step = std::exchange(hold.record.step, std::nullopt);
  hold.record.leaf_updated_at = clock_.now();
  hold.record.announce = hold.record.announce || !followed.effects.added.empty();
  link_.groups[hold.record.id].taken = false;
  UNHIDRA_TRY_VOID(after_commit(hold, followed));
  for (const auto order : step->changes) {
    settle_change(hold, order);
  }
  return {};
}

}  // namespace unhidra::client
