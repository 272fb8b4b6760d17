// Threads: what stands under a message. Computed from the history; the server knows of none.

#include "engine_impl.h"

namespace unhidra::client {

namespace {

constexpr std::size_t kThreadKey = 24;  // bytes

}  // namespace

Status Engine::Impl::load_threads() {
  threads_.clear();
  threads_due_ = true;
  UNHIDRA_TRY(const auto threads, tx_.load(Table::thread));
  for (const auto& stored : threads) {
    if (stored.key.size() > kThreadKey) {
      continue;  // an EarlyMark: read by key
    }
    UNHIDRA_TRY(auto record, ThreadRecord::decode(stored.value.expose()));
    const auto key = std::pair(record.conversation, record.root_index);
    threads_.emplace(key, std::move(record));
  }
  return {};
}

void Engine::Impl::save(const ThreadRecord& record) {
  tx_.put(Table::thread, record.record_key(), record.encode());
}

const ThreadRecord* Engine::Impl::find_thread(ConversationId id, std::uint64_t root_index) const {
  const auto found = threads_.find({id, root_index});
  return found == threads_.end() ? nullptr : &found->second;
}

Result<ThreadRecord*> Engine::Impl::thread_of(ConversationId id, const MessageRef& root) {
  UNHIDRA_TRY(const auto known, seen(root.sender_device, root.id));
  const auto found = known && known->place && known->place->first == id
                         ? threads_.find({id, known->place->second})
                         : threads_.end();
  if (found == threads_.end()) {
    return fail(Errc::not_found, "nothing stands under that message here");
  }
  return &found->second;
}

// A reply that was appended to the history: answers the index of its root, when that is here.
Result<std::optional<std::uint64_t>> Engine::Impl::note_reply(const Message& message) {
  if (!message.thread_root) {
    return std::optional<std::uint64_t>();
  }
  UNHIDRA_TRY(const auto root, find_message(message.conversation, to_wire(*message.thread_root)));
  if (!root || root->message.thread_root) {
    return std::optional<std::uint64_t>();  // stands in the timeline
  }
  auto& thread = threads_[{message.conversation, root->message.index}];
  if (thread.replies.empty()) {
    thread.conversation = message.conversation;
    thread.root_index = root->message.index;
    thread.root = root->message.ref();
    thread.root_user = root->message.sender_user;
    UNHIDRA_TRY_VOID(take_early_mark(thread));
  }
  thread.replies.push_back(message.index);
  thread.last_reply_at =
      std::max(thread.last_reply_at, message.seq != 0 ? message.received_at : message.sent_at);
  if (std::ranges::find(thread.participants, message.sender_user) == thread.participants.end() &&
      thread.participants.size() < limits_.max_thread_participants) {
    thread.participants.push_back(message.sender_user);
  }
  thread.replied =
      thread.replied || message.sender_user == self_->user || thread.root_user == self_->user;
  thread.mentioned = thread.mentioned || mentions_me(message);
  save(thread);
  return std::optional(thread.root_index);
}

// Of a reply that is no longer in the history; a thread without any is none.
Status Engine::Impl::forget_reply(const Message& message) {
  for (auto& [key, thread] : threads_) {
    if (key.first != message.conversation || std::erase(thread.replies, message.index) == 0) {
      continue;
    }
    const auto root = thread.root_index;
    if (thread.replies.empty() && !thread.decided) {
      tx_.remove(Table::thread, thread.record_key());
      threads_.erase(key);
    } else {
      save(thread);
    }
    return tell_thread(message.conversation, root);
  }
  return {};
}

// What another own device told before this one had come to the thread.
Status Engine::Impl::take_early_mark(ThreadRecord& thread) {
  const auto key = EarlyMark::record_key(thread.conversation, thread.root);
  UNHIDRA_TRY(const auto stored, tx_.get(Table::thread, key));
  if (stored) {
    UNHIDRA_TRY(const auto mark, EarlyMark::decode(stored->expose()));
    thread.read_seq = mark.read_seq;
    note_told(thread, mark);
    tx_.remove(Table::thread, key);
  }
  return {};
}

// Another own device follows it, or not: what a person has decided counts before what a rule does.
void Engine::Impl::note_told(ThreadRecord& thread, const EarlyMark& mark) {
  if (thread.decided) {
    return;
  }
  thread.decided = mark.decided;
  thread.following = mark.decided && mark.following;
  if (!mark.decided && mark.following && !thread.replied && !thread.mentioned) {
    thread.replied = true;  // why is in messages that this device may not have
    thread.mentioned = true;
  }
}

Status Engine::Impl::keep_early_mark(ConversationId id, const wire::ReadMark& told) {
  const auto key = EarlyMark::record_key(id, from_wire(*told.thread_root));
  UNHIDRA_TRY(const auto stored, tx_.get(Table::thread, key));
  EarlyMark mark;
  if (stored) {
    UNHIDRA_TRY(mark, EarlyMark::decode(stored->expose()));
  }
  mark.read_seq = std::max(mark.read_seq, told.up_to_seq);
  if (told.following != wire::ThreadFollowing::unchanged) {
    mark.following = told.following == wire::ThreadFollowing::yes;
    mark.decided = true;
  }
  tx_.put(Table::thread, key, mark.encode());
  return {};
}

// After everything about the reply is noted.
Status Engine::Impl::tell_thread(ConversationId id, std::optional<std::uint64_t> root) {
  if (root) {
    UNHIDRA_TRY(const auto stored, stored_at(id, *root));
    if (stored) {
      emit(event::MessageChanged{show(*stored)});
    }
  }
  return {};
}

ThreadSummary Engine::Impl::summary(const ThreadRecord& thread) const {
  ThreadSummary out;
  out.replies = thread.replies.size();
  out.last_reply_at = thread.last_reply_at;
  out.participants = thread.participants;
  out.following = follows(thread);
  const auto unread = unread_.find(thread.conversation);
  if (unread != unread_.end()) {
    const auto counts = unread->second.in_thread(thread.root_index);
    out.unread = counts.messages;
    out.mentions = counts.mentions;
  }
  return out;
}

void Engine::Impl::set_following(ThreadRecord& thread, bool following) {
  thread.following = following;
  thread.decided = true;
  save(thread);
  tell_unread(thread.conversation);
}

Status Engine::Impl::follow_thread(ConversationId id, const MessageRef& root, bool following) {
  UNHIDRA_TRY(auto* thread, thread_of(id, root));
  thread->unsynced = true;
  threads_due_ = true;
  set_following(*thread, following);
  return {};
}

Result<std::vector<Thread>> Engine::Impl::threads(std::optional<ConversationId> only,
                                                  bool followed_only) const {
  std::vector<const ThreadRecord*> wanted;
  for (const auto& [key, thread] : threads_) {
    if ((!only || key.first == *only) && (!followed_only || follows(thread))) {
      wanted.push_back(&thread);
    }
  }
  std::ranges::sort(wanted, std::greater<>(), &ThreadRecord::last_reply_at);
  std::vector<Thread> out;
  for (const auto* thread : wanted) {
    UNHIDRA_TRY(const auto root, stored_at(thread->conversation, thread->root_index));
    if (root) {
      out.push_back({thread->conversation, show(*root)});
    }
  }
  return out;
}

Result<std::vector<Message>> Engine::Impl::thread_messages(ConversationId id,
                                                           const MessageRef& root) const {
  UNHIDRA_TRY(const auto known, seen(root.sender_device, root.id));
  const auto* thread = known && known->place && known->place->first == id
                           ? find_thread(id, known->place->second)
                           : nullptr;
  std::vector<Message> out;
  if (thread == nullptr) {
    return out;
  }
  for (const auto index : thread->replies) {
    UNHIDRA_TRY(const auto stored, stored_at(id, index));
    if (stored) {
      out.push_back(show(*stored));
    }
  }
  return out;
}

}  // namespace unhidra::client
