// What the server answers to what was sent: accepted, sent for other devices than there are, or
// refused.

#include "engine_impl.h"

namespace unhidra::client {

namespace {

constexpr std::size_t kMaxExpected = 64;
constexpr std::uint32_t kControlAttempts = 4;
constexpr std::string_view kStaleDevices = "client.stale_devices";

}  // namespace

Status Engine::Impl::on_send_outcome(const PendingRequest& request,
                                     const wire::SendOutcome& outcome) {
  const auto found = outbox_.find(request.number);
  if (found == outbox_.end()) {
    return {};
  }
  if (const auto* accepted = std::get_if<wire::Accepted>(&outcome.result)) {
    return on_accepted(found->second, *accepted);
  }
  if (const auto* stale = std::get_if<wire::StaleDevices>(&outcome.result)) {
    return on_stale(found->second, *stale);
  }
  return try_later(found->second, std::string(error_code(Errc::bad_frame).name), 0);
}

Status Engine::Impl::on_accepted(const OutboxRecord& record, const wire::Accepted& accepted) {
  auto& conversation = conversations_.at(record.conversation);
  conversation.note_seq(accepted.seq);
  if (record.index) {
    UNHIDRA_TRY(auto stored, stored_at(record.conversation, *record.index));
    if (stored) {
      auto& message = stored->message;
      message.seq = accepted.seq;
      message.received_at = accepted.received_at;
      message.state = MessageState::sent;
      message.failure.clear();
      conversation.last_activity = std::max(conversation.last_activity, accepted.received_at);
      save(*stored);
      emit(event::MessageStateChanged{show(*stored)});
    }
  } else if (!record.target) {
    UNHIDRA_TRY_VOID(settle_action(record, accepted));
  }
  save(conversation);
  link_.send_not_before.erase(record.order);
  link_.stale_rounds.erase(record.order);
  tx_.remove(Table::outbox, record.record_key());
  outbox_.erase(record.order);
  return {};
}

// The server says who lacks a ciphertext and who may not have one. It is believed about whom it
// delivers to; whom this device encrypts for, the signed lists decide.
Status Engine::Impl::on_stale(OutboxRecord& record, const wire::StaleDevices& stale) {
  for (const auto& device : stale.extra_device_ids) {
    for (const auto& user : {record.peer, self_->user}) {
      auto& owner = user_record(user);
      if (owner.list && owner.list->find(device) != nullptr) {
        const bool news = owner.revoked.insert(device).second;
        save(owner);
        if (news && user == self_->user) {
          share_account_key();
        }
      }
    }
  }
  for (const auto& missing : stale.missing) {
    const bool own = missing.user_id == self_->user;
    if (!own && missing.user_id != record.peer) {
      if (link_.ghosts.insert(missing.device_id).second) {
        emit(event::GhostDevice{missing.user_id, missing.device_id});
      }
      continue;
    }
    if (link_.expected.size() < kMaxExpected) {
      link_.expected.push_back(missing);
    }
    want_newer_list(missing.user_id);
  }
  if (++link_.stale_rounds[record.order] <= limits_.max_stale_rounds) {
    return {};
  }
  link_.stale_rounds.erase(record.order);
  return try_later(record, std::string(kStaleDevices), 0);
}

Status Engine::Impl::on_send_error(const PendingRequest& request, const wire::Error& error) {
  requests_.settle(request.question);
  const auto found = outbox_.find(request.number);
  if (found == outbox_.end()) {
    return {};
  }
  const bool retryable =
      error.status == 401 || error.status == 408 || error.status == 429 || error.status >= 500;
  if (!retryable) {
    return give_up(found->second, error.code);
  }
  return try_later(found->second, error.code, error.retry_after_ms);
}

Status Engine::Impl::try_later(OutboxRecord& record, std::string failure,
                               std::uint32_t retry_after_ms) {
  ++record.attempts;
  if (record.attempts >= (record.target ? kControlAttempts : limits_.max_send_attempts)) {
    return give_up(record, std::move(failure));
  }
  link_.send_not_before[record.order] =
      clock_.steady_now() + std::max(requests_.delay_after(record.attempts - 1),
                                     std::chrono::milliseconds(retry_after_ms));
  save(record);
  return set_state(record, MessageState::queued, std::move(failure));
}

Status Engine::Impl::give_up(const OutboxRecord& record, std::string failure) {
  UNHIDRA_TRY_VOID(set_state(record, MessageState::failed, std::move(failure)));
  const auto order = record.order;
  tx_.remove(Table::outbox, record.record_key());
  link_.send_not_before.erase(order);
  link_.stale_rounds.erase(order);
  outbox_.erase(order);
  return {};
}

}  // namespace unhidra::client
