// A group begun anew in the place of one in which nobody can go on: the same people, other keys.
// Whoever was a member comes in by itself; nobody else can (docs/security.md, "Groups").

#include "engine_impl.h"
#include "record_codec.h"

namespace unhidra::client {

namespace {

// The conversation's id, then how often the group was begun anew, where it was.
Bytes next_group_id(ConversationId id, ByteView present) {
  ByteReader number(present.subspan(std::min(present.size(), id.bytes().size())));
  ByteWriter out(20);
  write_id(out, id);
  out.u32(number.remaining() == 0 ? 1 : number.u32() + 1);
  return std::move(out).take();
}

}  // namespace

Result<std::uint64_t> Engine::Impl::reset_group(ConversationId id) {
  auto* hold = find_group(id);
  if (hold == nullptr) {
    return fail(Errc::not_found, "no such group is known here");
  }
  UNHIDRA_TRY_VOID(need_mls(*hold));
  // Who belongs to it, this device knows from the group itself and from nobody else.
  if (!hold->mls || hold->record.state != GroupState::active) {
    return fail(Errc::not_in_group, "this device is not in the group: another member can do it");
  }
  auto people = users_of(hold->mls->state().tree);
  auto devices = devices_of(hold->mls->state().tree);
  const auto& before = hold->mls->context();
  UNHIDRA_TRY(auto group, new_group(next_group_id(id, before.group_id), before.extensions));
  discard_step(*hold);
  drop_mls(*hold);
  link_.groups[id].returning = std::move(devices);
  hold->record.expected = std::move(people);
  hold->record.joined_epoch = 0;
  UNHIDRA_TRY_VOID(begin_group(*hold, std::move(group), GroupStep::Kind::reset));
  touch(*hold);
  return hold->record.step->number;
}

void Engine::Impl::send_reset(const GroupHold& hold, const Question& question) {
  const auto& record = hold.record;
  wire::ResetGroup body{record.id, record.cursor, record.step->group_info, record.step->tree, {}};
  body.member_user_ids.assign(record.expected.begin(), record.expected.end());
  requests_.ask(question, std::move(body)).number = record.step->number;
}

Status Engine::Impl::on_reset_accepted(GroupHold& hold, const wire::Accepted& accepted) {
  const auto number = hold.record.step->number;
  auto& link = link_.groups[hold.record.id];
  hold.record.state = GroupState::active;
  hold.record.step.reset();
  hold.record.cursor = accepted.seq;
  hold.record.announce = true;
  link.entries.clear();
  link.head_known = false;
  link.anew = clock_.steady_now();
  touch(hold);
  emit(event::GroupReset{hold.record.id, self_->user});
  emit(event::GroupChangeDone{hold.record.id, number, {}});
  return forget_ciphertexts(hold);
}

// Somebody has begun the group anew, because nobody could go on in it. Whoever was a member comes
// in again; nobody else may be found there.
void Engine::Impl::on_reset(GroupHold& hold, const wire::GroupEntry& entry) {
  if (entry.sender_device_id == self_->device) {
    return;  // this device began it
  }
  auto& link = link_.groups[hold.record.id];
  link.anew = clock_.steady_now();
  link.returning = devices_of(hold.mls->state().tree);
  hold.record.expected = users_of(hold.mls->state().tree);
  lose(hold, "the group was begun anew");
  hold.record.was_member = false;  // its epochs are counted anew
  hold.record.last_rejoin = {};
  emit(event::GroupReset{hold.record.id, entry.sender_user_id.value_or(UserId())});
}

// Who is not in yet cannot read what is written now: for a while everybody writes to all or not at
// all, not only whoever began the group.
bool Engine::Impl::waits_for_return(const GroupHold& hold, const GroupLink& link) const {
  if (!link.anew || clock_.steady_now() - *link.anew >= limits_.reset_patience) {
    return false;
  }
  const auto& tree = hold.mls->state().tree;
  return !std::ranges::includes(users_of(tree), hold.record.expected) ||
         !std::ranges::includes(devices_of(tree), link.returning);
}

// The group has moved on, or the server does not take it: back into the group as it is.
void Engine::Impl::reset_failed(GroupHold& hold, std::string failure) {
  const auto number = hold.record.step->number;
  lose(hold, "it was not begun anew");
  hold.record.expected.clear();
  hold.record.last_rejoin = {};
  emit(event::GroupChangeDone{hold.record.id, number, std::move(failure)});
}

// Made for an epoch whose keys are gone.
Status Engine::Impl::forget_ciphertexts(const GroupHold& hold) {
  for (auto& [order, record] : outbox_) {
    if (record.peer.is_nil() && record.conversation == hold.record.id &&
        !record.ciphertexts.empty()) {
      record.ciphertexts.clear();
      save(record);
    }
  }
  return {};
}

Result<std::uint64_t> Engine::reset_group(ConversationId group) {
  return impl_->command([&] { return impl_->reset_group(group); });
}

}  // namespace unhidra::client
