// Conversations, the history of each, and its comparison with the server's log.

#include <algorithm>

#include "engine_impl.h"

namespace unhidra::client {

namespace {

constexpr std::uint32_t kPage = 100;
constexpr std::uint32_t kWindow = 1000;  // conversations that are listed at once
constexpr std::size_t kMaxConversations = 10'000;

}  // namespace

ConversationRecord& Engine::Impl::conversation_record(ConversationId id, UserId peer) {
  auto [at, fresh] = conversations_.try_emplace(id);
  if (fresh) {
    at->second.id = id;
    at->second.peer = peer;
  }
  return at->second;
}

void Engine::Impl::save(const ConversationRecord& record) {
  tx_.put(Table::conversation, record.id.bytes(), record.encode());
}

const ConversationRecord* Engine::Impl::conversation_of(UserId peer) const {
  const ConversationRecord* best = nullptr;
  for (const auto& [id, record] : conversations_) {
    if (record.peer == peer && (best == nullptr || best->last_activity < record.last_activity)) {
      best = &record;
    }
  }
  return best;
}

Conversation Engine::Impl::view(const ConversationRecord& record) const {
  Conversation out;
  out.id = record.id;
  out.peer = record.peer;
  out.message_count = record.next_index;
  out.head_seq = record.head_seq;
  out.last_activity = record.last_activity;
  out.read_seq = record.read.seq;
  count_unread(out, record.id);
  if (record.is_group()) {
    show_name(out, record.id);
  }
  return out;
}

Result<ConversationChanges> Engine::Impl::conversations_since(std::uint64_t revision) const {
  UNHIDRA_TRY_VOID(need_enrolled());
  ConversationChanges out{.revision = revision_, .conversations = {}};
  for (const auto& [id, record] : conversations_) {
    if (record.peer != self_->user && (revision == 0 || record.changed > revision)) {
      out.conversations.push_back(view(record));
    }
  }
  std::ranges::sort(out.conversations, std::greater<>(), &Conversation::last_activity);
  return out;
}

// What is about to be stored says which conversations look otherwise than before: no place that
// changes one has to remember that.
void Engine::Impl::note_changed_rows() {
  const auto next = revision_ + 1;
  const auto note_where = [&](const auto& is_meant) {
    for (auto& [id, record] : conversations_) {
      if (is_meant(record)) {
        record.changed = revision_ = next;
      }
    }
  };
  for (const auto& [change, value] : tx_.changes()) {
    const auto& [table, key] = change;
    if (table == Table::message) {
      search_texts_.forget(key);
    }
    switch (table) {
      case Table::conversation:
      case Table::message:
      case Table::group:
      case Table::thread:
      case Table::receipts:
      case Table::unread_block: {  // the conversation's id comes first in their keys
        ByteReader reader(key);
        const auto found = conversations_.find(ConversationId(reader.array<16>()));
        if (found != conversations_.end()) {
          found->second.changed = revision_ = next;
        }
        break;
      }
      case Table::follow_rule:  // what of threads is unread, here or everywhere
        note_where([](const ConversationRecord&) { return true; });
        break;
      case Table::user:
        note_where([&](const auto& one) { return std::ranges::equal(one.peer.bytes(), key); });
        break;
      default:
        break;
    }
  }
}

Status Engine::Impl::want_conversation(UserId peer) {
  if (const auto* known = conversation_of(peer)) {
    emit(event::ConversationOpened{view(*known)});
    return {};
  }
  link_.wanted_conversations.insert(peer);
  return {};
}

Status Engine::Impl::on_conversation(UserId peer, const wire::Conversation& answer) {
  link_.wanted_conversations.erase(peer);
  const std::set<UserId> members(answer.member_user_ids.begin(), answer.member_user_ids.end());
  const auto known = conversations_.find(answer.conversation_id);
  if (members != std::set{self_->user, peer} ||
      (known != conversations_.end() && known->second.peer != peer)) {
    emit(event::RequestFailed{"open_conversation", std::string(error_code(Errc::bad_frame).name),
                              "the server answered with a conversation of other people"});
    requests_.back_off({Ask::open_conversation, peer.uuid()}, 0);
    return {};
  }
  auto& record = conversation_record(answer.conversation_id, peer);
  record.last_activity = std::max(record.last_activity, answer.created_at);
  save(record);
  emit(event::ConversationOpened{view(record)});
  return {};
}

Status Engine::Impl::on_conversations(const wire::Conversations& answer) {
  bool news = false;
  std::optional<bool> sessions;  // they are many: looked at when a conversation is new
  for (const auto& one : answer.conversations) {
    if (one.kind == wire::ConversationKind::group) {
      news = news || has_group_news(one);
      note_listed_group(one);
      continue;
    }
    const std::set<UserId> members(one.member_user_ids.begin(), one.member_user_ids.end());
    if (!members.contains(self_->user) || members.size() > 2) {
      continue;
    }
    auto others = members;
    others.erase(self_->user);
    const auto peer = others.empty() ? self_->user : *others.begin();
    const auto known = conversations_.find(one.conversation_id);
    if (known == conversations_.end()) {
      if (conversations_.size() >= kMaxConversations) {
        continue;
      }
      auto& record = conversation_record(one.conversation_id, peer);
      record.last_activity = one.created_at;
      if (!sessions) {
        UNHIDRA_TRY(sessions, has_sessions());
      }
      // Without any session no message key could be used a second time: nothing to compare.
      record.checked_seq =
          *sessions ? one.head_seq - std::min<std::uint64_t>(one.head_seq, kPage) : one.head_seq;
      save(record);
    } else if (known->second.peer != peer) {
      continue;
    }
    const auto& record = conversations_.at(one.conversation_id);
    if (one.head_seq > record.checked_seq) {
      link_.logs[one.conversation_id] = one.head_seq;
      news = true;
    }
  }
  link_.conversations_cursor = answer.next_cursor;
  // Newest activity first: a page without news is followed by none with. The rest is listed all the
  // same, as a group that is on no page may have been left.
  link_.conversations_known = link_.conversations_known || answer.next_cursor.empty() || !news;
  if (answer.next_cursor.empty()) {
    stir_unlisted();
  }
  return {};
}

Status Engine::Impl::on_log(ConversationId id, const wire::Log& answer) {
  const auto found = conversations_.find(id);
  const auto head = link_.logs.find(id);
  if (found == conversations_.end() || head == link_.logs.end()) {
    return {};
  }
  auto& record = found->second;
  event::MessagesMissing missing{id, {}};
  bool rolled_back = false;
  for (const auto& entry : answer.entries) {
    if (entry.seq <= record.checked_seq) {
      continue;
    }
    UNHIDRA_TRY(const auto known, seen(entry.sender_device_id, entry.message_id));
    UNHIDRA_TRY(const auto unread, seen(DeviceId(), entry.message_id));
    if (entry.sender_device_id == self_->device) {
      rolled_back = rolled_back || !known;
    } else if (!known && !unread && record.first_seq != 0 && entry.seq > record.first_seq &&
               entry.received_at < link_.hello.server_time) {
      missing.messages.push_back(entry.message_id);
    }
    record.checked_seq = entry.seq;
  }
  if (answer.entries.empty() || record.checked_seq >= head->second) {
    record.checked_seq = std::max(record.checked_seq, head->second);
    link_.logs.erase(head);
  }
  save(record);
  if (rolled_back) {
    UNHIDRA_TRY_VOID(roll_back_detected());
  }
  if (!missing.messages.empty()) {
    emit(std::move(missing));
  }
  return {};
}

// After the inbox is drained and before anything is sent: a message of this device that it does not
// know itself means that this store is an old copy.
Status Engine::Impl::pump_conversations() {
  for (const auto& peer : link_.wanted_conversations) {
    if (requests_.may_ask({Ask::open_conversation, peer.uuid()})) {
      requests_.ask({Ask::open_conversation, peer.uuid()}, wire::OpenDirectConversation{peer});
    }
  }
  if (!is_inbox_drained()) {
    return {};
  }
  const bool all = link_.conversations_known && link_.conversations_cursor.empty();
  if (!all && requests_.may_ask({Ask::conversations})) {
    requests_.ask({Ask::conversations},
                  wire::ListConversations{link_.conversations_cursor, kWindow});
  }
  for (const auto& [id, head] : link_.logs) {
    if (requests_.may_ask({Ask::log, id.uuid()})) {
      requests_.ask({Ask::log, id.uuid()},
                    wire::FetchLog{id, conversations_.at(id).checked_seq, kPage});
    }
  }
  return {};
}

// Puts it at the end of its conversation's history.
void Engine::Impl::append_message(Message& message) {
  auto& record = conversations_.at(message.conversation);
  message.index = record.next_index++;
  save(record);
  save(StoredMessage{message, 0, {}});
}

// A readable message of somebody else, or of another own device, at its place in the history, in
// its thread and among what is not read yet.
Status Engine::Impl::place(Message message, UserId told_as) {
  auto& record = conversations_.at(message.conversation);
  record.last_activity = std::max(record.last_activity, message.received_at);
  append_message(message);
  mark_seen(message.sender_device, message.id, {std::pair(message.conversation, message.index)});
  UNHIDRA_TRY_VOID(note_emoji(message));
  UNHIDRA_TRY(const auto root, note_reply(message));
  note_received(message, root);
  stop_typing(message.conversation, message.sender_user);
  const auto id = message.conversation;
  emit_named(told_as, event::MessageReceived{std::move(message)});
  return tell_thread(id, root);
}

void Engine::Impl::save(const StoredMessage& stored) {
  tx_.put(Table::message, message_key(stored.message.conversation, stored.message.index),
          stored.encode());
}

Result<std::optional<StoredMessage>> Engine::Impl::stored_at(ConversationId id,
                                                             std::uint64_t index) const {
  UNHIDRA_TRY(const auto stored, tx_.get(Table::message, message_key(id, index)));
  if (!stored) {
    return std::optional<StoredMessage>();
  }
  UNHIDRA_TRY(auto message, StoredMessage::decode(stored->expose()));
  return std::optional(std::move(message));
}

Result<std::vector<Message>> Engine::Impl::history(ConversationId id, std::uint64_t before,
                                                   std::size_t limit) const {
  const auto found = conversations_.find(id);
  if (found == conversations_.end()) {
    return fail(Errc::not_found, "no such conversation is known here");
  }
  const auto end = std::min(before, found->second.next_index);
  const auto begin = end - std::min<std::uint64_t>(end, limit);
  std::vector<Message> out;
  for (auto index = begin; index < end; ++index) {
    UNHIDRA_TRY(const auto stored, stored_at(id, index));
    if (stored) {
      out.push_back(show(*stored));
    }
  }
  return out;
}

}  // namespace unhidra::client
