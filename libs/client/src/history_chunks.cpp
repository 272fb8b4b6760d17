// What history consists of on its way, and how it is put before what this device has itself.

#include "engine_impl.h"
#include "record_codec.h"

namespace unhidra::client {

namespace {

constexpr std::size_t kChunk = std::size_t{32} * 1024;  // bytes; a chunk is full from there
constexpr std::size_t kLargestRecord = std::size_t{48} * 1024;
constexpr std::size_t kLargestDocument = std::size_t{64} * 1024;
constexpr std::size_t kLargestName = 1024;
constexpr std::size_t kMostConversations = 10'000;

HistoryItem read_item(ByteReader& in) {
  return read_enum(in, HistoryItem::person, HistoryItem::end);
}
void write_item(ByteWriter& out, HistoryItem item) {
  out.u8(static_cast<std::uint8_t>(item));
}

// What waits to be sent, or never was, belongs to the old device alone.
bool may_travel(const Message& message) {
  return message.seq != 0 &&
         (message.state == MessageState::sent || message.state == MessageState::received ||
          message.state == MessageState::unreadable || message.state == MessageState::notice);
}

}  // namespace

// ---- giving ----

HistoryPlan Engine::Impl::plan_history() const {
  HistoryPlan out;
  for (const auto& [id, user] : users_) {
    if (user.list && id != self_->user) {
      out.people.push_back(id);
    }
  }
  for (const auto& [id, conversation] : conversations_) {
    const auto end = conversation.next_index;
    if (conversation.peer != self_->user && end != 0) {
      const auto most = std::min<std::uint64_t>(end, limits_.max_history_messages);
      out.parts.push_back({id, end - most, end});
    }
  }
  return out;
}

void Engine::Impl::write_person(ByteWriter& out, UserId id) const {
  const auto found = users_.find(id);
  if (found == users_.end() || !found->second.list) {
    return;
  }
  write_item(out, HistoryItem::person);
  write_id(out, id);
  out.text(found->second.username).text(found->second.display_name);
  out.bytes(identity::encode(*found->second.list)).u8(found->second.verified ? 1 : 0);
}

void Engine::Impl::write_conversation(ByteWriter& out, const ConversationRecord& record) const {
  const auto* hold = find_group(record.id);
  write_item(out, HistoryItem::conversation);
  write_id(out, record.id);
  write_id(out, record.peer);
  out.text(hold != nullptr ? std::string_view(hold->record.name) : std::string_view());
  write_reading(out, record);
}

Status Engine::Impl::write_history_message(ByteWriter& out, HistoryCursor& cursor,
                                           ConversationId conversation) const {
  UNHIDRA_TRY(auto stored, stored_at(conversation, cursor.index++));
  if (!stored || !may_travel(stored->message)) {
    return {};
  }
  if (stored->message.state == MessageState::sent) {
    stored->message.state = MessageState::received;  // of another own device, there
    stored->message.unread_by = 0;
  }
  auto record = stored->encode();
  while (record.size() > kLargestRecord && !stored->marks.empty()) {
    stored->marks.resize(stored->marks.size() / 2);  // a message comes without some reactions
    record = stored->encode();
  }
  if (record.size() <= kLargestRecord) {
    write_item(out, HistoryItem::message);
    out.bytes(record.expose());
    cursor.messages += stored->message.notice ? 0 : 1;
  }
  return {};
}

Result<SecretBytes> Engine::Impl::make_chunk(const HistoryPlan& plan, HistoryCursor& cursor) const {
  auto out = record_writer(1, kChunk + kLargestRecord);
  while (out.view().size() < kChunk && !cursor.finished) {
    if (cursor.people < plan.people.size()) {
      write_person(out, plan.people[cursor.people++]);
      continue;
    }
    if (cursor.conversation >= plan.parts.size()) {
      write_item(out, HistoryItem::end);
      cursor.finished = true;
      continue;
    }
    const auto& part = plan.parts[cursor.conversation];
    if (!cursor.opened) {
      write_conversation(out, conversations_.at(part.conversation));
      cursor.opened = true;
      cursor.index = part.begin;
    } else if (cursor.index < part.end) {
      UNHIDRA_TRY_VOID(write_history_message(out, cursor, part.conversation));
    } else {
      write_item(out, HistoryItem::conversation_end);
      cursor.opened = false;
      ++cursor.conversation;
    }
  }
  return seal(std::move(out));
}

// ---- receiving ----

// Whether it was the last one; nothing if it cannot be read.
Result<std::optional<bool>> Engine::Impl::take_chunk(HistoryRecord& record, ByteView chunk) {
  auto in = record_reader(1, chunk);
  bool finished = false;
  while (!in.failed() && in.remaining() != 0) {
    if (finished) {
      return std::nullopt;
    }
    switch (read_item(in)) {
      case HistoryItem::person:
        UNHIDRA_TRY_VOID(take_person(in));
        break;
      case HistoryItem::conversation:
        UNHIDRA_TRY_VOID(take_conversation(record, in));
        break;
      case HistoryItem::message:
        UNHIDRA_TRY_VOID(take_history_message(record, in));
        break;
      case HistoryItem::conversation_end:
        if (!record.conversation) {
          return std::nullopt;
        }
        UNHIDRA_TRY_VOID(settle_history(record));
        record.conversation.reset();
        break;
      case HistoryItem::end:
        finished = true;
        break;
    }
  }
  if (in.failed() || (finished && record.conversation)) {
    return std::nullopt;
  }
  return finished;
}

// Whom the old device knows: its pinned key counts for more than one that this device was shown
// first.
Status Engine::Impl::take_person(ByteReader& in) {
  const auto id = read_id<UserId>(in);
  const std::string username(in.text(kLargestName));
  const std::string display_name(in.text(kLargestName));
  const auto document = in.bytes(kLargestDocument);
  const bool verified = read_bool(in);
  if (in.failed() || id == self_->user) {
    return {};
  }
  auto list = identity::open_device_list(crypto_, id, document);
  if (!list) {
    in.set_failed();
    return {};
  }
  auto& user = user_record(id);
  if (user.username.empty()) {
    user.username = username;
    user.display_name = display_name;
  }
  if (!user.list || user.list->account_key == list->account_key) {
    if (!user.list || user.list->version < list->version) {
      UNHIDRA_TRY_VOID(take_list(user, std::move(*list)));
    }
    user.verified = user.verified || verified;
  } else if (!user.changed && !user.verified) {
    user.changed = std::exchange(user.list, std::move(*list));
    user.verified = verified;
    ++list_changes_;
    emit(event::IdentityChanged{view(user)});
  }
  save(user);
  return {};
}

Status Engine::Impl::take_conversation(HistoryRecord& record, ByteReader& in) {
  const auto id = read_id<ConversationId>(in);
  const auto peer = read_id<UserId>(in);
  const std::string name(in.text(kLargestName));
  if (in.failed() || record.conversation) {
    in.set_failed();
    return {};
  }
  record.conversation = id;
  record.staged = 0;
  const auto known = conversations_.find(id);
  record.skipped = known != conversations_.end()
                       ? known->second.peer != peer
                       : conversations_.size() >= kMostConversations || peer == self_->user;
  if (!record.skipped && known == conversations_.end()) {
    open_history(id, peer, name);
  } else if (auto* hold = find_group(id);
             !record.skipped && hold != nullptr && hold->record.name.empty()) {
    hold->record.name = name;  // until a member tells a newer one
    touch(*hold);
  }
  return take_reading(record, in);
}

void Engine::Impl::open_history(ConversationId id, UserId peer, const std::string& name) {
  if (peer.is_nil()) {
    // Over, unless the server lists it: then this device comes in as into any other.
    auto& hold = hold_group(id);
    hold.record.state = GroupState::left;
    hold.record.name = name;
  } else {
    save(conversation_record(id, peer));
  }
}

Status Engine::Impl::take_history_message(HistoryRecord& record, ByteReader& in) {
  const auto stored = StoredMessage::decode(in.bytes(kLargestRecord));
  const bool fits = stored && record.conversation && may_travel(stored->message) &&
                    stored->message.state != MessageState::sent &&
                    stored->message.conversation == *record.conversation;
  if (in.failed() || !fits) {
    in.set_failed();
    return {};
  }
  if (!record.skipped && stored->message.sender_device != self_->device &&
      record.staged < limits_.max_history_messages) {
    tx_.put(Table::history_stage, history_stage_key(record.other, record.staged++),
            stored->encode());
  }
  return {};
}

// A conversation is there as a whole: what is older than all that this device has goes before it,
// what this device could not read is filled in, and what it has is left.
Status Engine::Impl::settle_history(HistoryRecord& record) {
  const auto id = *record.conversation;
  std::vector<StoredMessage> older;
  UNHIDRA_TRY(auto mine, first_seq_and_gaps(id));
  const auto staged = std::exchange(record.staged, 0);
  std::uint64_t filled = 0;
  for (std::uint64_t i = 0; i < staged; ++i) {
    const auto key = history_stage_key(record.other, i);
    UNHIDRA_TRY(const auto stored, tx_.get(Table::history_stage, key));
    tx_.remove(Table::history_stage, key);
    if (!stored) {
      return fail(Errc::corrupt_store, "a received part of a history is missing");
    }
    UNHIDRA_TRY(auto one, StoredMessage::decode(stored->expose()));
    auto& message = one.message;
    UNHIDRA_TRY(const auto known, seen(message.sender_device, message.id));
    const auto gap = mine.unreadable.find(message.seq);
    if (known && known->place) {
      continue;
    }
    if (gap != mine.unreadable.end() && message.state != MessageState::unreadable) {
      message.index = gap->second;
      UNHIDRA_TRY_VOID(place_history_message(one));
      ++filled;
    } else if (message.seq < mine.first_seq) {
      older.push_back(std::move(one));
    }
  }
  if (record.skipped || (older.empty() && filled == 0)) {
    return {};
  }
  UNHIDRA_TRY_VOID(make_room(id, 0, older.size()));
  auto& conversation = conversations_.at(id);
  for (std::size_t i = 0; i < older.size(); ++i) {
    auto& message = older[i].message;
    message.index = i;
    conversation.last_activity = std::max(conversation.last_activity, message.received_at);
    UNHIDRA_TRY_VOID(place_history_message(older[i]));
  }
  save(conversation);
  const auto notices = std::ranges::count_if(
      older, [](const StoredMessage& one) { return one.message.notice.has_value(); });
  UNHIDRA_TRY_VOID(sort_threads(id, older.size()));
  UNHIDRA_TRY_VOID(apply_kept_effects(record, id));
  record.messages += older.size() - static_cast<std::size_t>(notices) + filled;
  emit(event::HistoryReceived{id, older.size() + filled});
  return {};
}

Result<Engine::Impl::OwnHistory> Engine::Impl::first_seq_and_gaps(ConversationId id) const {
  OwnHistory out;
  const auto found = conversations_.find(id);
  for (std::uint64_t i = 0; found != conversations_.end() && i < found->second.next_index; ++i) {
    UNHIDRA_TRY(const auto stored, stored_at(id, i));
    if (!stored || stored->message.seq == 0) {
      continue;
    }
    out.first_seq = std::min(out.first_seq, stored->message.seq);
    if (stored->message.state == MessageState::unreadable) {
      out.unreadable.emplace(stored->message.seq, i);
    }
  }
  return out;
}

// One that could not be read there either is left open for another transfer.
Status Engine::Impl::place_history_message(const StoredMessage& stored) {
  const auto& message = stored.message;
  save(stored);
  UNHIDRA_TRY_VOID(note_emoji(message));
  if (message.state != MessageState::unreadable && message.state != MessageState::notice) {
    mark_seen(message.sender_device, message.id, {std::pair(message.conversation, message.index)});
  }
  return {};
}

// Moves a conversation's messages from index `first` on back by `count` places.
Status Engine::Impl::make_room(ConversationId id, std::uint64_t first, std::uint64_t count) {
  if (count == 0) {
    return {};
  }
  auto& conversation = conversations_.at(id);
  for (auto i = conversation.next_index; i > first; --i) {
    UNHIDRA_TRY(auto stored, stored_at(id, i - 1));
    if (!stored) {
      continue;
    }
    auto& message = stored->message;
    message.index += count;
    UNHIDRA_TRY(const auto known, seen(message.sender_device, message.id));
    save(*stored);
    if (known && known->place) {
      mark_seen(message.sender_device, message.id, {std::pair(id, message.index)});
    }
  }
  conversation.next_index += count;
  shift_threads(id, first, count);
  for (auto& [order, record] : outbox_) {
    if (record.conversation == id && record.index && *record.index >= first) {
      *record.index += count;
      save(record);
    }
  }
  return {};
}

}  // namespace unhidra::client
