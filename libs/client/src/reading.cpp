// How far this person has read, and what is left. One log and two kinds of cursors: the timeline's,
// and one for each thread. What stands behind its cursor is not read; so nothing can get stuck.

#include "engine_impl.h"

namespace unhidra::client {

namespace {

constexpr std::uint64_t kLongestLookBack = 1000;

Result<std::pair<ConversationId, std::uint64_t>> read_unread_key(ByteView stored) {
  ByteReader key(stored);
  const ConversationId id(key.array<16>());
  const auto number = key.u64();
  if (!key.finish("the key of an unread message")) {
    return fail(Errc::corrupt_store, "a stored unread message has no name");
  }
  return std::pair(id, number);
}

}  // namespace

Status Engine::Impl::load_reading() {
  unread_.clear();
  receipts_.clear();
  receipts_due_.clear();
  reports_due_.clear();
  sync_due_.clear();
  UNHIDRA_TRY(const auto blocks, tx_.load(Table::unread_block));
  for (const auto& stored : blocks) {
    UNHIDRA_TRY(const auto key, read_unread_key(stored.key));
    UNHIDRA_TRY_VOID(unread_[key.first].take_block(key.second, stored.value.expose()));
  }
  UNHIDRA_TRY(const auto singles, tx_.load(Table::unread));
  outdated_unread_.clear();
  for (const auto& stored : singles) {
    UNHIDRA_TRY(const auto key, read_unread_key(stored.key));
    UNHIDRA_TRY(const auto record, UnreadRecord::decode(stored.value.expose()));
    unread_[key.first].put(key.second, record);
    outdated_unread_.push_back(key);
  }
  UNHIDRA_TRY(const auto receipts, tx_.load(Table::receipts));
  for (const auto& stored : receipts) {
    UNHIDRA_TRY(auto record, ReceiptsRecord::decode(stored.value.expose()));
    const auto id = record.conversation;
    receipts_.emplace(id, std::move(record));
  }
  for (const auto& [id, record] : conversations_) {
    if (record.delivered.seq > record.told_delivered || record.read.seq > record.told_read) {
      owe_receipt(id);
    }
    if (record.read.seq > record.synced_read) {
      sync_due_.insert(id);
    }
  }
  return {};
}

// What an earlier version has left, into blocks.
Status Engine::Impl::renew_unread() {
  for (const auto& [id, seq] : std::exchange(outdated_unread_, {})) {
    tx_.remove(Table::unread, message_key(id, seq));
    save_unread(id, UnreadList::block_of(seq));
  }
  return {};
}

void Engine::Impl::save_unread(ConversationId id, std::uint64_t block) {
  const auto found = unread_.find(id);
  auto record = found == unread_.end() ? std::nullopt : found->second.encode_block(block);
  if (record) {
    tx_.put(Table::unread_block, unread_key(id, block), std::move(*record));
  } else {
    tx_.remove(Table::unread_block, unread_key(id, block));
  }
}

void Engine::Impl::tell_unread(ConversationId id) {
  Conversation shown;
  count_unread(shown, id);
  emit(event::UnreadChanged{id, shown.unread, shown.mentions, shown.unread_threads});
}

void Engine::Impl::count_unread(Conversation& out, ConversationId id) const {
  const auto found = unread_.find(id);
  if (found == unread_.end()) {
    return;
  }
  const auto& unread = found->second;
  out.unread = unread.in_timeline();
  out.mentions = unread.mentions();
  for (const auto& [root, counts] : unread.threads()) {
    const auto* thread = find_thread(id, root);
    out.unread_threads += thread != nullptr && follows(*thread) ? 1 : 0;
  }
}

// A message of somebody else, new in the history.
void Engine::Impl::note_received(const Message& message, std::optional<std::uint64_t> root) {
  auto& record = conversations_.at(message.conversation);
  if (message.sender_user == self_->user) {
    return;
  }
  if (message.seq > record.delivered.seq) {
    record.delivered = {message.seq, message.ref()};
    owe_receipt(record.id);
    save(record);
  }
  const auto* thread = root ? find_thread(record.id, *root) : nullptr;
  if (message.seq <= (thread != nullptr ? thread->read_seq : record.read.seq)) {
    return;
  }
  auto& unread = unread_[record.id];
  unread.put(message.seq, {mentions_me(message), root});
  save_unread(record.id, UnreadList::block_of(message.seq));
  if (unread.size() > limits_.max_unread) {
    const auto oldest = unread.entries().begin()->first;
    unread.erase(oldest);
    save_unread(record.id, UnreadList::block_of(oldest));
  }
  tell_unread(record.id);
}

void Engine::Impl::note_mention_changed(const Message& message) {
  const auto found = unread_.find(message.conversation);
  const auto* known = found == unread_.end() ? nullptr : found->second.find(message.seq);
  if (known == nullptr || known->mention == mentions_me(message)) {
    return;
  }
  auto changed = *known;
  changed.mention = mentions_me(message);
  found->second.put(message.seq, changed);
  save_unread(message.conversation, UnreadList::block_of(message.seq));
  tell_unread(message.conversation);
}

void Engine::Impl::forget_unread(ConversationId id, std::uint64_t seq) {
  const auto found = unread_.find(id);
  if (found != unread_.end() && found->second.find(seq) != nullptr) {
    remove_unread(found, std::array{seq});
  }
}

template <class F>
void Engine::Impl::erase_unread(ConversationId id, F is_read) {
  const auto found = unread_.find(id);
  if (found == unread_.end()) {
    return;
  }
  std::vector<std::uint64_t> read;
  for (const auto& [seq, unread] : found->second.entries()) {
    if (is_read(seq, unread)) {
      read.push_back(seq);
    }
  }
  if (!read.empty()) {
    remove_unread(found, read);
  }
}

void Engine::Impl::remove_unread(std::map<ConversationId, UnreadList>::iterator of,
                                 std::span<const std::uint64_t> read) {
  const auto id = of->first;
  std::set<std::uint64_t> blocks;
  for (const auto seq : read) {
    of->second.erase(seq);
    blocks.insert(UnreadList::block_of(seq));
  }
  for (const auto block : blocks) {
    save_unread(id, block);
  }
  if (of->second.empty()) {
    unread_.erase(of);
  }
  tell_unread(id);
}

// ---- the cursors ----

void Engine::Impl::advance_timeline(ConversationRecord& record, const LogPlace& place) {
  if (place.seq <= record.read.seq) {
    return;
  }
  record.read = place;
  save(record);
  owe_receipt(record.id);
  erase_unread(record.id, [&](std::uint64_t seq, const UnreadRecord& unread) {
    return !unread.root && seq <= place.seq;
  });
}

void Engine::Impl::advance_thread(ThreadRecord& thread, std::uint64_t seq) {
  if (seq <= thread.read_seq) {
    return;
  }
  thread.read_seq = seq;
  save(thread);
  erase_unread(thread.conversation, [&](std::uint64_t one, const UnreadRecord& unread) {
    return unread.root == thread.root_index && one <= seq;
  });
}

Status Engine::Impl::mark_read(ConversationId id, std::uint64_t index) {
  const auto found = conversations_.find(id);
  if (found == conversations_.end()) {
    return fail(Errc::not_found, "no such conversation is known here");
  }
  auto& record = found->second;
  if (record.next_index == 0) {
    return {};
  }
  auto at = std::min(index, record.next_index - 1);
  for (std::uint64_t looked = 0; looked < kLongestLookBack; ++looked, --at) {
    UNHIDRA_TRY(const auto stored, stored_at(id, at));
    // Nobody else could make out which notice a receipt is about.
    if (stored && stored->message.seq != 0 && !stored->message.notice) {
      const auto before = record.read.seq;
      advance_timeline(record, {stored->message.seq, stored->message.ref()});
      if (record.read.seq != before) {
        sync_due_.insert(id);
      }
      return {};
    }
    if (at == 0) {
      break;
    }
  }
  return {};
}

Status Engine::Impl::mark_thread_read(ConversationId id, const MessageRef& root) {
  UNHIDRA_TRY(auto* thread, thread_of(id, root));
  std::uint64_t last = 0;
  for (const auto index : thread->replies) {
    UNHIDRA_TRY(const auto stored, stored_at(id, index));
    last = std::max(last, stored ? stored->message.seq : 0);
  }
  const auto before = thread->read_seq;
  advance_thread(*thread, last);
  if (thread->read_seq != before) {
    thread->unsynced = true;
    threads_due_ = true;
    save(*thread);
  }
  return {};
}

Status Engine::Impl::mark_all_read(std::optional<ConversationId> only) {
  std::vector<ConversationId> ids;
  for (const auto& [id, unread] : unread_) {
    if (!only || id == *only) {
      ids.push_back(id);
    }
  }
  for (const auto& id : ids) {
    UNHIDRA_TRY_VOID(mark_read(id, UINT64_MAX));
    std::vector<std::uint64_t> roots;
    if (const auto left = unread_.find(id); left != unread_.end()) {
      for (const auto& [root, counts] : left->second.threads()) {
        roots.push_back(root);
      }
    }
    for (const auto root : roots) {
      if (const auto* thread = find_thread(id, root)) {
        UNHIDRA_TRY_VOID(mark_thread_read(id, MessageRef(thread->root)));
      }
    }
  }
  return {};
}

// ---- the own other devices ----

Status Engine::Impl::apply_read_state(const Origin& origin, const wire::ReadState& state) {
  if (origin.user != self_->user) {
    return {};  // nobody reads for somebody else
  }
  for (const auto& rule : state.follow_rules) {
    apply_follow_rule(rule);
  }
  if (state.receipts) {
    apply_receipt_wish(*state.receipts);
  }
  for (const auto& mark : state.marks) {
    const auto found = conversations_.find(mark.conversation_id);
    if (found == conversations_.end()) {
      continue;
    }
    const auto seq = mark.up_to_seq;
    auto& record = found->second;
    if (!mark.thread_root) {
      advance_timeline(record, {seq, MessageRef()});
      record.synced_read = std::max(record.synced_read, seq);
      record.told_read = std::max(record.told_read, seq);  // by the other device
      save(record);
      continue;
    }
    auto thread = thread_of(mark.conversation_id, from_wire(*mark.thread_root));
    if (!thread) {
      UNHIDRA_TRY_VOID(keep_early_mark(mark.conversation_id, mark));
      continue;
    }
    if (mark.following != wire::ThreadFollowing::unchanged) {
      set_following(**thread, mark.following == wire::ThreadFollowing::yes);
    }
    advance_thread(**thread, seq);
  }
  return {};
}

Status Engine::Impl::pump_read_sync() {
  const auto now = clock_.steady_now();
  if (link_.read_sync_not_before > now || !may_tell()) {
    return {};
  }
  wire::ReadState state;
  for (const auto& id : std::exchange(sync_due_, {})) {
    auto& record = conversations_.at(id);
    if (record.read.seq > record.synced_read) {
      state.marks.push_back({id, record.read.seq, std::nullopt, {}});
    }
    record.synced_read = record.read.seq;
    save(record);
  }
  for (auto& [key, thread] : threads_) {
    if (!threads_due_) {
      break;
    }
    if (thread.unsynced) {
      thread.unsynced = false;
      save(thread);
      state.marks.push_back({thread.conversation, thread.read_seq, to_wire(thread.root),
                             !thread.decided    ? wire::ThreadFollowing::unchanged
                             : thread.following ? wire::ThreadFollowing::yes
                                                : wire::ThreadFollowing::no});
    }
  }
  threads_due_ = false;
  state.follow_rules = take_unsynced_rules();
  state.receipts = take_unsynced_receipts();
  if (state == wire::ReadState() || !has_other_devices()) {
    return {};
  }
  link_.read_sync_not_before = now + limits_.read_sync_interval;
  const auto part = [](const auto& all, std::size_t at) {
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(std::min(at, all.size()));
    return std::vector(
        begin, all.begin() + static_cast<std::ptrdiff_t>(std::min(at + kMaxReadMarks, all.size())));
  };
  const auto tell = [&](wire::ReadState some) {
    wire::Content content;
    content.body = std::move(some);
    enqueue_content(self_->user, ConversationId(), std::move(content));
  };
  for (std::size_t at = 0; at < state.marks.size(); at += kMaxReadMarks) {
    tell({part(state.marks, at), {}, {}});
  }
  // Apart: a device of an earlier version reads the others.
  for (std::size_t at = 0; at < state.follow_rules.size(); at += kMaxReadMarks) {
    tell({{}, part(state.follow_rules, at), {}});
  }
  if (state.receipts) {
    tell({{}, {}, state.receipts});
  }
  return {};
}

bool Engine::Impl::has_other_devices() const {
  const auto own = users_.find(self_->user);
  return own != users_.end() && own->second.list &&
         std::ranges::any_of(own->second.list->devices, [&](const auto& keys) {
           return keys.device_id != self_->device && !own->second.revoked.contains(keys.device_id);
         });
}

}  // namespace unhidra::client
