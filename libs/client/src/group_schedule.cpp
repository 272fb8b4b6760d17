// Which group is looked at when. A step looks at those in which there may be something to do, and
// at no others; logs that are to be read wait in the order in which a person will look at them.

#include "engine_impl.h"

namespace unhidra::client {

Status Engine::Impl::put_first(std::span<const ConversationId> shown) {
  const auto most = shown.first(std::min(shown.size(), limits_.max_first));
  first_.assign(most.begin(), most.end());
  for (const auto& id : first_) {
    stir(id);
  }
  return {};
}

Status Engine::Impl::pump_groups() {
  if (!may_use_groups()) {
    return {};
  }
  UNHIDRA_TRY_VOID(pump_key_packages());
  begin_listed();
  stir_unfinished();
  auto stirred = std::exchange(link_.stirred, {});
  for (const auto& id : first_) {
    if (stirred.erase(id) != 0) {
      UNHIDRA_TRY_VOID(visit(id));
    }
  }
  for (const auto& id : stirred) {
    UNHIDRA_TRY_VOID(visit(id));
  }
  fetch_group_logs();
  return {};
}

Status Engine::Impl::visit(ConversationId id) {
  auto* hold = find_group(id);
  if (hold == nullptr) {
    return {};
  }
  UNHIDRA_TRY_VOID(pump_group(*hold));
  note_unsettled(*hold);
  if (is_unfinished(*hold)) {
    stir(id);
  }
  return {};
}

// Groups that the server lists and that this device is not in: it is to come in. A Welcome in the
// inbox is the better way.
void Engine::Impl::begin_listed() {
  if (!is_inbox_drained() || !link_.conversations_known) {
    return;
  }
  for (const auto& id : std::exchange(link_.unknown, {})) {
    const auto* known = find_group(id);
    if (known == nullptr || known->record.is_gone()) {
      auto& hold = hold_group(id);
      hold.record.state = GroupState::joining;
      hold.record.was_member = false;
      hold.record.step.reset();
    }
  }
}

// What an earlier connection has left, and what a device list that is new may change anywhere.
void Engine::Impl::stir_unfinished() {
  if (!std::exchange(link_.groups_begun, true)) {
    for (const auto& [id, hold] : groups_) {
      if (is_unfinished(hold)) {
        stir(id);
      }
    }
    for (const auto& id : first_) {
      stir(id);
    }
  }
  if (std::exchange(reviewed_lists_, list_changes_) != list_changes_) {
    review_all();
  }
}

// Groups whose states are not read have their turns in pump_background().
void Engine::Impl::review_all() {
  for (const auto& [id, hold] : groups_) {
    if (hold.in_store) {
      unreviewed_.insert(id);
    } else if (hold.record.is_member()) {
      stir(id);
    }
  }
  progress_.review_groups = !unreviewed_.empty();
}

// A program that ended before all had their turns begins with all of them anew.
void Engine::Impl::resume_review() {
  unreviewed_.clear();
  if (progress_.review_groups) {
    review_all();
  }
}

bool Engine::Impl::is_unsettled(const GroupHold& hold) const {
  return hold.mls ? !hold.not_signed.empty() || !hold.mls->proposals().items().empty()
                  : hold.in_store && hold.record.unsettled;
}

// Kept, so that the state need not be read to know it.
void Engine::Impl::note_unsettled(GroupHold& hold) {
  const bool now = is_unsettled(hold);
  if (hold.record.unsettled != now) {
    hold.record.unsettled = now;
    touch(hold);
  }
}

// Whether a group needs to be looked at again without a further reason.
bool Engine::Impl::is_unfinished(const GroupHold& hold) const {
  const auto& record = hold.record;
  if (record.is_gone()) {
    return false;
  }
  const bool busy = record.state != GroupState::active || record.step || record.channel ||
                    record.announce || is_unsettled(hold);
  const auto link = link_.groups.find(record.id);
  const bool reads =
      link != link_.groups.end() && (!link->second.entries.empty() || link->second.earlier);
  return busy || reads || has_changes(record.id);
}

bool Engine::Impl::is_first(ConversationId id) const {
  return std::ranges::find(first_, id) != first_.end();
}

// What the list does not name this device may have left, or never been in: its log tells.
void Engine::Impl::stir_unlisted() {
  for (const auto& [id, hold] : groups_) {
    if (hold.record.is_member() && !link_.groups[id].head_known) {
      stir(id);
    }
  }
}

// ---- their logs ----

bool Engine::Impl::wants_log(const GroupHold& hold, const GroupLink& link) const {
  if (!link.entries.empty()) {
    return false;
  }
  // What is open does not wait for the list.
  const bool open = !first_.empty() && first_.front() == hold.record.id;
  const bool told = link.head_known || !(link_.conversations_known || open);
  return !told || link.head > hold.record.cursor;
}

void Engine::Impl::want_log(const GroupHold& hold, GroupLink& link) {
  const auto id = hold.record.id;
  const auto asked = link_.questions.find({Ask::group_log, id.uuid()});
  if (asked != link_.questions.end() && asked->second.in_flight) {
    return;
  }
  if (link.rank == 0 && !is_first(id) && link_.conversations_known && !link.head_known) {
    link.rank = ++link_.ranks;
  }
  link_.behind.emplace(link.rank, id);
}

// Those that are shown at once, the others a few at a time, so that the answer for what is shown
// next has a short way.
void Engine::Impl::fetch_group_logs() {
  if (link_.behind.empty()) {
    return;
  }
  for (const auto& id : first_) {
    const auto link = link_.groups.find(id);
    if (link == link_.groups.end()) {
      continue;  // no group
    }
    const auto at = link_.behind.find({link->second.rank, id});
    if (at != link_.behind.end() && fetch_group_log(id)) {
      link_.behind.erase(at);
    }
  }
  auto under_way = static_cast<std::size_t>(std::ranges::count_if(
      link_.pending, [](const auto& one) { return one.second.question.ask == Ask::group_log; }));
  for (auto at = link_.behind.begin();
       at != link_.behind.end() && under_way < limits_.max_group_logs;) {
    if (fetch_group_log(at->second)) {
      at = link_.behind.erase(at);
      ++under_way;
    } else {
      ++at;
    }
  }
}

// Answers whether it waits no longer.
bool Engine::Impl::fetch_group_log(ConversationId id) {
  const auto* hold = find_group(id);
  if (hold == nullptr || !hold->record.is_member() || !wants_log(*hold, link_.groups[id])) {
    return true;
  }
  const Question question{Ask::group_log, id.uuid()};
  if (!requests_.may_ask(question)) {
    return false;
  }
  requests_.ask(question, wire::FetchGroupLog{id, hold->record.cursor, limits_.group_log_page});
  return true;
}

bool Engine::Impl::groups_idle() const {
  if (!may_use_groups()) {
    return true;
  }
  return link_.behind.empty() && std::ranges::all_of(link_.stirred, [&](const auto& id) {
           const auto* hold = find_group(id);
           if (hold == nullptr || hold->record.is_gone()) {
             return true;
           }
           const auto link = link_.groups.find(id);
           const bool settled = link == link_.groups.end() ||
                                (link->second.entries.empty() && !link->second.earlier &&
                                 link->second.head <= hold->record.cursor);
           return hold->record.is_member() && !hold->record.step && settled;
         });
}

// ---- what is in no hurry ----

bool Engine::Impl::is_renewal_due(const GroupRecord& record) const {
  return record.state == GroupState::active && !record.step &&
         clock_.now() - record.leaf_updated_at > limits_.leaf_update_age;
}

// One group a tick: whoever was away for long has the keys of all to renew, and a new device list
// may concern any. Before a message is sent its group is looked at in any case.
Status Engine::Impl::pump_background() {
  if (!may_use_groups() || !link_.behind.empty()) {
    return {};
  }
  while (!unreviewed_.empty()) {
    progress_.review_groups = unreviewed_.size() > 1;
    auto* hold = find_group(unreviewed_.extract(unreviewed_.begin()).value());
    if (hold != nullptr && hold->in_store) {
      stir(hold->record.id);
      return need_mls(*hold);
    }
  }
  const auto due = [&](const auto& one) { return is_renewal_due(one.second.record); };
  const auto behind_last = groups_.upper_bound(last_renewal_);
  auto next = std::find_if(behind_last, groups_.end(), due);
  if (next == groups_.end()) {
    next = std::find_if(groups_.begin(), behind_last, due);
    if (next == behind_last) {
      return {};
    }
  }
  last_renewal_ = next->first;
  stir(next->first);
  return {};
}

}  // namespace unhidra::client
