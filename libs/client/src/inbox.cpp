// What others sent: entries are processed strictly by position, stored, then acknowledged.

#include "engine_impl.h"
#include "padding.h"

namespace unhidra::client {

namespace {

// So many messages in a row must fail before a tampering server can make us ask for a new session.
constexpr int kFailuresBeforeReset = 3;

UnreadableReason reason_of(const Error& error) {
  const auto is = [&](e2ee::Errc code) { return error == code; };
  if (is(e2ee::Errc::malformed)) {
    return UnreadableReason::malformed;
  }
  if (is(e2ee::Errc::unsupported)) {
    return UnreadableReason::unsupported;
  }
  if (is(e2ee::Errc::wrong_device)) {
    return UnreadableReason::identity_mismatch;
  }
  if (is(e2ee::Errc::no_session)) {
    return UnreadableReason::no_session;
  }
  if (is(e2ee::Errc::unknown_prekey)) {
    return UnreadableReason::missing_pre_key;
  }
  if (is(e2ee::Errc::duplicate)) {
    return UnreadableReason::replayed;
  }
  if (is(e2ee::Errc::too_far_ahead)) {
    return UnreadableReason::too_far_ahead;
  }
  return UnreadableReason::tampered;
}

}  // namespace

void Engine::Impl::on_inbox_entry(wire::InboxEntry entry) {
  link_.inbox_head = std::max(link_.inbox_head, entry.position);
  const auto newest = link_.inbox.empty() ? progress_.inbox_cursor : link_.inbox.back().position;
  if (entry.position == newest + 1 && link_.inbox.size() < limits_.max_inbox_buffer) {
    link_.inbox.push_back(std::move(entry));
  }
  // Anything else is old, or behind a gap that will be fetched.
}

Status Engine::Impl::on_inbox(const wire::Inbox& answer) {
  link_.inbox_head = std::max(link_.inbox_head, answer.head);
  // Events may have carried the cursor past this answer meanwhile; that is no gap.
  const auto first = answer.entries.empty() ? answer.head + 1 : answer.entries.front().position;
  if (first > progress_.inbox_cursor + 1) {
    // The server has forgotten entries that this store never acknowledged: another, later copy of
    // this store did.
    UNHIDRA_TRY_VOID(roll_back_detected());
    progress_.inbox_cursor = first - 1;
  }
  for (const auto& entry : answer.entries) {
    on_inbox_entry(entry);
  }
  link_.acknowledge_now = true;
  return {};
}

Status Engine::Impl::pump_inbox() {
  while (!link_.inbox.empty()) {
    const auto& entry = link_.inbox.front();
    if (entry.position > progress_.inbox_cursor + 1) {
      link_.inbox.clear();
      break;
    }
    if (entry.position == progress_.inbox_cursor + 1) {
      UNHIDRA_TRY(const auto outcome, process(entry));
      if (outcome == Outcome::wait) {
        break;
      }
      progress_.inbox_cursor = entry.position;
    }
    link_.inbox.pop_front();
  }
  if (link_.inbox.empty() && link_.inbox_head > progress_.inbox_cursor &&
      requests_.may_ask({Ask::inbox})) {
    requests_.ask({Ask::inbox}, wire::FetchInbox{progress_.inbox_cursor, limits_.inbox_page});
  }
  pump_acknowledgement();
  return {};
}

void Engine::Impl::pump_acknowledgement() {
  if (progress_.inbox_cursor <= link_.acknowledged) {
    link_.unacknowledged_since.reset();
    return;
  }
  const auto now = clock_.steady_now();
  if (!link_.unacknowledged_since) {
    link_.unacknowledged_since = now;
  }
  const bool due = (link_.acknowledge_now && is_inbox_drained()) ||
                   progress_.inbox_cursor - link_.acknowledged >= limits_.acknowledge_batch ||
                   now - *link_.unacknowledged_since >= limits_.acknowledge_after;
  if (due && requests_.may_ask({Ask::acknowledge})) {
    link_.acknowledge_now = false;
    requests_.ask({Ask::acknowledge}, wire::AcknowledgeInbox{progress_.inbox_cursor}).number =
        progress_.inbox_cursor;
  }
}

Result<std::optional<SeenRecord>> Engine::Impl::seen(DeviceId sender, MessageId id) const {
  UNHIDRA_TRY(const auto stored, tx_.get(Table::seen, SeenRecord::record_key(sender, id)));
  if (!stored) {
    return std::optional<SeenRecord>();
  }
  UNHIDRA_TRY(auto record, SeenRecord::decode(stored->expose()));
  return std::optional(std::move(record));
}

void Engine::Impl::mark_seen(DeviceId sender, MessageId id, SeenRecord record) {
  tx_.put(Table::seen, SeenRecord::record_key(sender, id), record.encode());
}

Result<Engine::Impl::Outcome> Engine::Impl::process(const wire::InboxEntry& entry) {
  if (entry.kind == wire::InboxKind::welcome) {
    return process_welcome(entry);
  }
  if (entry.sender_device_id == self_->device) {
    // A device gets no copy of its own messages: somebody reflects them.
    Message message;
    message.conversation = entry.conversation_id;
    message.id = entry.message_id;
    message.sender_user = entry.sender_user_id;
    message.sender_device = entry.sender_device_id;
    message.sent_at = entry.sent_at;
    message.state = MessageState::unreadable;
    message.reason = UnreadableReason::reflected;
    emit(event::MessageUnreadable{std::move(message)});
    return Outcome::done;
  }
  UNHIDRA_TRY(const auto known, seen(entry.sender_device_id, entry.message_id));
  if (known) {
    return Outcome::done;
  }
  UNHIDRA_TRY(const auto found, look_for_sender(entry));
  if (found == Outcome::wait) {
    return Outcome::wait;
  }
  const auto& sender = user_record(entry.sender_user_id);
  const auto* keys = sender.list ? sender.list->find(entry.sender_device_id) : nullptr;
  if (keys == nullptr) {
    if (sender.changed && sender.changed->find(entry.sender_device_id) != nullptr) {
      UNHIDRA_TRY_VOID(hold(entry));
    } else if (sender.former.contains(entry.sender_device_id) &&
               entry.message_kind == wire::MessageKind::signal) {
      // What a device told others before it was removed, its account's key among it, is no matter
      // any more, and nobody misses it. Its texts are not taken from it either: whoever has the
      // removed device and the server could write in its user's name for ever.
      mark_seen(DeviceId(), entry.message_id, {});
    } else {
      UNHIDRA_TRY_VOID(unreadable(entry, UnreadableReason::unknown_device));
    }
    return Outcome::done;
  }
  const auto conversation = conversations_.find(entry.conversation_id);
  if (conversation != conversations_.end() && entry.sender_user_id != self_->user &&
      entry.sender_user_id != conversation->second.peer) {
    UNHIDRA_TRY_VOID(unreadable(entry, UnreadableReason::not_a_member));
    return Outcome::done;
  }
  UNHIDRA_TRY_VOID(open_message(entry, *keys));
  return Outcome::done;
}

// The sender's list and name, asked for at most once each for an entry; and the list that it was on
// before, when it is on none.
Result<Engine::Impl::Outcome> Engine::Impl::look_for_sender(const wire::InboxEntry& entry) {
  const auto user = entry.sender_user_id;
  const auto& record = user_record(user);
  bool wait = want_name(user);
  const auto listed = [&](const std::optional<identity::DeviceList>& list) {
    return list && list->find(entry.sender_device_id) != nullptr;
  };
  if (!listed(record.list) && !listed(record.changed)) {
    if (link_.looked_for.insert(entry.sender_device_id).second) {
      want_newer_list(user);
    }
    const bool waits_for_list =
        link_.wanted_lists.contains(user) || (user == self_->user && !link_.own_list_known);
    // It may have been on a list that this device has never seen.
    const bool is_news =
        !waits_for_list && record.list && !record.former.contains(entry.sender_device_id);
    wait = wait || waits_for_list || (is_news && look_for_former(user, entry.sender_device_id));
  }
  return wait ? Outcome::wait : Outcome::done;
}

Status Engine::Impl::open_message(const wire::InboxEntry& entry, const identity::DeviceKeys& keys) {
  e2ee::MessageContext context;
  context.conversation = entry.conversation_id;
  context.sender_user = entry.sender_user_id;
  context.sender_device = entry.sender_device_id;
  context.recipient_device = self_->device;
  context.message_id = entry.message_id;
  context.sent_at = entry.sent_at;
  UNHIDRA_TRY(auto* peer, peer_record(entry.sender_user_id, keys));
  auto opened =
      peer->sessions.decrypt(crypto_, local(), prekeys_, context, entry.ciphertext, clock_.now());
  if (!opened) {
    const auto reason = reason_of(opened.error());
    UNHIDRA_TRY_VOID(unreadable(entry, reason));
    const bool lost = reason == UnreadableReason::no_session ||
                      reason == UnreadableReason::missing_pre_key ||
                      reason == UnreadableReason::too_far_ahead;
    const bool run = reason == UnreadableReason::tampered &&
                     ++failures_[entry.sender_device_id] >= kFailuresBeforeReset;
    return lost || run ? ask_for_reset(entry, keys) : Status();
  }
  failures_.erase(entry.sender_device_id);
  save(*peer);
  if (opened->used_one_time_prekey) {
    prekeys_.use_up(*opened->used_one_time_prekey);
  }
  return on_content(entry, opened->plaintext.expose());
}

// What the server says of a message; its state and content come from the caller.
Message Engine::Impl::message_of(const wire::InboxEntry& entry) {
  Message message;
  message.conversation = entry.conversation_id;
  message.id = entry.message_id;
  message.sender_user = entry.sender_user_id;
  message.sender_device = entry.sender_device_id;
  message.sent_at = entry.sent_at;
  message.seq = entry.seq;
  message.received_at = entry.received_at;
  return message;
}

Status Engine::Impl::unreadable(const wire::InboxEntry& entry, UnreadableReason reason) {
  Message message = message_of(entry);
  message.state = MessageState::unreadable;
  message.reason = reason;
  // Nothing about it is authenticated: it stands in a known conversation of its sender or nowhere.
  const auto conversation = conversations_.find(entry.conversation_id);
  const bool fits =
      conversation != conversations_.end() &&
      (conversation->second.peer == entry.sender_user_id || entry.sender_user_id == self_->user);
  if (fits && reason != UnreadableReason::replayed) {
    conversation->second.note_seq(entry.seq);
    // A reaction or receipt that cannot be read leaves nothing to look at.
    if (entry.message_kind == wire::MessageKind::content) {
      append_message(message);
    }
  }
  // Not marked as seen from its sender: a forged copy must not shut out the true message of this
  // id. That it was delivered is noted, so that the log holds no surprise.
  mark_seen(DeviceId(), entry.message_id, {});
  emit(event::MessageUnreadable{std::move(message)});
  return {};
}

Status Engine::Impl::ask_for_reset(const wire::InboxEntry& entry,
                                   const identity::DeviceKeys& keys) {
  UNHIDRA_TRY(auto* peer, peer_record(entry.sender_user_id, keys));
  if (clock_.now() - peer->last_reset < limits_.reset_interval) {
    return {};
  }
  peer->last_reset = clock_.now();
  peer->sessions.distrust();
  save(*peer);
  failures_.erase(entry.sender_device_id);
  const auto conversation = conversations_.find(entry.conversation_id);
  const auto to =
      entry.sender_user_id != self_->user
          ? entry.sender_user_id
          : (conversation != conversations_.end() ? conversation->second.peer : self_->user);
  wire::Content content;
  content.body = wire::SessionReset{{entry.message_id}};
  enqueue_control(to, entry.sender_device_id, std::move(content));
  return {};
}

// A message of a device that only the new, not yet accepted identity vouches for.
Status Engine::Impl::hold(const wire::InboxEntry& entry) {
  auto& sender = user_record(entry.sender_user_id);
  if (sender.held >= limits_.max_held) {
    return unreadable(entry, UnreadableReason::identity_not_accepted);
  }
  ++sender.held;
  save(sender);
  mark_seen(DeviceId(), entry.message_id, {});
  tx_.put(Table::held, held_key(sender.id, entry.position), encode_held(entry));
  return {};
}

Status Engine::Impl::open_held(UserId user) {
  UNHIDRA_TRY(auto records, tx_.load(Table::held));
  std::erase_if(records, [&](const Record& record) {
    return !std::ranges::equal(ByteView(record.key).first(16), user.bytes());
  });
  std::ranges::sort(records, {}, &Record::key);
  for (const auto& record : records) {
    UNHIDRA_TRY(const auto entry, decode_held(record.value.expose()));
    tx_.remove(Table::held, record.key);
    UNHIDRA_TRY(const auto outcome, process(entry));
    if (outcome == Outcome::wait) {
      UNHIDRA_TRY_VOID(unreadable(entry, UnreadableReason::unknown_device));
    }
  }
  auto& sender = user_record(user);
  sender.held = 0;
  save(sender);
  return {};
}

}  // namespace unhidra::client
