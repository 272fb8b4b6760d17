// Groups: what is known of them, what is stored, and the order in which things are done.

#include "unhidra/identity/group_extensions.h"

#include "engine_impl.h"
#include "record_codec.h"

namespace unhidra::client {

namespace {

constexpr std::size_t kMaxGroups = 10'000;

}  // namespace

Engine::Impl::GroupHold& Engine::Impl::hold_group(ConversationId id) {
  auto& hold = groups_[id];
  hold.record.id = id;
  save(conversation_record(id, UserId()));
  touch(hold);
  return hold;
}

Engine::Impl::GroupHold* Engine::Impl::find_group(ConversationId id) {
  const auto found = groups_.find(id);
  return found == groups_.end() ? nullptr : &found->second;
}
const Engine::Impl::GroupHold* Engine::Impl::find_group(ConversationId id) const {
  const auto found = groups_.find(id);
  return found == groups_.end() ? nullptr : &found->second;
}

bool Engine::Impl::may_use_groups() const {
  return link_.greeted && progress_.membership == Membership::approved && link_.own_list_known &&
         !link_.own_list_absent && !progress_.keys_dirty;
}

mls::Suite Engine::Impl::suite() const {
  return *mls::Suite::of(crypto_, mls::kDefaultCipherSuite);  // every provider carries it
}

// `at`: when what is checked was made.
mls::Environment Engine::Impl::environment(Timestamp at) const {
  mls::Environment out{.provider = crypto_, .random = random_};
  out.rules.authentication = &authority_;
  out.rules.now = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count());
  out.past_epochs = limits_.past_epochs;
  return out;
}

mls::Identity Engine::Impl::mls_identity() const {
  auto capabilities = mls::default_capabilities(crypto_);
  capabilities.extensions.push_back(mls::ExtensionType::last_resort);
  capabilities.extensions.push_back(
      static_cast<mls::ExtensionType>(identity::kOpenChannelExtension));
  capabilities.extensions.push_back(shared_history_extension());
  const auto name = identity::encode(identity::MemberName{self_->user, self_->device});
  return {*mls::SignatureKeyPair::from_private(suite(), self_->signing.private_key().expose()),
          mls::Credential::basic(name),
          std::move(capabilities),
          {}};
}

// ---- what the server lists ----

bool Engine::Impl::has_group_news(const wire::Conversation& listed) const {
  const auto* hold = find_group(listed.conversation_id);
  return hold == nullptr || listed.head_seq > hold->record.cursor;
}

void Engine::Impl::note_listed_group(const wire::Conversation& listed) {
  if (link_.groups.size() >= kMaxGroups && !link_.groups.contains(listed.conversation_id)) {
    return;
  }
  const auto pair = conversations_.find(listed.conversation_id);
  if (pair != conversations_.end() && !pair->second.is_group()) {
    return;  // the id of a conversation with one person does not become a group's
  }
  const auto id = listed.conversation_id;
  auto& link = link_.groups[id];
  link.head_known = true;
  link.head = std::max(link.head, listed.head_seq);
  const auto* known = find_group(id);
  if (known == nullptr || known->record.is_gone()) {
    link_.unknown.insert(id);
  }
  if (link.rank == 0 && !link_.behind.contains({0, id})) {
    link.rank = ++link_.ranks;
  }
  if (known != nullptr && link.head > known->record.cursor) {
    stir(id);
  }
}

// ---- the order of things ----

Status Engine::Impl::pump_group(GroupHold& hold) {
  if (hold.record.is_gone()) {
    return {};
  }
  auto& link = link_.groups[hold.record.id];
  if (hold.record.state == GroupState::creating) {
    send_step(hold, link);
    return {};
  }
  if (hold.record.state == GroupState::joining) {
    if (hold.record.step) {
      send_step(hold, link);
      return {};
    }
    return prepare_join(hold, link);
  }
  UNHIDRA_TRY_VOID(process_group_entries(hold, link));
  if (!hold.record.is_member()) {
    return {};
  }
  if (hold.mls) {
    review(hold);
  }
  if (wants_log(hold, link)) {
    want_log(hold, link);
  }
  if (!link.head_known || !link.entries.empty() || link.head > hold.record.cursor) {
    return {};
  }
  if (!is_unfinished(hold) && !is_renewal_due(hold.record)) {
    return {};
  }
  UNHIDRA_TRY_VOID(need_mls(hold));
  pump_channel(hold);
  if (hold.record.channel) {
    return {};  // nobody comes in before the server has taken it
  }
  if (!hold.record.step) {
    UNHIDRA_TRY_VOID(choose_step(hold, link));
  }
  if (hold.record.step && !link.taken) {
    send_step(hold, link);
  }
  if (hold.record.announce && hold.mls->proposals().items().empty()) {
    hold.record.announce = false;
    enqueue_group_note(hold);
    touch(hold);
  }
  return pump_earlier(hold, link);
}

// ---- members and epochs ----

// Which leaves the people have signed, asked anew when the epoch or a device list has changed.
void Engine::Impl::review(GroupHold& hold) {
  const auto& state = hold.mls->state();
  const std::pair now{state.context.epoch, list_changes_};
  if (hold.reviewed == now) {
    return;
  }
  hold.reviewed = now;
  hold.not_signed.clear();
  hold.awaited = false;
  state.tree.each_member([&](mls::LeafIndex index, const mls::LeafNode& leaf) {
    const auto name = name_of(leaf);
    const auto standing =
        name ? authority_.standing(*name, leaf.signature_key()) : LeafStanding::not_signed;
    if (standing == LeafStanding::awaited) {
      hold.awaited = true;
    } else if (standing != LeafStanding::signed_by_user && index != hold.mls->self()) {
      hold.not_signed.push_back(index);
    }
  });
}

void Engine::Impl::note_epoch(GroupHold& hold) {
  const auto hash =
      crypto_.sha256({as_bytes("unhidra group epoch tag 1"), hold.mls->epoch_authenticator()});
  EpochTag tag{};
  std::copy_n(hash.begin(), tag.size(), tag.begin());
  note_history_epoch(hold);
  crowded_ = true;
  hold.record.tags.emplace_front(hold.mls->context().epoch, tag);
  while (hold.record.tags.size() > limits_.past_epochs + 1) {
    hold.record.tags.pop_back();
  }
  touch(hold);
}

std::string Engine::Impl::epoch_code(const mls::Group& group) const {
  return digits(
      crypto_.sha512({as_bytes("unhidra group epoch code 1"), group.epoch_authenticator()}), 8);
}

// The keys are of no use any more: come in anew.
void Engine::Impl::lose(GroupHold& hold, std::string_view why) {
  discard_step(hold);
  drop_mls(hold);
  hold.record.was_member = true;
  hold.record.state = GroupState::joining;
  auto& link = link_.groups[hold.record.id];
  link.entries.clear();
  link.info.reset();
  touch(hold);
  emit(event::RequestFailed{"group", std::string(error_code(Errc::not_in_group).name),
                            "the group's keys are lost and will be renewed: " + std::string(why)});
}

Status Engine::Impl::depart(GroupHold& hold, GroupState state) {
  discard_step(hold);
  drop_mls(hold);
  end_earlier(hold);
  hold.history = {};
  hold.record.fault.reset();
  hold.record.state = state;
  touch(hold);
  for (const auto order : changes_of(hold.record.id)) {
    finish_change(order, std::string(error_code(Errc::not_in_group).name));
  }
  for (auto at = outbox_.begin(); at != outbox_.end();) {
    const auto& record = (at++)->second;
    if (record.peer.is_nil() && record.conversation == hold.record.id) {
      UNHIDRA_TRY_VOID(give_up(record, std::string(error_code(Errc::not_in_group).name)));
    }
  }
  emit(event::GroupLeft{hold.record.id, state});
  return {};
}

// ---- questions ----

void Engine::Impl::show_name(Conversation& out, ConversationId id) const {
  out.kind = ConversationKind::group;
  if (const auto* hold = find_group(id)) {
    out.name = hold->record.name;
    out.topic = hold->record.topic;
    out.description = hold->record.description;
    out.state = hold->record.state;
  }
}

Result<Group> Engine::Impl::group(ConversationId id) {
  auto* hold = find_group(id);
  if (hold == nullptr) {
    return fail(Errc::not_found, "no such group is known here");
  }
  Group out;
  out.id = id;
  out.name = hold->record.name;
  out.topic = hold->record.topic;
  out.description = hold->record.description;
  out.state = hold->record.state;
  UNHIDRA_TRY_VOID(need_mls(*hold));
  if (!hold->mls || !hold->record.is_member()) {
    return out;
  }
  out.open = is_open_group(hold->mls->context().extensions);
  out.shares_history = hold->history.shared;
  out.history_changed_by = hold->history.by;
  out.history_changed_at = hold->history.at;
  out.has_earlier = hold->history.has_more();
  out.epoch = hold->mls->context().epoch;
  out.epoch_code = epoch_code(*hold->mls);
  std::map<UserId, GroupMember> members;
  hold->mls->state().tree.each_member([&](mls::LeafIndex, const mls::LeafNode& leaf) {
    if (const auto name = name_of(leaf)) {
      auto& member = members[name->user_id];
      member.user = name->user_id;
      member.devices.push_back(name->device_id);
      member.unsigned_device =
          member.unsigned_device ||
          authority_.standing(*name, leaf.signature_key()) != LeafStanding::signed_by_user;
    }
  });
  for (auto& [user, member] : members) {
    out.members.push_back(std::move(member));
  }
  return out;
}

}  // namespace unhidra::client
