// Messages in groups. Each is encrypted once; what is authenticated beside it binds it to
// conversation, sender, id, time and to the sender's view of the epoch (docs/security.md,
// "Groups").

#include "engine_impl.h"
#include "padding.h"

namespace unhidra::client {

namespace {

constexpr std::chrono::hours kClockSkew{24};
constexpr std::chrono::seconds kSameMoment{1};

UnreadableReason reason_of(const Error& error) {
  if (error == mls::Errc::duplicate) {
    return UnreadableReason::replayed;
  }
  if (error == mls::Errc::too_far_ahead) {
    return UnreadableReason::too_far_ahead;
  }
  if (error == mls_public::Errc::wrong_epoch) {
    return UnreadableReason::epoch_lost;
  }
  return UnreadableReason::tampered;
}

std::optional<EpochTag> tag_of(const GroupRecord& record, std::uint64_t epoch) {
  for (const auto& [of, tag] : record.tags) {
    if (of == epoch) {
      return tag;
    }
  }
  return std::nullopt;
}

}  // namespace

Message Engine::Impl::message_of(const wire::GroupEntry& entry) const {
  Message out;
  out.conversation = entry.conversation_id;
  out.id = entry.message_id.value_or(MessageId());
  out.sender_user = entry.sender_user_id.value_or(UserId());
  out.sender_device = entry.sender_device_id.value_or(DeviceId());
  out.sent_at = entry.sent_at;
  out.seq = entry.seq;
  out.received_at = entry.received_at;
  return out;
}

Status Engine::Impl::group_unreadable(const wire::GroupEntry& entry, UnreadableReason reason) {
  Message message = message_of(entry);
  message.state = MessageState::unreadable;
  message.reason = reason;
  // What was never meant for this device is told and does not stand in its history.
  if (reason != UnreadableReason::replayed && reason != UnreadableReason::joined_later &&
      entry.message_kind == wire::MessageKind::content) {
    append_message(message);
  }
  emit(event::MessageUnreadable{std::move(message)});
  return {};
}

Result<Engine::Impl::Outcome> Engine::Impl::process_group_message(GroupHold& hold,
                                                                  const wire::GroupEntry& entry) {
  conversations_.at(hold.record.id).note_seq(entry.seq);
  const auto refuse = [&](UnreadableReason reason) -> Result<Outcome> {
    UNHIDRA_TRY_VOID(group_unreadable(entry, reason));
    return Outcome::done;
  };
  if (!entry.message_id || !entry.sender_user_id || !entry.sender_device_id) {
    return refuse(UnreadableReason::malformed);
  }
  if (*entry.sender_device_id == self_->device) {
    // Of a stay before this one: nothing to learn from it any more.
    if (entry.epoch >= hold.record.joined_epoch) {
      UNHIDRA_TRY_VOID(on_own_group_message(entry));
    }
    return Outcome::done;
  }
  UNHIDRA_TRY(const auto known, seen(*entry.sender_device_id, *entry.message_id));
  if (known) {
    return Outcome::done;
  }
  if (entry.epoch < hold.record.joined_epoch) {
    if (hold.history.earlier && !hold.history.begun) {
      hold.history.before = std::max(hold.history.before, entry.seq + 1);
      touch_history(hold);
      return Outcome::done;  // read with what stands before it
    }
    return refuse(hold.record.was_member ? UnreadableReason::epoch_lost
                                         : UnreadableReason::joined_later);
  }
  if (look_for_group_sender(hold, {*entry.sender_user_id, *entry.sender_device_id})) {
    UNHIDRA_TRY_VOID(pump_people());
    return Outcome::wait;
  }
  UNHIDRA_TRY(const auto reason, open_group_message(hold, entry));
  return reason == UnreadableReason::none ? Result<Outcome>(Outcome::done) : refuse(reason);
}

// Whether an answer about the sender has to be waited for. When it came in its user may not have
// signed it yet, and opening a message uses its key up.
bool Engine::Impl::look_for_group_sender(const GroupHold& hold,
                                         const identity::MemberName& sender) {
  const auto user = users_.find(sender.user_id);
  const bool known = user != users_.end() &&
                     ((user->second.list && user->second.list->find(sender.device_id) != nullptr) ||
                      user->second.former.contains(sender.device_id));
  if (known) {
    return false;
  }
  bool wait = false;
  hold.mls->state().tree.each_member([&](mls::LeafIndex, const mls::LeafNode& leaf) {
    const auto name = name_of(leaf);
    if (name && *name == sender) {
      wait = look_for_device(sender, leaf.signature_key()) || wait;
    }
  });
  return wait;
}

Result<UnreadableReason> Engine::Impl::open_group_message(GroupHold& hold,
                                                          const wire::GroupEntry& entry) {
  const auto message = mls::MlsMessage::parse(entry.content);
  const auto* sealed = message ? message->as<mls::PrivateMessage>() : nullptr;
  if (sealed == nullptr || sealed->content_type != mls::ContentType::application) {
    return UnreadableReason::malformed;
  }
  const auto binding = MessageBinding::decode(sealed->authenticated_data);
  auto received = hold.mls->receive(environment(entry.received_at), *message);
  if (!received) {
    const auto ours = tag_of(hold.record, sealed->epoch);
    if (binding && ours && *ours != binding->tag) {
      emit(event::GroupForked{hold.record.id, *entry.sender_user_id});
      return UnreadableReason::forked;
    }
    return reason_of(received.error());
  }
  touch(hold);
  const identity::MemberName told{*entry.sender_user_id, *entry.sender_device_id};
  const auto sender = received->sender_leaf
                          ? name_of(*received->sender_leaf)
                          : Result<identity::MemberName>(fail(Errc::not_found, "no leaf"));
  if (!sender || *sender != told) {
    return UnreadableReason::identity_mismatch;
  }
  if (!binding || binding->conversation != entry.conversation_id ||
      binding->message != *entry.message_id || binding->sender != told ||
      binding->sent_at != entry.sent_at || entry.epoch != received->epoch) {
    return UnreadableReason::tampered;
  }
  switch (authority_.standing(*sender, received->sender_leaf->signature_key())) {
    case LeafStanding::signed_by_user:
    case LeafStanding::removed:  // since it was sent; the log orders that
      break;
    case LeafStanding::awaited:
      return UnreadableReason::identity_not_accepted;
    default:
      return UnreadableReason::unknown_device;
  }
  const auto content = shared_content(hold, *binding, *received);
  if (!content) {
    return UnreadableReason::tampered;
  }
  if (binding->shared && entry.seq <= binding->shared->after) {
    return UnreadableReason::out_of_place;
  }
  UNHIDRA_TRY_VOID(on_group_content(hold, entry, content->expose()));
  return UnreadableReason::none;
}

Status Engine::Impl::on_group_content(GroupHold& hold, const wire::GroupEntry& entry,
                                      ByteView plaintext) {
  mark_seen(*entry.sender_device_id, *entry.message_id, {});
  auto content = parse_content(plaintext);
  if (!content) {
    return group_unreadable(entry, content.error() == Errc::unsupported
                                       ? UnreadableReason::unsupported
                                       : UnreadableReason::malformed);
  }
  if (!fits({entry.message_kind, entry.refers_to}, *content)) {
    return group_unreadable(entry, UnreadableReason::mislabelled);
  }
  if (content->group_profile) {
    take_profile(hold, *content->group_profile, entry);
  }
  if (const auto* fault = std::get_if<wire::CommitFault>(&content->body)) {
    on_commit_fault(hold, {*entry.sender_user_id, *entry.sender_device_id}, *fault);
    return {};
  }
  const auto* text = std::get_if<wire::Text>(&content->body);
  const auto person = *entry.sender_user_id;
  want_name(person);
  if (text == nullptr) {
    return apply({hold.record.id, person, entry.seq, entry.received_at, entry.by_moderator},
                 *content);
  }
  return on_text(message_of(entry), *text, person);
}

// The log shows a message of this device: the answer to its sending was lost, or comes later.
Status Engine::Impl::on_own_group_message(const wire::GroupEntry& entry) {
  for (const auto& [order, record] : outbox_) {
    if (record.id == *entry.message_id && record.conversation == entry.conversation_id) {
      return on_accepted(record, {entry.seq, entry.received_at});
    }
  }
  UNHIDRA_TRY(const auto known, seen(self_->device, *entry.message_id));
  if (!known) {
    return roll_back_detected();
  }
  return {};
}

// ---- the group's name ----

void Engine::Impl::take_profile(GroupHold& hold, const wire::GroupProfile& profile,
                                const wire::GroupEntry& entry) {
  if (profile.changed_at <= hold.record.renamed_at || profile.name.empty() ||
      profile.name.size() > limits_.max_group_name ||
      profile.changed_at > clock_.now() + kClockSkew) {
    return;
  }
  // A name that no member has told before is no other one.
  const bool renamed = hold.record.name != profile.name && hold.record.renamed_at != Timestamp();
  const bool news = hold.record.name != profile.name || hold.record.topic != profile.topic ||
                    hold.record.description != profile.description;
  hold.record.name = profile.name;
  hold.record.topic = profile.topic;
  hold.record.description = profile.description;
  hold.record.renamed_at = profile.changed_at;
  touch(hold);
  const auto by = *entry.sender_user_id;
  if (renamed) {
    // Everybody's messages carry the name; only who gave it wrote at the time that it is of.
    const bool gave_it = std::chrono::abs(entry.sent_at - profile.changed_at) <= kSameMoment;
    note_name(hold, {entry.seq, entry.received_at}, gave_it ? by : UserId());
  }
  if (news) {
    emit(event::GroupChanged{hold.record.id, by, {}, {}, profile.name});
  }
}

// A message without a text: every message tells what the group is called.
void Engine::Impl::enqueue_group_note(GroupHold& hold) {
  if (hold.record.name.empty() && !hold.history.shared) {
    return;
  }
  enqueue_content(UserId(), hold.record.id, {});
}

// ---- sending ----

MessageBinding Engine::Impl::binding_of(const GroupHold& hold, const OutboxRecord& record) const {
  MessageBinding out;
  out.conversation = record.conversation;
  out.message = record.id;
  out.sender = {self_->user, self_->device};
  out.sent_at = record.sent_at;
  out.tag = tag_of(hold.record, hold.mls->context().epoch).value_or(EpochTag{});
  return out;
}

// Nothing is encrypted while a device is in the group that its user has not signed, while a
// proposal waits, or before the log is read to its end.
Result<Engine::Impl::Outcome> Engine::Impl::prepare_for_group(OutboxRecord& record) {
  auto* hold = find_group(record.conversation);
  if (hold == nullptr || hold->record.is_gone()) {
    UNHIDRA_TRY_VOID(give_up(record, std::string(error_code(Errc::not_in_group).name)));
    return Outcome::wait;
  }
  const auto later = link_.send_not_before.find(record.order);
  const auto& link = link_.groups[record.conversation];
  if ((later != link_.send_not_before.end() && later->second > clock_.steady_now()) ||
      hold->record.state != GroupState::active || hold->record.step || !link.head_known ||
      !link.entries.empty() || link.head > hold->record.cursor ||
      !requests_.may_ask({Ask::send_group, record.conversation.uuid()})) {
    return Outcome::wait;
  }
  UNHIDRA_TRY_VOID(need_mls(*hold));
  if (!hold->mls->proposals().items().empty() || waits_for_return(*hold, link)) {
    return Outcome::wait;
  }
  review(*hold);
  if (hold->awaited) {
    UNHIDRA_TRY_VOID(set_state(record, MessageState::blocked));
    return Outcome::wait;
  }
  if (!hold->not_signed.empty()) {
    return Outcome::wait;
  }
  if (!record.ciphertexts.empty()) {
    return Outcome::done;
  }
  UNHIDRA_TRY(auto content, wire::decode<wire::Content>(record.content.expose()));
  if (!hold->record.name.empty()) {
    content.group_profile = wire::GroupProfile{hold->record.name, hold->record.renamed_at,
                                               hold->record.topic, hold->record.description};
  }
  const auto plaintext = pad(encode_content(std::move(content)).expose());
  UNHIDRA_TRY(auto message, seal_group_message(*hold, record, plaintext.expose()));
  record.ciphertexts.push_back({DeviceId(), std::move(message)});
  touch(*hold);
  save(record);
  return Outcome::done;
}

Status Engine::Impl::on_group_send_outcome(const PendingRequest& request,
                                           const wire::GroupOutcome& outcome) {
  const auto found = outbox_.find(request.number);
  const auto* stale = std::get_if<wire::StaleGroup>(&outcome.result);
  if (stale != nullptr) {
    on_stale_group(ConversationId(request.question.id), *stale);
  }
  if (found == outbox_.end()) {
    return {};
  }
  if (const auto* accepted = std::get_if<wire::Accepted>(&outcome.result)) {
    auto& link = link_.groups[found->second.conversation];
    link.head = std::max(link.head, accepted->seq);
    stir(found->second.conversation);
    return on_accepted(found->second, *accepted);
  }
  if (stale == nullptr) {
    return try_later(found->second, std::string(error_code(Errc::bad_frame).name), 0);
  }
  // Not stored: made anew for the epoch that is.
  found->second.ciphertexts.clear();
  save(found->second);
  if (stale->missing.empty()) {
    return try_later(found->second, "client.stale_group", 0);
  }
  return {};
}

}  // namespace unhidra::client
