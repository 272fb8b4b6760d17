// The way back for somebody who came later: the log before his joining, a page at a time and only
// when it is asked for (docs/security.md, "History for newcomers").

#include "engine_impl.h"

namespace unhidra::client {

namespace {

constexpr std::uint64_t kPage = 50;
constexpr std::uint32_t kMostPages = 20;  // without a message in them, of one asking

// A page holds the entries with numbers above this and below `before`.
std::uint64_t page_floor(std::uint64_t before) {
  return before > kPage ? before - 1 - std::min(kPage, before - 1) : 0;
}

}  // namespace

// This device is new in the group from the commit with this number on.
void Engine::Impl::begin_earlier(GroupHold& hold, std::uint64_t seq) {
  end_earlier(hold);
  auto& record = hold.history;
  const auto setting = shared_history_of(hold.mls->context().extensions);
  record = {};
  record.id = hold.record.id;
  record.shared = setting.has_value();
  record.by = setting ? setting->by : UserId();
  record.at = setting ? setting->since : Timestamp();
  record.earlier = setting.has_value();
  record.before = seq + 1;
  touch_history(hold);
}

void Engine::Impl::end_earlier(GroupHold& hold) {
  drop_earlier_effects(hold);
  hold.history.earlier = false;
  hold.history.found.clear();
  link_.groups[hold.record.id].earlier.reset();
  touch_history(hold);
}

Status Engine::Impl::read_earlier(ConversationId id) {
  auto* hold = find_group(id);
  if (hold == nullptr) {
    return fail(Errc::not_found, "no such group is known here");
  }
  if (!link_.greeted) {
    return fail(unhidra::Errc::unavailable, "there is no connection to ask over");
  }
  auto& link = link_.groups[id];
  if (!hold->history.has_more() || !hold->record.is_member()) {
    emit(event::EarlierMessages{id, 0, false});
  } else if (!link.earlier) {
    link.earlier.emplace();
    stir(id);
  }
  return {};
}

Status Engine::Impl::pump_earlier(GroupHold& hold, GroupLink& link) {
  if (!link.earlier) {
    return {};
  }
  auto& page = *link.earlier;
  const auto before = hold.history.before;
  const auto low = page_floor(before);
  if (page.complete) {
    return process_earlier(hold, link, low);
  }
  const Question question{Ask::earlier_log, hold.record.id.uuid()};
  if (requests_.may_ask(question)) {
    const auto after = page.entries.empty() ? low : page.entries.back().seq;
    requests_.ask(question, wire::FetchGroupLog{hold.record.id, after,
                                                static_cast<std::uint32_t>(before - 1 - after)});
  }
  return {};
}

void Engine::Impl::on_earlier_log(const wire::GroupLog& log) {
  auto& link = link_.groups[log.conversation_id];
  const auto* hold = find_group(log.conversation_id);
  if (!link.earlier || hold == nullptr) {
    return;
  }
  auto& page = *link.earlier;
  const auto had = page.entries.size();
  const auto low = page_floor(hold->history.before);
  for (const auto& entry : log.entries) {
    const bool follows = entry.seq > (page.entries.empty() ? low : page.entries.back().seq);
    if (entry.conversation_id == log.conversation_id && follows &&
        entry.seq < hold->history.before) {
      page.entries.push_back(entry);
    }
  }
  page.complete = page.entries.size() == had || page.entries.back().seq + 1 == hold->history.before;
}

// Whether an answer about the sender has to be waited for.
bool Engine::Impl::look_for_earlier_sender(const identity::MemberName& sender) {
  const auto user = users_.find(sender.user_id);
  const bool here = user != users_.end();
  const bool offered =
      here && user->second.changed && user->second.changed->find(sender.device_id) != nullptr;
  if (offered || signing_key_of(sender.user_id, sender.device_id)) {
    return false;
  }
  const bool own = sender.user_id == self_->user;
  if (link_.looked_for.insert(sender.device_id).second) {
    want_newer_list(sender.user_id);
  }
  if (link_.wanted_lists.contains(sender.user_id) || (own && !link_.own_list_known)) {
    return true;
  }
  return here && user->second.list && look_for_former(sender.user_id, sender.device_id);
}

// Nothing: it is none that was shared, or its key is not known.
Result<std::optional<Engine::Impl::EarlierEntry>> Engine::Impl::open_earlier(
    GroupHold& hold, const wire::GroupEntry& entry) {
  const auto candidates = hold.history.found.find(entry.epoch);
  const bool named = entry.message_id && entry.sender_user_id && entry.sender_device_id;
  if (entry.kind != wire::GroupEntryKind::message || candidates == hold.history.found.end() ||
      !named) {
    return std::nullopt;
  }
  UNHIDRA_TRY(const auto known, seen(*entry.sender_device_id, *entry.message_id));
  if (known) {
    return std::nullopt;
  }
  EarlierEntry out{&entry, UnreadableReason::none, {}};
  const auto refuse = [&](UnreadableReason reason) {
    out.reason = reason;
    return std::optional(std::move(out));
  };
  const auto message = mls::MlsMessage::parse(entry.content);
  const auto* sealed = message ? message->as<mls::PrivateMessage>() : nullptr;
  const auto binding =
      sealed != nullptr ? MessageBinding::decode(sealed->authenticated_data) : std::nullopt;
  if (!binding) {
    return refuse(UnreadableReason::malformed);
  }
  const identity::MemberName told{*entry.sender_user_id, *entry.sender_device_id};
  if (!binding->shared || binding->conversation != entry.conversation_id ||
      binding->message != *entry.message_id || binding->sender != told ||
      binding->sent_at != entry.sent_at || sealed->epoch != entry.epoch) {
    return refuse(UnreadableReason::tampered);
  }
  const auto signer = signing_key_of(told.user_id, told.device_id);
  if (!signer) {
    const auto user = users_.find(told.user_id);
    const bool offered = user != users_.end() && user->second.changed &&
                         user->second.changed->find(told.device_id) != nullptr;
    return refuse(offered ? UnreadableReason::identity_not_accepted
                          : UnreadableReason::unknown_device);
  }
  for (const auto& key : candidates->second) {
    auto opened = open_from_history(crypto_, *signer, key, entry.epoch, *binding);
    if (!opened) {
      continue;
    }
    if (entry.seq <= binding->shared->after) {
      return refuse(UnreadableReason::out_of_place);
    }
    auto content = parse_content(opened->content.expose());
    confirm_history_key(hold, entry.epoch, key);
    learn_history_links(hold, opened->links);  // ends the life of `key`
    if (!content) {
      return refuse(content.error() == Errc::unsupported ? UnreadableReason::unsupported
                                                         : UnreadableReason::malformed);
    }
    if (!fits({entry.message_kind, entry.refers_to}, *content)) {
      return refuse(UnreadableReason::mislabelled);
    }
    out.content = std::move(*content);
    return std::optional(std::move(out));
  }
  return refuse(UnreadableReason::tampered);
}

// A page is there as a whole: read from its newest entry back, as later messages hold the keys of
// earlier ones, and put in place in one commit.
Status Engine::Impl::process_earlier(GroupHold& hold, GroupLink& link, std::uint64_t low) {
  auto& record = hold.history;
  const auto page = std::exchange(link.earlier, std::nullopt).value();
  bool wait = false;
  for (const auto& entry : page.entries) {
    if (entry.kind == wire::GroupEntryKind::message && entry.sender_user_id &&
        entry.sender_device_id && entry.epoch < hold.record.joined_epoch) {
      wait = look_for_earlier_sender({*entry.sender_user_id, *entry.sender_device_id}) || wait;
    }
  }
  if (wait) {
    link.earlier = page;
    return pump_people();
  }
  link.earlier.emplace();  // what is learnt on the way is told at its end
  std::vector<EarlierEntry> opened;
  bool reset = false;
  auto floor = record.floor;
  for (auto entry = page.entries.rbegin(); entry != page.entries.rend() && !reset; ++entry) {
    reset = entry->kind > wire::GroupEntryKind::commit;
    if (entry->kind == wire::GroupEntryKind::commit && entry->epoch < hold.record.joined_epoch) {
      floor = std::min(floor, entry->epoch);
    }
    UNHIDRA_TRY(auto one, open_earlier(hold, *entry));
    if (one) {
      opened.push_back(std::move(*one));
    }
  }
  std::ranges::reverse(opened);
  UNHIDRA_TRY(const auto placed, place_earlier(hold, opened));
  record.begun = true;
  record.before = low + 1;
  record.floor = floor;
  std::erase_if(record.found, [&](const auto& one) { return one.first > floor; });
  const auto rounds = page.rounds + 1;
  link.earlier.reset();
  touch_history(hold);
  if (reset || !record.has_more()) {
    end_earlier(hold);
  } else if (placed == 0 && rounds < kMostPages) {
    link.earlier.emplace().rounds = rounds;
    return pump_earlier(hold, link);
  }
  emit(event::EarlierMessages{record.id, placed, record.has_more()});
  return {};
}

Result<std::uint64_t> Engine::Impl::place_earlier(GroupHold& hold,
                                                  const std::vector<EarlierEntry>& opened) {
  std::vector<StoredMessage> fresh;
  for (const auto& one : opened) {
    const bool text = std::holds_alternative<wire::Text>(one.content.body);
    const bool refused = one.reason != UnreadableReason::none;
    auto message = message_of(*one.entry);
    message.from_history = true;
    message.reason = one.reason;
    message.state = refused ? MessageState::unreadable : MessageState::received;
    const bool content = one.entry->message_kind == wire::MessageKind::content;
    if (refused && !content) {
      emit(event::MessageUnreadable{message});  // nothing of it is shown
    }
    if (refused ? content : text) {
      if (text) {
        fill_text(message, std::get<wire::Text>(one.content.body));
      }
      want_name(message.sender_user);
      fresh.push_back({std::move(message), 0, {}});
    }
  }
  const auto placed = fresh.size();
  UNHIDRA_TRY_VOID(insert_messages(hold.record.id, std::move(fresh)));
  for (const auto& one : opened) {
    const auto& entry = *one.entry;
    if (one.reason == UnreadableReason::none &&
        !std::holds_alternative<wire::Text>(one.content.body)) {
      mark_seen(*entry.sender_device_id, *entry.message_id, {});
      const Origin origin{hold.record.id, *entry.sender_user_id, entry.seq, entry.received_at,
                          entry.by_moderator};
      UNHIDRA_TRY(const bool kept, keep_for_earlier(hold, origin, one.content));
      if (!kept) {
        UNHIDRA_TRY_VOID(apply_to_earlier(origin, one.content));
      }
    }
  }
  UNHIDRA_TRY_VOID(apply_earlier_effects(hold));
  return placed;
}

// Each at its place in the log's order, whatever is there already. `fresh` stands in that order.
Status Engine::Impl::insert_messages(ConversationId id, std::vector<StoredMessage> fresh) {
  auto& conversation = conversations_.at(id);
  for (auto first = fresh.begin(); first != fresh.end();) {
    std::uint64_t place = 0;
    auto next_seq = UINT64_MAX;
    for (; place < conversation.next_index; ++place) {
      UNHIDRA_TRY(const auto stored, stored_at(id, place));
      if (stored && stored->message.seq > first->message.seq) {
        next_seq = stored->message.seq;
        break;
      }
    }
    const auto last = std::find_if(
        first, fresh.end(), [&](const StoredMessage& one) { return one.message.seq > next_seq; });
    UNHIDRA_TRY_VOID(make_room(id, place, static_cast<std::uint64_t>(last - first)));
    for (; first != last; ++first) {
      first->message.index = place++;
      conversation.last_activity = std::max(conversation.last_activity, first->message.received_at);
      UNHIDRA_TRY_VOID(place_history_message(*first));
      if (first->message.state == MessageState::unreadable) {
        emit(event::MessageUnreadable{first->message});
      }
    }
  }
  save(conversation);
  return fresh.empty() ? Status() : sort_threads(id, 0);
}

Status Engine::read_earlier(ConversationId group) {
  return impl_->command([&] { return impl_->read_earlier(group); });
}

}  // namespace unhidra::client
