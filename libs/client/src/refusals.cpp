// What the server refuses, and what follows.

#include "unhidra/wire/frames.h"

#include "engine_impl.h"

namespace unhidra::client {

namespace {

constexpr identity::PreKeyId kSkippedIds = 1000;

bool is_retryable(const wire::Error& error) {
  return error.status == 429 || error.status == 408 || error.status >= 500 || error.status == 0;
}

}  // namespace

Status Engine::Impl::refuse(const PendingRequest& request, const wire::Error& error) {
  if (error.status == 401) {
    report("connection", error);
    staged_.reconnect = true;
  }
  if (error.status == 404 && nothing_there(request)) {
    requests_.settle(request.question);
    return on_nothing_there(request);
  }
  requests_.back_off(request.question, error.retry_after_ms);
  switch (request.question.ask) {
    case Ask::publish_list:
      return on_list_refused(error);
    case Ask::device_lists:
      requests_.settle(request.question);
      for (const auto& user : request.people) {
        requests_.back_off({Ask::device_list, user.uuid()}, error.retry_after_ms);
      }
      return {};
    case Ask::bundles:
      for (const auto& device : request.devices) {
        link_.no_bundle[device] =
            clock_.steady_now() +
            std::max(requests_.delay_after(6), std::chrono::milliseconds(error.retry_after_ms));
      }
      return {};
    case Ask::open_conversation:
      return on_conversation_refused(UserId(request.question.id), error);
    case Ask::log:
      // A log that cannot be had must not stop everything else.
      if (!is_retryable(error) || link_.questions[request.question].failures > 2) {
        link_.logs.erase(ConversationId(request.question.id));
      }
      return {};
    case Ask::send:
      return on_send_error(request, error);
    case Ask::typing:
      requests_.settle(request.question);
      return {};
    case Ask::report_receipts:
      if (is_retryable(error)) {
        link_.reported.clear();
        return {};
      }
      return on_reported();  // an older server
    case Ask::withdraw_receipts:
      progress_.withdraw_receipts = is_retryable(error);
      return {};
    case Ask::receipt_counts:
      return {};
    case Ask::set_presence:
    case Ask::watch_presence:
      presence_.on_refused(request, is_retryable(error));
      return {};
    case Ask::place:
      requests_.settle(request.question);
      emit(event::PlaceAnswer{request.number, error.code, error.message, error.status, {}});
      return {};
    case Ask::create_channel:
      if (!is_retryable(error)) {
        requests_.settle(request.question);
        on_channel_created(ConversationId(request.question.id), error.code);
      }
      return {};
    case Ask::default_channels:
      progress_.join_defaults = is_retryable(error);
      return {};
    case Ask::renamed_people:
      link_.names_renewed = !is_retryable(error);  // an older server
      return {};
    case Ask::chat_policy:
      link_.policy_known = true;  // an older server: nothing is decided
      return {};
    case Ask::user_named:
    case Ask::authenticate:
      requests_.settle(request.question);
      report(request.question.ask == Ask::user_named ? "look_up_user" : "authenticate", error);
      return {};
    case Ask::publish_keys:
      if (!is_retryable(error)) {
        report("publish_keys", error);
        // Ids only grow, and an old copy of the store has forgotten which ones were used.
        progress_.next_prekey_id += kSkippedIds;
      }
      return {};
    default:
      return refuse_group(request, error);
  }
}

// Questions to which "there is none" is an answer.
bool Engine::Impl::nothing_there(const PendingRequest& request) {
  switch (request.question.ask) {
    case Ask::key_digest:
    case Ask::count_prekeys:
    case Ask::user_named:
    case Ask::user_info:
    case Ask::device_list:
    case Ask::device_lists:
    case Ask::former_device:
      return true;
    default:
      return false;
  }
}

Status Engine::Impl::on_nothing_there(const PendingRequest& request) {
  const UserId user(request.question.id);
  switch (request.question.ask) {
    case Ask::key_digest:  // it had them once
      on_foreign_keys();
      return {};
    case Ask::count_prekeys:
      link_.count_known = true;
      link_.prekey_count = 0;
      return {};
    case Ask::former_device:
      on_former_device(request, {});
      return {};
    case Ask::device_lists:
      return on_device_lists(request, {});
    case Ask::user_named:
      emit(event::UserNotFound{request.name});
      return {};
    case Ask::user_info:
      link_.wanted_names.erase(user);
      link_.asked_names.insert(user);
      release_unnamed(user);
      return {};
    default:
      return on_device_list(user, wire::DeviceListOf{user, {}, {}});
  }
}

Status Engine::Impl::on_list_refused(const wire::Error& error) {
  if (is_retryable(error)) {
    return {};
  }
  report("device_list", error);
  link_.own_list_known = false;
  return drop_proposal();
}

Status Engine::Impl::on_conversation_refused(UserId peer, const wire::Error& error) {
  if (is_retryable(error)) {
    return {};
  }
  requests_.settle({Ask::open_conversation, peer.uuid()});
  link_.wanted_conversations.erase(peer);
  report("open_conversation", error);
  for (auto at = outbox_.begin(); at != outbox_.end();) {
    const auto& record = (at++)->second;
    if (record.peer == peer && record.conversation.is_nil()) {
      UNHIDRA_TRY_VOID(give_up(record, error.code));
    }
  }
  return {};
}

}  // namespace unhidra::client
