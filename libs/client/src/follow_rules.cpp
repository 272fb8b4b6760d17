// Which threads a person follows without having said so of the thread itself: one rule for all
// conversations, and exceptions. A thread keeps why it concerns the person; whether it is followed
// comes of that and of the rule as it is now, so that all own devices agree in whatever order they
// hear of both.

#include "engine_impl.h"
#include "record_codec.h"

namespace unhidra::client {

namespace {

constexpr std::chrono::microseconds kNextMoment{1};

}  // namespace

Status Engine::Impl::load_follow_rules() {
  follow_rules_.clear();
  rules_due_ = true;
  UNHIDRA_TRY(const auto rules, tx_.load(Table::follow_rule));
  for (const auto& stored : rules) {
    UNHIDRA_TRY(const auto record, FollowRuleRecord::decode(stored.value.expose()));
    follow_rules_.emplace(record.conversation, record);
  }
  return {};
}

void Engine::Impl::save(const FollowRuleRecord& record) {
  tx_.put(Table::follow_rule, record.conversation.bytes(), record.encode());
}

std::optional<AutoFollow> Engine::Impl::own_rule(ConversationId id) const {
  const auto found = follow_rules_.find(id);
  return found == follow_rules_.end() ? std::nullopt : found->second.rule;
}

AutoFollow Engine::Impl::auto_follow(ConversationId id) const {
  return own_rule(id).value_or(own_rule(ConversationId()).value_or(AutoFollow()));
}

bool Engine::Impl::follows(const ThreadRecord& thread) const {
  if (thread.decided) {
    return thread.following;
  }
  const auto rule = auto_follow(thread.conversation);
  return (rule.on_reply && thread.replied) || (rule.on_mention && thread.mentioned);
}

// `id` nil: of all that have none of their own.
Status Engine::Impl::set_auto_follow(ConversationId id, std::optional<AutoFollow> rule) {
  if (!id.is_nil() && !conversations_.contains(id)) {
    return fail(Errc::not_found, "no such conversation is known here");
  }
  if (rule == own_rule(id)) {
    return {};
  }
  // After whatever is known, also when a clock went back.
  const auto known = follow_rules_.find(id);
  const auto after =
      known == follow_rules_.end() ? Timestamp() : known->second.changed_at + kNextMoment;
  put_rule({id, rule, std::max(clock_.now(), after), true});
  rules_due_ = true;
  return {};
}

// The latest counts; of two of one moment the one that follows more.
void Engine::Impl::apply_follow_rule(const wire::FollowRule& told) {
  const auto id = told.conversation_id.value_or(ConversationId());
  const auto rule =
      told.inherited ? std::nullopt : std::optional(AutoFollow{told.on_reply, told.on_mention});
  const auto known = follow_rules_.find(id);
  if (known != follow_rules_.end() &&
      std::pair(told.changed_at, rule) <= std::pair(known->second.changed_at, known->second.rule)) {
    return;
  }
  if (known == follow_rules_.end() && follow_rules_.size() >= limits_.max_follow_rules) {
    return;
  }
  put_rule({id, rule, told.changed_at, false});
}

void Engine::Impl::put_rule(const FollowRuleRecord& record) {
  follow_rules_[record.conversation] = record;
  save(record);
  emit(event::AutoFollowChanged{record.conversation});
  for (const auto& [id, unread] : unread_) {
    if ((record.conversation.is_nil() || id == record.conversation) && !unread.threads().empty()) {
      tell_unread(id);
    }
  }
}

// What the own other devices do not know yet.
std::vector<wire::FollowRule> Engine::Impl::take_unsynced_rules() {
  std::vector<wire::FollowRule> out;
  if (!std::exchange(rules_due_, false)) {
    return out;
  }
  for (auto& [id, record] : follow_rules_) {
    if (!record.unsynced) {
      continue;
    }
    record.unsynced = false;
    save(record);
    wire::FollowRule told;
    told.conversation_id = id.is_nil() ? std::nullopt : std::optional(id);
    told.inherited = !record.rule;
    told.on_reply = record.rule && record.rule->on_reply;
    told.on_mention = record.rule && record.rule->on_mention;
    told.changed_at = record.changed_at;
    out.push_back(told);
  }
  return out;
}

// A device that has just come hears of all of them.
void Engine::Impl::tell_rules_again() {
  for (auto& [id, record] : follow_rules_) {
    record.unsynced = true;
    save(record);
  }
  rules_due_ = true;
}

}  // namespace unhidra::client
