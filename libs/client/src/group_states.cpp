// The MLS states of groups: in the store, read when something in the group needs them, and closed
// again when there are many.

#include <algorithm>

#include "engine_impl.h"

namespace unhidra::client {

Status Engine::Impl::load_groups() {
  groups_.clear();
  changes_.clear();
  changes_of_.clear();
  key_packages_.clear();
  dirty_groups_.clear();
  UNHIDRA_TRY(const auto groups, tx_.load(Table::group));
  for (const auto& stored : groups) {
    UNHIDRA_TRY(auto record, GroupRecord::decode(stored.value.expose()));
    auto& hold = groups_[record.id];
    hold.in_store = record.has_keys();
    hold.record = std::move(record);
  }
  resume_review();
  UNHIDRA_TRY(const auto histories, tx_.load(Table::group_history));
  for (const auto& stored : histories) {
    UNHIDRA_TRY(auto record, GroupHistoryRecord::decode(stored.value.expose()));
    const auto found = groups_.find(record.id);
    if (found != groups_.end()) {
      found->second.history = std::move(record);
    }
  }
  UNHIDRA_TRY(const auto changes, tx_.load(Table::group_change));
  for (const auto& stored : changes) {
    UNHIDRA_TRY(auto change, GroupChange::decode(stored.value.expose()));
    add_change(std::move(change));
  }
  UNHIDRA_TRY(const auto key_packages, tx_.load(Table::key_package));
  for (const auto& stored : key_packages) {
    UNHIDRA_TRY(auto record, KeyPackageRecord::decode(stored.value.expose()));
    key_packages_.emplace(stored.key, std::move(record));
  }
  return {};
}

// The MLS state of a group stays in the store until something in it needs it.
Status Engine::Impl::need_mls(GroupHold& hold) {
  hold.used = ++uses_;
  if (hold.mls || !hold.in_store) {
    return {};
  }
  auto group = mls::Group::restore(crypto_, [&](ByteView key) {
    return tx_.get(Table::group_state, group_state_key(hold.record.id, key));
  });
  if (!group) {
    return fail(Errc::corrupt_store, "a stored group cannot be read: " + group.error().message());
  }
  hold.mls.emplace(std::move(*group));
  hold.in_store = false;
  crowded_ = true;
  return {};
}

// Those that were used last stay in memory; of the others all is in the store. Called between two
// steps.
void Engine::Impl::close_states() {
  if (!std::exchange(crowded_, false)) {
    return;
  }
  std::vector<GroupHold*> open;
  std::size_t leaves = 0;
  for (auto& [id, hold] : groups_) {
    if (hold.mls) {
      leaves += hold.mls->state().tree.leaf_count();
      open.push_back(&hold);
    }
  }
  std::ranges::sort(open, {}, [](const GroupHold* hold) { return hold->used; });
  for (auto at = open.begin(); leaves > limits_.max_open_leaves && at != open.end(); ++at) {
    auto& hold = **at;
    const bool wanted = link_.stirred.contains(hold.record.id) || hold.record.step ||
                        !hold.record.is_member() || hold.used == uses_;
    if (!wanted) {
      leaves -= hold.mls->state().tree.leaf_count();
      hold.mls.reset();
      hold.in_store = true;
    }
  }
}

// Each changed group once a step, however often it changed.
Status Engine::Impl::flush_groups() {
  for (const auto& id : std::exchange(dirty_groups_, {})) {
    auto& hold = groups_.at(id);
    tx_.put(Table::group, id.bytes(), hold.record.encode());
    if (std::exchange(hold.history_dirty, false)) {
      hold.history.id = id;
      tx_.put(Table::group_history, id.bytes(), hold.history.encode());
    }
    if (!hold.mls) {
      continue;
    }
    for (auto& change : hold.mls->take_changes()) {
      if (change.value) {
        tx_.put(Table::group_state, group_state_key(id, change.key), std::move(*change.value));
      } else {
        tx_.remove(Table::group_state, group_state_key(id, change.key));
      }
    }
  }
  return {};
}

// Also of a state that nobody has read yet: what stayed in the store would come back from there.
void Engine::Impl::drop_mls(GroupHold& hold) {
  if (!hold.mls && !hold.in_store) {
    return;
  }
  if (need_mls(hold)) {  // else it cannot be read by anybody
    for (const auto& key : hold.mls->record_keys()) {
      tx_.remove(Table::group_state, group_state_key(hold.record.id, key));
    }
  }
  hold.mls.reset();
  hold.in_store = false;
  hold.record.tags.clear();
  hold.history.keys.clear();
  touch_history(hold);
  hold.reviewed = {UINT64_MAX, 0};
  touch(hold);
}

}  // namespace unhidra::client
