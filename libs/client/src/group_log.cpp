// A group's log, entry by entry, strictly in its order: commits and proposals.

#include "engine_impl.h"

namespace unhidra::client {

std::optional<UserId> user_at(const mls::RatchetTree& tree, mls::LeafIndex index) {
  const auto* leaf = tree.leaf(index);
  const auto name = leaf != nullptr
                        ? name_of(*leaf)
                        : Result<identity::MemberName>(fail(Errc::not_found, "no leaf"));
  return name ? std::optional(name->user_id) : std::nullopt;
}

std::set<UserId> users_of(const mls::RatchetTree& tree) {
  std::set<UserId> out;
  tree.each_member([&](mls::LeafIndex, const mls::LeafNode& leaf) {
    if (const auto name = name_of(leaf)) {
      out.insert(name->user_id);
    }
  });
  return out;
}

std::set<DeviceId> devices_of(const mls::RatchetTree& tree) {
  std::set<DeviceId> out;
  tree.each_member([&](mls::LeafIndex, const mls::LeafNode& leaf) {
    if (const auto name = name_of(leaf)) {
      out.insert(name->device_id);
    }
  });
  return out;
}

void Engine::Impl::on_group_entry(wire::GroupEntry entry) {
  auto* hold = find_group(entry.conversation_id);
  if (hold == nullptr || hold->record.is_gone()) {
    link_.conversations_known = false;  // a group that this device is to join: see the list
    link_.conversations_cursor.clear();
    return;
  }
  auto& link = link_.groups[entry.conversation_id];
  link.head = std::max(link.head, entry.seq);
  stir(entry.conversation_id);
  const auto newest = link.entries.empty() ? hold->record.cursor : link.entries.back().seq;
  if (entry.seq == newest + 1 && link.entries.size() < limits_.max_group_log_buffer) {
    link.entries.push_back(std::move(entry));
  }
  // Anything else is old, or behind a gap that will be fetched.
}

Status Engine::Impl::process_group_entries(GroupHold& hold, GroupLink& link) {
  if (!link.entries.empty()) {
    UNHIDRA_TRY_VOID(need_mls(hold));
  }
  while (!link.entries.empty()) {
    const auto& entry = link.entries.front();
    if (entry.seq > hold.record.cursor + 1) {
      link.entries.clear();
      break;
    }
    if (entry.seq == hold.record.cursor + 1) {
      UNHIDRA_TRY(const auto outcome, process(hold, entry));
      if (outcome == Outcome::wait || hold.record.state == GroupState::joining) {
        break;  // a lost group reads on when it is back
      }
      ++hold.record.cursor;
      touch(hold);
      if (hold.record.is_gone()) {
        link = {};
        break;
      }
    }
    link.entries.pop_front();
  }
  return {};
}

Result<Engine::Impl::Outcome> Engine::Impl::process(GroupHold& hold,
                                                    const wire::GroupEntry& entry) {
  if (entry.kind == wire::GroupEntryKind::message) {
    return process_group_message(hold, entry);
  }
  if (entry.kind > wire::GroupEntryKind::commit) {
    on_reset(hold, entry);
    return Outcome::done;
  }
  if (entry.epoch < hold.record.joined_epoch) {
    return Outcome::done;  // led to the epoch in which this device came in
  }
  if (entry.kind == wire::GroupEntryKind::proposal) {
    UNHIDRA_TRY_VOID(process_proposal(hold, entry));
    return Outcome::done;
  }
  return process_commit(hold, entry);
}

Status Engine::Impl::process_proposal(GroupHold& hold, const wire::GroupEntry& entry) {
  const auto message = mls::MlsMessage::parse(entry.content);
  const auto* proposal = message ? message->as<mls::PublicMessage>() : nullptr;
  if (proposal == nullptr || proposal->content.proposal() == nullptr) {
    lose(hold, "a proposal cannot be read");
    return {};
  }
  const auto& sender = proposal->content.sender;
  const bool own = sender == mls::Sender::member(hold.mls->self());
  // From outside the group only a Remove is ever welcome.
  const bool removal = proposal->content.proposal()->as<mls::Remove>() != nullptr;
  if (!sender.is_member() && !removal) {
    emit(event::RequestFailed{"group", std::string(error_code(Errc::bad_frame).name),
                              "the server proposed more than to remove a device"});
    return {};
  }
  if (!own) {
    if (const auto received = hold.mls->receive(environment(entry.received_at), *message);
        !received) {
      lose(hold, received.error().message());
      return {};
    }
  }
  if (hold.record.step && hold.record.step->kind == GroupStep::Kind::commit) {
    discard_step(hold);  // it does not cover this proposal
  }
  touch(hold);
  if (!own && everybody_leaves(hold)) {
    const bool wanted = hold.record.state == GroupState::leaving;
    return depart(hold, wanted ? GroupState::left : GroupState::removed);
  }
  return {};
}

Result<Engine::Impl::Outcome> Engine::Impl::process_commit(GroupHold& hold,
                                                           const wire::GroupEntry& entry) {
  const auto& step = hold.record.step;
  if (step && step->kind == GroupStep::Kind::commit && step->message == entry.content) {
    UNHIDRA_TRY_VOID(confirm_commit(hold, {entry.seq, entry.received_at}));
    return Outcome::done;
  }
  const auto message = mls::MlsMessage::parse(entry.content);
  const auto* commit = message ? message->as<mls::PublicMessage>() : nullptr;
  if (commit == nullptr || commit->content.commit() == nullptr) {
    lose(hold, "a commit cannot be read");
    return Outcome::done;
  }
  UNHIDRA_TRY(const auto looked, look_for_newcomers(hold, *commit));
  if (looked == Outcome::wait) {
    return Outcome::wait;
  }
  if (!hold.record.is_member()) {
    return Outcome::done;
  }
  auto followed = about_to_follow(hold, {entry.seq, entry.received_at});
  auto received = hold.mls->receive(environment(entry.received_at), *message);
  if (!received) {
    if (received.error() == mls::Errc::bad_path_secret) {
      note_commit_fault(hold, entry, *commit);
    }
    lose(hold, received.error().message());
    return Outcome::done;
  }
  followed.effects = received->commit;
  followed.external = !commit->content.sender.is_member();
  if (received->sender_leaf) {
    const auto name = name_of(*received->sender_leaf);
    followed.by = name ? std::optional(name->user_id) : std::nullopt;
  } else if (followed.external && !followed.effects.added.empty()) {
    followed.by = user_at(hold.mls->state().tree, followed.effects.added.front());
  }
  hold.record.step.reset();  // what was made for the old epoch
  UNHIDRA_TRY_VOID(after_commit(hold, followed));
  return Outcome::done;
}

Engine::Impl::FollowedCommit Engine::Impl::about_to_follow(const GroupHold& hold,
                                                           const LogMoment& at) {
  const auto& tree = hold.mls->state().tree;
  FollowedCommit out{tree, {}, at};
  for (const auto& item : hold.mls->proposals().items()) {
    const auto* remove = item.proposal->as<mls::Remove>();
    const auto user = remove != nullptr ? user_at(tree, remove->removed) : std::nullopt;
    if (!user) {
      continue;
    }
    if (!item.sender.is_member()) {
      out.departures.by_server.insert(*user);
    } else if (user_at(tree, item.sender.leaf()) == user) {
      out.departures.own.insert(*user);
    }
  }
  return out;
}

// The device lists of those whom a commit brings in; and whether one who brings itself in may: its
// user must be a member already.
Result<Engine::Impl::Outcome> Engine::Impl::look_for_newcomers(GroupHold& hold,
                                                               const mls::PublicMessage& message) {
  std::vector<mls::LeafNodePtr> leaves;
  const auto& commit = *message.content.commit();
  const auto& state = hold.mls->state();
  for (const auto& proposal : commit.proposals) {
    const auto* by_value = std::get_if<mls::ProposalPtr>(&proposal.content);
    const auto* add = by_value != nullptr ? (*by_value)->as<mls::Add>() : nullptr;
    if (add != nullptr) {
      leaves.push_back(add->key_package->leaf_node);
    }
  }
  const bool external = !message.content.sender.is_member();
  if (external && commit.path) {
    leaves.push_back(commit.path->leaf_node);
  }
  bool wait = false;
  for (const auto& leaf : leaves) {
    const auto name = name_of(*leaf);
    if (!name) {
      lose(hold, "a newcomer has no name");
      return Outcome::done;
    }
    if (external && !is_open_group(state.context.extensions)) {
      bool member = false;
      state.tree.each_member([&](mls::LeafIndex, const mls::LeafNode& other) {
        const auto known = name_of(other);
        member = member || (known && known->user_id == name->user_id);
      });
      if (!member && !hold.record.expected.contains(name->user_id)) {
        emit(event::GhostDevice{name->user_id, name->device_id});
        lose(hold, "somebody came in whom no member has added");
        return Outcome::done;
      }
    }
    if (authority_.standing(*name, leaf->signature_key()) == LeafStanding::signed_by_user) {
      continue;
    }
    wait = look_for_device(*name, leaf->signature_key()) || wait;
  }
  if (wait) {
    UNHIDRA_TRY_VOID(pump_people());
    return Outcome::wait;
  }
  return Outcome::done;
}

// Whether an answer about this device has to be waited for: its user's newest list, then the one
// that it was on.
bool Engine::Impl::look_for_device(const identity::MemberName& name, ByteView signature_key) {
  const auto standing = authority_.standing(name, signature_key);
  if (standing != LeafStanding::not_signed && standing != LeafStanding::unknown_user) {
    return false;
  }
  const bool own = name.user_id == self_->user;
  if (link_.looked_for.insert(name.device_id).second) {
    want_newer_list(name.user_id);
  }
  if (link_.wanted_lists.contains(name.user_id) || (own && !link_.own_list_known)) {
    return true;
  }
  return standing == LeafStanding::not_signed && look_for_former(name.user_id, name.device_id);
}

Status Engine::Impl::after_commit(GroupHold& hold, const FollowedCommit& commit) {
  const auto& effects = commit.effects;
  link_.groups[hold.record.id].turn.reset();
  touch(hold);
  if (effects.self_removed) {
    note_own_removal(hold, commit);
    return depart(
        hold, hold.record.state == GroupState::leaving ? GroupState::left : GroupState::removed);
  }
  const bool shared = hold.history.shared;
  note_epoch(hold);
  if (hold.history.shared != shared) {
    hold.history.by = commit.by.value_or(hold.history.by);
    hold.history.at = clock_.now();
    emit(event::SharedHistoryChanged{hold.record.id, hold.history.by, !shared});
  }
  review(hold);
  const auto& tree = hold.mls->state().tree;
  for (const auto index : effects.added) {
    const auto* leaf = tree.leaf(index);
    const auto name = leaf != nullptr
                          ? name_of(*leaf)
                          : Result<identity::MemberName>(fail(Errc::not_found, "no leaf"));
    if (name && authority_.standing(*name, leaf->signature_key()) == LeafStanding::not_signed) {
      emit(event::GhostDevice{name->user_id, name->device_id});
    }
    if (name) {
      want_name(name->user_id);
    }
  }
  if (commit.external && !effects.added.empty()) {
    // One of those who were there tells the newcomer what the group is called.
    bool first = true;
    tree.each_member([&](mls::LeafIndex index, const mls::LeafNode&) {
      const bool newcomer = std::ranges::find(effects.added, index) != effects.added.end();
      first = first && (newcomer || index >= hold.mls->self());
    });
    hold.record.announce = hold.record.announce || first;
  }
  const auto were = users_of(commit.before);
  const auto are = users_of(tree);
  const auto by = commit.by.value_or(UserId());
  event::GroupChanged changed{hold.record.id, by, {}, {}, {}};
  std::ranges::set_difference(are, were, std::back_inserter(changed.added));
  std::ranges::set_difference(were, are, std::back_inserter(changed.removed));
  for (const auto& user : changed.removed) {
    hold.record.expected.erase(user);
  }
  if (auto& returning = link_.groups[hold.record.id].returning; !returning.empty()) {
    const auto present = devices_of(tree);
    for (const auto& device : devices_of(commit.before)) {
      if (!present.contains(device)) {
        returning.erase(device);  // taken out again: nobody waits for it
      }
    }
  }
  note_removals(hold, commit, changed.removed);
  auto newcomers = changed.added;
  std::erase_if(newcomers, [&](const UserId& user) { return hold.record.expected.contains(user); });
  place_people(hold.record.id, commit.at, commit.external ? NoticeKind::joined : NoticeKind::added,
               by, newcomers);
  if (hold.history.shared != shared) {
    place_notice(hold.record.id, commit.at, by,
                 {shared ? NoticeKind::history_unshared : NoticeKind::history_shared, {}, 0, {}});
  }
  if (!changed.added.empty()) {
    emit_named(changed.added.front(), changed);
  } else if (!changed.removed.empty()) {
    emit(std::move(changed));
  }
  return {};
}

}  // namespace unhidra::client
