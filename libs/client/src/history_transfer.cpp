// History for a new own device: it asks, a person compares a code, the old device gives
// (docs/security.md, "History for a new device"). Both sides go on after any break: what was made
// waits in the outbox, what was taken is counted in the store.

#include "engine_impl.h"

namespace unhidra::client {

namespace {

constexpr std::uint64_t kNoteEvery = 2;  // chunks
constexpr std::string_view kCancelled = "client.history_cancelled";

}  // namespace

Status Engine::Impl::load_history() {
  transfers_.clear();
  UNHIDRA_TRY(const auto records, tx_.load(Table::history));
  for (const auto& stored : records) {
    if (stored.key.size() == DeviceId().bytes().size()) {
      UNHIDRA_TRY(auto record, HistoryRecord::decode(stored.value.expose()));
      const auto other = record.other;
      transfers_.emplace(other, std::move(record));
    }
  }
  return {};
}

void Engine::Impl::save(const HistoryRecord& record) {
  tx_.put(Table::history, record.other.bytes(), record.encode());
}

HistoryPairing Engine::Impl::pairing(const HistoryRecord& record) const {
  HistoryPairing out;
  out.id = record.id;
  const auto& list = users_.at(self_->user).list;
  const auto* other = list ? list->find(record.other) : nullptr;
  const auto theirs = other != nullptr ? *other : identity::DeviceKeys{};
  out.receiver = record.receiving ? self_->keys() : theirs;
  out.giver = record.receiving ? theirs : self_->keys();
  out.receiver_nonce = record.receiver_nonce;
  out.giver_nonce = record.giver_nonce;
  return out;
}

HistoryTransfer Engine::Impl::view(const HistoryRecord& record) const {
  HistoryTransfer out{record.other, record.receiving, record.state, {}, record.messages};
  // The old device does not show it: it is typed there.
  if (record.receiving && record.state == HistoryState::comparing) {
    out.code = history_code(crypto_, pairing(record));
  }
  return out;
}

void Engine::Impl::send_history(const HistoryRecord& record, wire::HistoryStage stage,
                                ByteView value, std::uint64_t number, bool again) {
  wire::Content content;
  content.body = wire::HistoryTransfer{record.id, stage, to_bytes(value), number, again};
  enqueue_control(self_->user, record.other, std::move(content));
}

void Engine::Impl::set_history(HistoryRecord& record, HistoryState state, std::string failure) {
  record.state = state;
  record.changed_at = clock_.now();
  if (state >= HistoryState::done) {
    tx_.remove(Table::history, history_plan_key(record.other));
    for (std::uint64_t i = 0; i < record.staged; ++i) {
      tx_.remove(Table::history_stage, history_stage_key(record.other, i));
    }
    record.staged = 0;
    drop_kept_effects(record);
    record.cursors.clear();
    plans_.erase(record.other);
  }
  save(record);
  emit(event::HistoryTransferChanged{view(record), std::move(failure)});
}

// Told to the other device, so that it does not wait.
void Engine::Impl::end_history(HistoryRecord& record, std::string failure) {
  if (record.state < HistoryState::done) {
    send_history(record, wire::HistoryStage::end, {}, 0, false);
    set_history(record, HistoryState::failed, std::move(failure));
  }
}

Result<const identity::DeviceKeys*> Engine::Impl::own_device(DeviceId device) const {
  if (progress_.membership != Membership::approved) {
    return fail(Errc::not_approved, "this device is not approved itself");
  }
  const auto& list = users_.at(self_->user).list;
  const auto* keys = list ? list->find(device) : nullptr;
  if (keys == nullptr || device == self_->device) {
    return fail(Errc::not_found, "no other device of this account has that id");
  }
  return keys;
}

// ---- what a person asks for ----

Status Engine::Impl::request_history(DeviceId from) {
  UNHIDRA_TRY_VOID(own_device(from));
  for (auto& [other, record] : transfers_) {
    if (record.receiving || other == from) {
      end_history(record, std::string(kCancelled));
    }
  }
  HistoryRecord record;
  record.other = from;
  record.receiving = true;
  random_.fill(record.id);
  random_.fill(record.receiver_nonce);
  record.commitment = history_commitment(crypto_, pairing(record));
  send_history(record, wire::HistoryStage::request, record.commitment, 0, false);
  set_history(transfers_[from] = std::move(record), HistoryState::asked, {});
  return {};
}

Status Engine::Impl::approve_history(DeviceId to, std::string_view code) {
  UNHIDRA_TRY_VOID(own_device(to));
  const auto found = transfers_.find(to);
  if (found == transfers_.end() || found->second.receiving ||
      found->second.state != HistoryState::comparing) {
    return fail(Errc::not_found, "that device has not asked for history");
  }
  auto& record = found->second;
  if (clock_.now() - record.changed_at > limits_.history_code_life) {
    end_history(record, std::string(error_code(Errc::wrong_code).name));
    return {};
  }
  if (!is_history_code(code, history_code(crypto_, pairing(record)))) {
    // One guess: who sits in between gets no second.
    end_history(record, std::string(error_code(Errc::wrong_code).name));
    return {};
  }
  auto& plan = plans_[to] = plan_history();
  tx_.put(Table::history, history_plan_key(to), plan.encode());
  record.cursors = {HistoryCursor{}};
  set_history(record, HistoryState::running, {});
  return {};
}

Status Engine::Impl::cancel_history(DeviceId other) {
  const auto found = transfers_.find(other);
  if (found == transfers_.end() || found->second.state >= HistoryState::done) {
    return fail(Errc::not_found, "no history is on its way to or from that device");
  }
  end_history(found->second, std::string(kCancelled));
  return {};
}

std::vector<HistoryTransfer> Engine::Impl::history_transfers() const {
  std::vector<HistoryTransfer> out;
  for (const auto& [other, record] : transfers_) {
    out.push_back(view(record));
  }
  return out;
}

// ---- what the other device tells ----

Status Engine::Impl::on_history(const wire::InboxEntry& entry, const wire::HistoryTransfer& told) {
  const auto from = entry.sender_device_id;
  if (entry.sender_user_id != self_->user || !own_device(from)) {
    return {};
  }
  if (told.stage == wire::HistoryStage::request) {
    on_history_request(from, told);
    return {};
  }
  const auto found = transfers_.find(from);
  if (found == transfers_.end() || found->second.id != told.transfer_id) {
    return {};  // of one that is over
  }
  if (found->second.state >= HistoryState::done) {
    if (found->second.state == HistoryState::done && told.stage == wire::HistoryStage::chunk) {
      send_history(found->second, wire::HistoryStage::next, {}, found->second.next, false);
    }
    return {};
  }
  auto& record = found->second;
  const bool to_receiver =
      told.stage == wire::HistoryStage::challenge || told.stage == wire::HistoryStage::chunk;
  switch (told.stage) {
    case wire::HistoryStage::end:
      set_history(record, HistoryState::failed, std::string(kCancelled));
      return {};
    case wire::HistoryStage::challenge:
    case wire::HistoryStage::chunk:
    case wire::HistoryStage::reveal:
    case wire::HistoryStage::next:
      break;
    default:
      return {};
  }
  if (record.receiving != to_receiver) {
    return {};
  }
  if (told.stage == wire::HistoryStage::chunk) {
    return on_history_chunk(record, told);
  }
  if (told.stage == wire::HistoryStage::next) {
    on_history_next(record, told);
    return {};
  }
  if (record.state == HistoryState::asked && told.value.size() == HistoryNonce().size()) {
    on_history_nonce(record, told);
  }
  return {};
}

void Engine::Impl::on_history_request(DeviceId from, const wire::HistoryTransfer& told) {
  const auto known = transfers_.find(from);
  if (told.value.size() != HistoryNonce().size() ||
      (known != transfers_.end() && known->second.id == told.transfer_id)) {
    return;
  }
  if (known != transfers_.end() && known->second.state < HistoryState::done) {
    set_history(known->second, HistoryState::failed, std::string(kCancelled));
  }
  HistoryRecord record;
  record.id = told.transfer_id;
  record.other = from;
  std::ranges::copy(told.value, record.commitment.begin());
  random_.fill(record.giver_nonce);
  send_history(record, wire::HistoryStage::challenge, record.giver_nonce, 0, false);
  set_history(transfers_[from] = std::move(record), HistoryState::asked, {});
}

void Engine::Impl::on_history_nonce(HistoryRecord& record, const wire::HistoryTransfer& told) {
  auto& nonce = record.receiving ? record.giver_nonce : record.receiver_nonce;
  std::ranges::copy(told.value, nonce.begin());
  if (record.receiving) {
    send_history(record, wire::HistoryStage::reveal, record.receiver_nonce, 0, false);
  } else if (history_commitment(crypto_, pairing(record)) != record.commitment) {
    end_history(record, std::string(error_code(Errc::wrong_code).name));
    return;
  }
  set_history(record, HistoryState::comparing, {});
}

Status Engine::Impl::on_history_chunk(HistoryRecord& record, const wire::HistoryTransfer& told) {
  if (record.state != HistoryState::comparing && record.state != HistoryState::running) {
    return {};
  }
  if (told.number != record.next) {
    // One before it was lost, or it comes a second time.
    send_history(record, wire::HistoryStage::next, {}, record.next, told.number > record.next);
    return {};
  }
  if (record.state == HistoryState::comparing) {
    set_history(record, HistoryState::running, {});
  }
  link_.history_since[record.other] = clock_.steady_now();
  ++record.next;
  UNHIDRA_TRY(const auto finished, take_chunk(record, told.value));
  if (!finished) {
    end_history(record, std::string(error_code(Errc::bad_frame).name));
    return {};
  }
  if (*finished || record.next % kNoteEvery == 0) {
    send_history(record, wire::HistoryStage::next, {}, record.next, false);
  }
  if (*finished) {
    set_history(record, HistoryState::done, {});
  } else {
    save(record);
    emit(event::HistoryTransferChanged{view(record), {}});
  }
  return {};
}

void Engine::Impl::on_history_next(HistoryRecord& record, const wire::HistoryTransfer& told) {
  if (record.state != HistoryState::running || told.number < record.next ||
      told.number >= record.next + record.cursors.size()) {
    return;
  }
  while (record.next < told.number) {
    record.cursors.pop_front();
    ++record.next;
  }
  record.messages = record.cursors.front().messages;
  link_.history_since[record.other] = clock_.steady_now();
  if (told.again && !history_under_way(record)) {
    record.cursors.resize(1);
  }
  if (record.cursors.front().finished) {
    set_history(record, HistoryState::done, {});
  } else {
    save(record);
    emit(event::HistoryTransferChanged{view(record), {}});
  }
}

// ---- by itself ----

Status Engine::Impl::pump_history() {
  for (auto& [other, record] : transfers_) {
    if (record.state >= HistoryState::done) {
      continue;
    }
    if (!own_device(other)) {
      if (progress_.membership == Membership::approved) {
        set_history(record, HistoryState::failed, std::string(kCancelled));  // it was removed
      }
      continue;
    }
    if (record.state != HistoryState::running) {
      continue;
    }
    if (record.receiving) {
      ask_for_history(record);
    } else {
      UNHIDRA_TRY_VOID(give_history(record));
    }
  }
  return {};
}

// Asks again when nothing has come for a while.
void Engine::Impl::ask_for_history(HistoryRecord& record) {
  if (!link_.inbox.empty() || link_.inbox_head > progress_.inbox_cursor) {
    return;
  }
  const auto now = clock_.steady_now();
  const auto [since, fresh] = link_.history_since.try_emplace(record.other, now);
  if (!fresh && now - since->second < limits_.history_patience) {
    return;
  }
  since->second = now;
  send_history(record, wire::HistoryStage::next, {}, record.next, true);
}

bool Engine::Impl::history_under_way(const HistoryRecord& record) const {
  return std::ranges::any_of(outbox_,
                             [&](const auto& one) { return one.second.target == record.other; });
}

// Made once more when nobody has taken it for a while.
void Engine::Impl::repeat_history(HistoryRecord& record) {
  const auto now = clock_.steady_now();
  const auto since = link_.history_since.try_emplace(record.other, now).first;
  if (record.cursors.size() > 1 && now - since->second >= limits_.history_patience &&
      !history_under_way(record)) {
    since->second = now;
    record.cursors.resize(1);
  }
}

Status Engine::Impl::give_history(HistoryRecord& record) {
  repeat_history(record);
  auto plan = plans_.find(record.other);
  if (plan == plans_.end()) {
    UNHIDRA_TRY(const auto stored, tx_.get(Table::history, history_plan_key(record.other)));
    if (!stored) {
      return fail(Errc::corrupt_store, "the plan of a history is missing");
    }
    UNHIDRA_TRY(auto decoded, HistoryPlan::decode(stored->expose()));
    plan = plans_.emplace(record.other, std::move(decoded)).first;
  }
  bool made = false;
  while (!record.cursors.back().finished && record.cursors.size() <= limits_.history_window &&
         outbox_.size() < limits_.max_outbox) {
    auto cursor = record.cursors.back();
    UNHIDRA_TRY(const auto chunk, make_chunk(plan->second, cursor));
    const auto number = record.next + record.cursors.size() - 1;
    send_history(record, wire::HistoryStage::chunk, chunk.expose(), number, false);
    record.cursors.push_back(cursor);
    made = true;
  }
  if (made) {
    save(record);
  }
  return {};
}

// ---- the doors ----

Status Engine::request_history(DeviceId from) {
  return impl_->command([&] { return impl_->request_history(from); });
}
Status Engine::approve_history(DeviceId to, std::string_view code) {
  return impl_->command([&] { return impl_->approve_history(to, code); });
}
Status Engine::cancel_history(DeviceId other) {
  return impl_->command([&] { return impl_->cancel_history(other); });
}
Result<std::vector<HistoryTransfer>> Engine::history_transfers() const {
  UNHIDRA_TRY_VOID(impl_->need_enrolled());
  return impl_->history_transfers();
}

}  // namespace unhidra::client
