// Delivered and read, told as places in the log and folded for each person.

#include "engine_impl.h"

namespace unhidra::client {

namespace {

constexpr std::size_t kMaxPeople = 1000;
constexpr std::chrono::microseconds kNextMoment{1};

}  // namespace

// The connection is up to date, and this device may speak.
bool Engine::Impl::may_tell() const {
  return link_.greeted && progress_.membership == Membership::approved && link_.own_list_known &&
         link_.conversations_known && is_inbox_drained();
}

Status Engine::Impl::apply_receipt(const Origin& origin, const wire::Receipt& receipt) {
  if (origin.user == self_->user) {
    return {};  // the own devices hear of it by ReadState
  }
  const auto seq_of = [&](const std::optional<wire::MessageRef>& ref) -> Result<std::uint64_t> {
    if (!ref) {
      return 0;
    }
    UNHIDRA_TRY(const auto stored, find_message(origin.conversation, *ref));
    return stored ? stored->message.seq : 0;
  };
  UNHIDRA_TRY(const auto read, seq_of(receipt.read));
  UNHIDRA_TRY(const auto delivered, seq_of(receipt.delivered));
  auto& record = receipts_[origin.conversation];
  record.conversation = origin.conversation;
  if (!record.people.contains(origin.user) && record.people.size() >= kMaxPeople) {
    return {};
  }
  auto& state = record.people[origin.user];
  const auto before = std::pair(state.delivered_seq, state.read_seq);
  state.user = origin.user;
  state.read_seq = std::max(state.read_seq, read);
  state.delivered_seq = std::max({state.delivered_seq, delivered, read});
  if (std::pair(state.delivered_seq, state.read_seq) != before) {
    tx_.put(Table::receipts, origin.conversation.bytes(), record.encode());
    emit(event::ReceiptsChanged{origin.conversation, state});
  }
  return {};
}

Result<std::size_t> Engine::Impl::people_in(ConversationId id) {
  auto* hold = find_group(id);
  if (hold == nullptr || hold->record.state != GroupState::active) {
    return 0;
  }
  UNHIDRA_TRY_VOID(need_mls(*hold));
  const auto& state = hold->mls->state();
  if (hold->counted_tree != state.context.tree_hash) {
    hold->counted_tree = state.context.tree_hash;
    hold->people = users_of(state.tree).size();
  }
  return hold->people;
}

bool Engine::Impl::sends_any_receipts() const {
  return limits_.receipts && progress_.receipts && link_.policy.receipts;
}

Result<Engine::Impl::ReceiptWay> Engine::Impl::receipt_way(const ConversationRecord& record) {
  if (!sends_any_receipts() || record.peer == self_->user) {
    return ReceiptWay::none;
  }
  if (!record.is_group()) {
    const auto peer = users_.find(record.peer);
    return peer != users_.end() && !peer->second.changed ? ReceiptWay::members : ReceiptWay::none;
  }
  UNHIDRA_TRY(const auto people, people_in(record.id));
  return people == 0                             ? ReceiptWay::none
         : people <= limits_.max_receipt_members ? ReceiptWay::members
                                                 : ReceiptWay::server;
}

void Engine::Impl::owe_receipt(ConversationId id) {
  if (!reports_due_.contains(id) && receipts_due_.insert(id).second) {
    link_.receipts_not_before = {};
  }
}

Status Engine::Impl::pump_receipts() {
  const auto now = clock_.steady_now();
  if (receipts_due_.empty() || now < link_.receipts_not_before || !may_tell() ||
      !link_.policy_known) {
    return {};
  }
  link_.receipts_not_before = SteadyTime::max();
  for (auto at = receipts_due_.begin(); at != receipts_due_.end();) {
    auto& record = conversations_.at(*at);
    auto& next = link_.receipt_not_before[record.id];
    if (next > now) {
      link_.receipts_not_before = std::min(link_.receipts_not_before, next);
      ++at;
      continue;
    }
    UNHIDRA_TRY(const auto way, receipt_way(record));
    if (way == ReceiptWay::server) {
      at = receipts_due_.erase(at);
      UNHIDRA_TRY_VOID(owe_report(record.id));
      continue;
    }
    at = receipts_due_.erase(at);
    wire::Receipt receipt;
    if (record.delivered.seq > record.told_delivered) {
      receipt.delivered = to_wire(record.delivered.ref);
    }
    const bool read_news = record.read.seq > record.told_read &&
                           record.delivered.seq > record.told_read && !record.read.ref.id.is_nil();
    if (read_news) {
      receipt.read = to_wire(record.read.ref);
      receipt.delivered.reset();
    }
    record.told_delivered = record.delivered.seq;
    record.told_read = record.read.seq;
    save(record);
    if (way == ReceiptWay::members && (receipt.delivered || receipt.read)) {
      next = now + limits_.receipt_interval;
      wire::Content content;
      content.body = receipt;
      enqueue_content(record.peer, record.id, std::move(content));
    }
  }
  return {};
}

Status Engine::Impl::set_receipts(bool sent) {
  if (sent == progress_.receipts) {
    return {};
  }
  // After whatever is known, also when a clock went back.
  take_receipt_wish({sent, std::max(clock_.now(), progress_.receipts_changed_at + kNextMoment)});
  progress_.receipts_unsynced = true;
  return {};
}

// Of another own device.
void Engine::Impl::apply_receipt_wish(const wire::ReceiptWish& told) {
  const auto rank = [](bool sent, Timestamp at) { return std::pair(at, !sent); };
  if (rank(told.sent, told.changed_at) > rank(progress_.receipts, progress_.receipts_changed_at)) {
    take_receipt_wish(told);
    progress_.receipts_unsynced = false;
  }
}

// What this device has reported to the server is its own to take back.
void Engine::Impl::take_receipt_wish(const wire::ReceiptWish& wish) {
  const bool changed = wish.sent != progress_.receipts;
  progress_.withdraw_receipts = !wish.sent && (progress_.receipts || progress_.withdraw_receipts);
  progress_.receipts = wish.sent;
  progress_.receipts_changed_at = wish.changed_at;
  if (changed) {
    emit(event::OwnReceiptsChanged{wish.sent});
  }
}

std::optional<wire::ReceiptWish> Engine::Impl::take_unsynced_receipts() {
  if (!std::exchange(progress_.receipts_unsynced, false)) {
    return std::nullopt;
  }
  return wire::ReceiptWish{progress_.receipts, progress_.receipts_changed_at};
}

// A device that has just come hears of it.
void Engine::Impl::tell_receipts_again() {
  progress_.receipts_unsynced = progress_.receipts_changed_at != Timestamp();
}

Result<std::vector<ReceiptState>> Engine::Impl::receipts(ConversationId id) {
  std::vector<ReceiptState> out;
  UNHIDRA_TRY(const auto people, people_in(id));
  if (people > limits_.max_receipt_members) {
    return out;
  }
  const auto found = receipts_.find(id);
  if (found != receipts_.end()) {
    for (const auto& [user, state] : found->second.people) {
      out.push_back(state);
    }
  }
  return out;
}

// ---- what the organisation has decided ----

void Engine::Impl::pump_policy() {
  if (!link_.policy_known && requests_.may_ask({Ask::chat_policy})) {
    requests_.ask({Ask::chat_policy}, wire::FetchChatPolicy{});
  }
}

Result<bool> Engine::Impl::take(const PendingRequest& request, const wire::ChatPolicy& policy) {
  if (request.question.ask == Ask::place) {
    on_place_answer(request, policy);
    return true;
  }
  if (request.question.ask != Ask::chat_policy) {
    return false;
  }
  on_policy(policy);
  return true;
}

void Engine::Impl::on_policy(const wire::ChatPolicy& policy) {
  link_.policy = policy;
  link_.policy_known = true;
  if (told_policy_ != policy) {
    told_policy_ = policy;
    emit(event::PolicyChanged{policy});
  }
}

// ---- typing: neither stored nor encrypted ----

Status Engine::Impl::set_typing(ConversationId id, bool active) {
  if (!conversations_.contains(id)) {
    return fail(Errc::not_found, "no such conversation is known here");
  }
  const auto now = clock_.steady_now();
  auto& told = link_.typing_told[id];
  const bool soon = told.active && now - told.at < limits_.typing_interval;
  if (!link_.greeted || (active ? soon : !told.active) ||
      !requests_.may_ask({Ask::typing, id.uuid()})) {
    return {};
  }
  told = {active, now};
  requests_.ask({Ask::typing, id.uuid()}, wire::SendTyping{id, active});
  return {};
}

void Engine::Impl::on_typing(const wire::Typing& typing) {
  const auto found = conversations_.find(typing.conversation_id);
  if (found == conversations_.end() || typing.user_id == self_->user ||
      (!found->second.is_group() && found->second.peer != typing.user_id)) {
    return;
  }
  auto& users = link_.typing[typing.conversation_id];
  const bool was = users.contains(typing.user_id);
  if (typing.active && (was || users.size() < kMaxPeople)) {
    users[typing.user_id] = clock_.steady_now() + limits_.typing_lifetime;
  } else {
    users.erase(typing.user_id);
  }
  if (was != typing.active) {
    emit(event::TypingChanged{typing.conversation_id, this->typing(typing.conversation_id)});
  }
}

void Engine::Impl::stop_typing(ConversationId id, UserId user) {
  const auto found = link_.typing.find(id);
  if (found != link_.typing.end() && found->second.erase(user) > 0) {
    emit(event::TypingChanged{id, typing(id)});
  }
}

void Engine::Impl::expire_typing() {
  for (auto& [id, users] : link_.typing) {
    const auto ended =
        std::erase_if(users, [&](const auto& one) { return one.second <= clock_.steady_now(); });
    if (ended > 0) {
      emit(event::TypingChanged{id, typing(id)});
    }
  }
}

std::vector<UserId> Engine::Impl::typing(ConversationId id) const {
  std::vector<UserId> out;
  const auto found = link_.typing.find(id);
  if (found != link_.typing.end()) {
    for (const auto& [user, until] : found->second) {
      out.push_back(user);
    }
  }
  return out;
}

}  // namespace unhidra::client
