// What a person does with groups.

#include "unhidra/base/text.h"

#include "engine_impl.h"

namespace unhidra::client {

namespace {

Status check_name(std::string_view name, std::size_t longest) {
  if (name.empty() || name.size() > longest || !is_valid_utf8(name)) {
    return fail(Errc::bad_name,
                "a group's name has 1 to " + std::to_string(longest) + " bytes of UTF-8");
  }
  return {};
}

}  // namespace

Result<ConversationId> Engine::Impl::create_group(std::string_view name,
                                                  std::span<const UserId> users,
                                                  mls::ExtensionList extensions) {
  UNHIDRA_TRY_VOID(check_name(name, limits_.max_group_name));
  if (progress_.membership != Membership::approved) {
    return fail(Errc::not_approved, "this device is not approved itself");
  }
  const auto id = ConversationId::make(clock_, random_);
  UNHIDRA_TRY(auto group, new_group(to_bytes(id.bytes()), std::move(extensions)));
  auto& hold = hold_group(id);
  hold.record.name = name;
  hold.record.renamed_at = clock_.now();
  UNHIDRA_TRY_VOID(begin_group(hold, std::move(group), GroupStep::Kind::create));
  auto& conversation = conversations_.at(id);
  conversation.last_activity = clock_.now();
  save(conversation);
  std::vector<UserId> everybody(users.begin(), users.end());
  everybody.push_back(self_->user);  // the own other devices
  UNHIDRA_TRY_VOID(change_group(id, GroupChange::Kind::add, everybody));
  return id;
}

// Of this device alone, with the server as the one who may propose removals.
Result<mls::Group> Engine::Impl::new_group(Bytes group_id, mls::ExtensionList extensions) {
  auto env = environment(clock_.now());
  if (link_.hello.external_sender_key) {
    const mls::ExternalSender sender{
        to_bytes(*link_.hello.external_sender_key),
        mls::Credential::basic(as_bytes(identity::kDeliveryServiceName))};
    extensions.set(mls::ExtensionType::external_senders,
                   mls::encode(mls::ExternalSenders{{sender}}));
  }
  const auto now = *env.rules.now;
  const auto life =
      static_cast<std::uint64_t>(std::chrono::seconds(limits_.key_package_lifetime).count());
  return mls::Group::create(env, mls::kDefaultCipherSuite, std::move(group_id), mls_identity(),
                            {now, now + life}, std::move(extensions));
}

// What the server has to take of a new group.
Status Engine::Impl::begin_group(GroupHold& hold, mls::Group group, GroupStep::Kind kind) {
  UNHIDRA_TRY(const auto info, group.group_info(false));
  GroupStep step;
  step.number = progress_.next_outbox++;
  step.kind = kind;
  step.group_info = mls::encode(mls::MlsMessage{info});
  step.tree = mls::encode(group.state().tree);
  hold.mls.emplace(std::move(group));
  hold.record.state = GroupState::creating;
  hold.record.leaf_updated_at = clock_.now();
  hold.record.step = std::move(step);
  note_epoch(hold);
  return {};
}

Result<std::uint64_t> Engine::Impl::change_group(ConversationId id, GroupChange::Kind kind,
                                                 std::span<const UserId> users) {
  auto* hold = find_group(id);
  if (hold == nullptr) {
    return fail(Errc::not_found, "no such group is known here");
  }
  if (hold->record.is_gone() || hold->record.state == GroupState::leaving) {
    return fail(Errc::not_in_group, "this device is no longer in the group");
  }
  if (changes_of(id).size() >= limits_.max_group_changes) {
    return fail(Errc::outbox_full, "too many changes of this group wait already");
  }
  GroupChange change;
  change.order = progress_.next_outbox++;
  change.group = id;
  change.kind = kind;
  for (const auto& user : std::set<UserId>(users.begin(), users.end())) {
    if (user.is_nil() || (user == self_->user && kind == GroupChange::Kind::remove)) {
      return fail(Errc::not_found, "leave the group to take yourself out");
    }
    change.users.push_back(user);
  }
  save(change);
  stir(id);
  const auto order = change.order;
  add_change(std::move(change));
  return order;
}

Status Engine::Impl::leave_group(ConversationId id) {
  auto* hold = find_group(id);
  if (hold == nullptr) {
    return fail(Errc::not_found, "no such group is known here");
  }
  if (hold->record.is_gone()) {
    return fail(Errc::not_in_group, "this device is no longer in the group");
  }
  if (hold->record.state == GroupState::creating || hold->record.state == GroupState::joining) {
    return fail(Errc::not_in_group, "this device is not in the group yet; try again");
  }
  hold->record.state = GroupState::leaving;
  if (hold->record.step && hold->record.step->kind == GroupStep::Kind::commit) {
    hold->record.step->changes.clear();
  }
  touch(*hold);
  return {};
}

Status Engine::Impl::rename_group(ConversationId id, std::string_view name) {
  UNHIDRA_TRY_VOID(check_name(name, limits_.max_group_name));
  auto* hold = find_group(id);
  if (hold == nullptr) {
    return fail(Errc::not_found, "no such group is known here");
  }
  if (hold->record.is_gone()) {
    return fail(Errc::not_in_group, "this device is no longer in the group");
  }
  const bool renamed = hold->record.name != name && !hold->record.name.empty();
  hold->record.name = name;
  hold->record.renamed_at =
      std::max(clock_.now(), hold->record.renamed_at + Timestamp::duration(1));
  if (renamed) {
    note_name(*hold, {0, clock_.now()}, self_->user);
  }
  touch(*hold);
  enqueue_group_note(*hold);
  emit(event::GroupChanged{id, self_->user, {}, {}, std::string(name)});
  return {};
}

}  // namespace unhidra::client
