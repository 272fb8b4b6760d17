// How far a person has read, which threads he follows and what others have read: these travel with
// the messages, and threads are put together again around roots that came later than replies.

#include "engine_impl.h"
#include "record_codec.h"

namespace unhidra::client {

namespace {

constexpr std::size_t kLargestReceipts = std::size_t{64} * 1024;
constexpr std::size_t kMostThreads = 500;

}  // namespace

// ---- giving ----

void Engine::Impl::write_reading(ByteWriter& out, const ConversationRecord& record) const {
  out.u64(record.read.seq);
  const auto receipts = receipts_.find(record.id);
  const auto told = receipts != receipts_.end() ? receipts->second.encode() : SecretBytes();
  out.bytes(told.expose());
  std::vector<const ThreadRecord*> threads;
  for (const auto& [key, thread] : threads_) {
    if (key.first == record.id) {
      threads.push_back(&thread);
    }
  }
  // Of very many the newest.
  std::ranges::sort(threads, std::greater<>(), &ThreadRecord::last_reply_at);
  threads.resize(std::min(threads.size(), kMostThreads));
  out.varint(threads.size());
  for (const auto* thread : threads) {
    write_ref(out, thread->root);
    out.u64(thread->read_seq).u8(follows(*thread) ? 1 : 0).u8(thread->decided ? 1 : 0);
  }
}

// ---- receiving ----

Status Engine::Impl::take_reading(const HistoryRecord& record, ByteReader& in) {
  const auto id = *record.conversation;
  const auto read_seq = in.u64();
  const auto receipts = in.bytes(kLargestReceipts);
  std::vector<std::pair<MessageRef, EarlyMark>> marks;
  const auto count = in.varint();
  if (count > kMostThreads) {
    in.set_failed();
  }
  for (std::uint64_t i = 0; i < count && !in.failed(); ++i) {
    const auto root = read_ref(in);
    EarlyMark mark;
    mark.read_seq = in.u64();
    mark.following = read_bool(in);
    mark.decided = read_bool(in);
    marks.emplace_back(root, mark);
  }
  const auto told = ReceiptsRecord::decode(receipts);
  if (in.failed() || (!receipts.empty() && (!told || told->conversation != id))) {
    in.set_failed();
    return {};
  }
  if (record.skipped) {
    return {};
  }
  auto& conversation = conversations_.at(id);
  advance_timeline(conversation, {read_seq, MessageRef()});
  conversation.synced_read = std::max(conversation.synced_read, read_seq);
  conversation.told_read = std::max(conversation.told_read, read_seq);  // by the other device
  save(conversation);
  if (!receipts.empty()) {
    take_receipts(id, *told);
  }
  for (const auto& [root, mark] : marks) {
    UNHIDRA_TRY_VOID(take_thread_mark(id, root, mark));
  }
  return {};
}

// Of a thread that is here already, what its person decided here counts.
Status Engine::Impl::take_thread_mark(ConversationId id, const MessageRef& root,
                                      const EarlyMark& mark) {
  auto thread = thread_of(id, root);
  if (!thread) {
    tx_.put(Table::thread, EarlyMark::record_key(id, root), mark.encode());
    return {};
  }
  auto& here = **thread;
  note_told(here, mark);
  advance_thread(here, mark.read_seq);
  save(here);
  return {};
}

void Engine::Impl::take_receipts(ConversationId id, const ReceiptsRecord& told) {
  auto& record = receipts_[id];
  record.conversation = id;
  for (const auto& [user, theirs] : told.people) {
    auto& state = record.people[user];
    state.user = user;
    state.delivered_seq = std::max(state.delivered_seq, theirs.delivered_seq);
    state.read_seq = std::max(state.read_seq, theirs.read_seq);
  }
  tx_.put(Table::receipts, id.bytes(), record.encode());
}

// The messages of a conversation have moved back by `count` places, those from index `first` on.
void Engine::Impl::shift_threads(ConversationId id, std::uint64_t first, std::uint64_t count) {
  const auto moves = [&](std::uint64_t index) { return index >= first ? index + count : index; };
  std::vector<ThreadRecord> moved;
  for (auto at = threads_.lower_bound({id, 0}); at != threads_.end() && at->first.first == id;) {
    tx_.remove(Table::thread, at->second.record_key());
    moved.push_back(std::move(at->second));
    at = threads_.erase(at);
  }
  for (auto& thread : moved) {
    thread.root_index = moves(thread.root_index);
    for (auto& index : thread.replies) {
      index = moves(index);
    }
    save(thread);
    const auto index = thread.root_index;
    threads_.emplace(std::pair(id, index), std::move(thread));
  }
  const auto unread = unread_.find(id);
  if (unread == unread_.end()) {
    return;
  }
  UnreadList placed;
  std::set<std::uint64_t> blocks;
  for (const auto& [seq, one] : unread->second.entries()) {
    auto record = one;
    if (record.root) {
      record.root = moves(*record.root);
      blocks.insert(UnreadList::block_of(seq));
    }
    placed.put(seq, record);
  }
  unread->second = std::move(placed);
  for (const auto block : blocks) {
    save_unread(id, block);
  }
}

// Every reply under its root, also one that was here before its root; what came now and stands
// behind the cursors is unread here as well. The first `older` messages are new in the history.
Status Engine::Impl::sort_threads(ConversationId id, std::uint64_t older) {
  const auto end = conversations_.at(id).next_index;
  for (std::uint64_t i = 0; i < end; ++i) {
    UNHIDRA_TRY(const auto stored, stored_at(id, i));
    if (!stored || stored->message.state == MessageState::unreadable) {
      continue;
    }
    const auto& message = stored->message;
    UNHIDRA_TRY(const auto root, under_its_root(message));
    const auto unread = unread_.find(id);
    const bool moves =
        root && unread != unread_.end() && unread->second.find(message.seq) != nullptr;
    if (moves) {
      forget_unread(id, message.seq);  // it may have stood in the timeline
    }
    if (moves || (i < older && !message.deleted)) {
      note_received(message, root);
    }
  }
  for (auto at = threads_.lower_bound({id, 0}); at != threads_.end() && at->first.first == id;
       ++at) {
    std::ranges::sort(at->second.replies);
    save(at->second);
  }
  return {};
}

Result<std::optional<std::uint64_t>> Engine::Impl::under_its_root(const Message& message) {
  if (message.thread_root) {
    const auto thread = thread_of(message.conversation, *message.thread_root);
    const bool there =
        thread && std::ranges::find((*thread)->replies, message.index) != (*thread)->replies.end();
    if (there) {
      return std::optional((*thread)->root_index);
    }
  }
  return note_reply(message);
}

}  // namespace unhidra::client
