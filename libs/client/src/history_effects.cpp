// Reactions, edits and deletions that reach a new device before the messages that they concern:
// kept while history is on its way, and applied when those messages are here.

#include "unhidra/wire/codec.h"

#include "engine_impl.h"

namespace unhidra::client {

namespace {

constexpr std::uint64_t kMostEffects = 2000;  // later ones are lost

const wire::MessageRef* concerned(const wire::Content& content) {
  if (const auto* reaction = std::get_if<wire::Reaction>(&content.body)) {
    return &*reaction->target;
  }
  if (const auto* edit = std::get_if<wire::Edit>(&content.body)) {
    return &*edit->target;
  }
  const auto* deletion = std::get_if<wire::Deletion>(&content.body);
  return deletion != nullptr ? &*deletion->target : nullptr;
}

// Conversations and devices have ids of their own.
Bytes earlier_effect_key(ConversationId id, std::uint64_t position) {
  return KeptEffect::record_key(DeviceId(id.uuid()), position);
}

}  // namespace

Result<bool> Engine::Impl::keep_for_history(const Origin& origin, const wire::Content& content) {
  const auto* target = concerned(content);
  const auto under_way = std::ranges::find_if(transfers_, [](const auto& one) {
    return one.second.receiving && one.second.state < HistoryState::done;
  });
  if (target == nullptr || under_way == transfers_.end()) {
    return false;
  }
  UNHIDRA_TRY(const auto here, find_message(origin.conversation, *target));
  auto& record = under_way->second;
  if (here || record.effects >= kMostEffects) {
    return false;
  }
  KeptEffect effect{origin.conversation, origin.user, origin.seq,
                    origin.received_at,  {},          origin.by_moderator};
  auto bytes = wire::encode(content);
  effect.content = SecretBytes::copy_of(bytes);
  wipe(bytes);
  tx_.put(Table::history_stage, KeptEffect::record_key(record.other, record.effects++),
          effect.encode());
  save(record);
  return true;
}

Status Engine::Impl::apply_kept_effects(HistoryRecord& record, ConversationId id) {
  for (std::uint64_t i = 0; i < record.effects; ++i) {
    const auto key = KeptEffect::record_key(record.other, i);
    UNHIDRA_TRY(const auto stored, tx_.get(Table::history_stage, key));
    if (!stored) {
      continue;  // applied
    }
    UNHIDRA_TRY(const auto effect, KeptEffect::decode(stored->expose()));
    if (effect.conversation != id) {
      continue;
    }
    tx_.remove(Table::history_stage, key);
    const auto content = wire::decode<wire::Content>(effect.content.expose());
    if (!content) {
      return fail(Errc::corrupt_store, "a kept effect on a message cannot be read");
    }
    UNHIDRA_TRY_VOID(apply_now(
        {effect.conversation, effect.user, effect.seq, effect.received_at, effect.by_moderator},
        *content));
  }
  return {};
}

void Engine::Impl::drop_kept_effects(HistoryRecord& record) {
  for (std::uint64_t i = 0; i < record.effects; ++i) {
    tx_.remove(Table::history_stage, KeptEffect::record_key(record.other, i));
  }
  record.effects = 0;
}

// ---- the same for somebody who reads back in a group ----

Result<bool> Engine::Impl::keep_for_earlier(GroupHold& hold, const Origin& origin,
                                            const wire::Content& content) {
  const auto* target = concerned(content);
  auto& record = hold.history;
  if (target == nullptr || !record.earlier) {
    return false;
  }
  UNHIDRA_TRY(const auto here, find_message(origin.conversation, *target));
  if (here) {
    return false;
  }
  const bool reaction = std::holds_alternative<wire::Reaction>(content.body);
  if (record.effects >= (reaction ? kMostEffects : 2 * kMostEffects)) {
    if (!reaction) {
      end_earlier(hold);  // rather nothing than what its author has taken back
    }
    return true;
  }
  KeptEffect effect{origin.conversation, origin.user, origin.seq,
                    origin.received_at,  {},          origin.by_moderator};
  auto bytes = wire::encode(content);
  effect.content = SecretBytes::copy_of(bytes);
  wipe(bytes);
  tx_.put(Table::history_stage, earlier_effect_key(record.id, record.effects++), effect.encode());
  touch_history(hold);
  return true;
}

// Receipts and cursors of the past tell nothing any more.
Status Engine::Impl::apply_to_earlier(const Origin& origin, const wire::Content& content) {
  return concerned(content) != nullptr ? apply_now(origin, content) : Status();
}

Status Engine::Impl::apply_earlier_effects(GroupHold& hold) {
  for (std::uint64_t i = 0; i < hold.history.effects; ++i) {
    const auto key = earlier_effect_key(hold.record.id, i);
    UNHIDRA_TRY(const auto stored, tx_.get(Table::history_stage, key));
    if (!stored) {
      continue;  // applied
    }
    UNHIDRA_TRY(const auto effect, KeptEffect::decode(stored->expose()));
    const auto content = wire::decode<wire::Content>(effect.content.expose());
    if (!content || concerned(*content) == nullptr) {
      return fail(Errc::corrupt_store, "a kept effect on a message cannot be read");
    }
    UNHIDRA_TRY(const auto here, find_message(hold.record.id, *concerned(*content)));
    if (here) {
      tx_.remove(Table::history_stage, key);
      UNHIDRA_TRY_VOID(apply_now(
          {effect.conversation, effect.user, effect.seq, effect.received_at, effect.by_moderator},
          *content));
    }
  }
  return {};
}

void Engine::Impl::drop_earlier_effects(GroupHold& hold) {
  for (std::uint64_t i = 0; i < hold.history.effects; ++i) {
    tx_.remove(Table::history_stage, earlier_effect_key(hold.record.id, i));
  }
  hold.history.effects = 0;
}

}  // namespace unhidra::client
