// History that a group shares with those who come later: the setting, the keys of its epochs, and
// what is sent and read with them (docs/security.md, "History for newcomers").

#include "engine_impl.h"

namespace unhidra::client {

namespace {

constexpr std::size_t kLinks = 4;  // so many earlier epochs a message opens
constexpr std::size_t kMostFound = 64;
constexpr std::size_t kMostCandidates = 4;

}  // namespace

Result<std::uint64_t> Engine::Impl::share_history(ConversationId id, bool shared) {
  return change_group(id, shared ? GroupChange::Kind::share : GroupChange::Kind::unshare, {});
}

// The context's extensions with the setting as it is wanted; nothing when it is so already.
std::optional<mls::Proposal> Engine::Impl::sharing_proposal(const GroupHold& hold,
                                                            bool wanted) const {
  auto extensions = hold.mls->context().extensions;
  if (shared_history_of(extensions).has_value() == wanted) {
    return std::nullopt;
  }
  if (wanted) {
    extensions.set(shared_history_extension(), encode(SharedHistory{self_->user, clock_.now()}));
  } else {
    extensions.remove(shared_history_extension());
  }
  return mls::Proposal{mls::GroupContextExtensions{std::move(extensions)}};
}

// ---- keys ----

// A new epoch. What was shared before it was switched off is told to nobody any more; its keys stay
// for the messages that are still on their way.
void Engine::Impl::note_history_epoch(GroupHold& hold) {
  auto& record = hold.history;
  const auto epoch = hold.mls->context().epoch;
  const auto setting = shared_history_of(hold.mls->context().extensions);
  if (setting && !record.shared) {
    record.since = epoch;
    record.by = setting->by;
    record.at = setting->since;
  }
  record.shared = setting.has_value();
  if (setting) {
    record.keys[epoch] = {history_key(*hold.mls), false};
  } else {
    end_earlier(hold);
  }
  prune_history_keys(hold);
}

void Engine::Impl::prune_history_keys(GroupHold& hold) {
  auto& keys = hold.history.keys;
  const auto epoch = hold.mls->context().epoch;
  std::size_t used = 0;
  for (auto at = keys.end(); at != keys.begin();) {
    --at;
    used += at->second.used ? 1 : 0;
    const bool linked = hold.history.shared && at->second.used && used <= kLinks + 1;
    if (at->first + limits_.past_epochs < epoch && !linked) {
      at = keys.erase(at);
    }
  }
  touch_history(hold);
}

// Of the last epochs in which somebody wrote, so that a way leads back even where one message is
// gone from the server.
std::vector<HistoryLink> Engine::Impl::history_links(const GroupHold& hold) const {
  std::vector<HistoryLink> out;
  const auto present = hold.mls->context().epoch;
  const auto& keys = hold.history.keys;
  for (auto at = keys.rbegin(); at != keys.rend() && out.size() < kLinks; ++at) {
    const auto& [epoch, one] = *at;
    if (epoch < present && epoch >= hold.history.since && (one.used || epoch + 1 == present)) {
      out.push_back({epoch, one.key.clone()});
    }
  }
  std::ranges::reverse(out);
  return out;
}

void Engine::Impl::learn_history_links(GroupHold& hold, const std::vector<HistoryLink>& links) {
  auto& record = hold.history;
  const bool had_more = record.has_more();
  for (const auto& link : links) {
    if (!record.shared || link.epoch >= hold.record.joined_epoch) {
      continue;
    }
    record.keys.try_emplace(link.epoch, GroupHistoryRecord::Epoch{link.key.clone(), true});
    if (!record.earlier || link.epoch > record.floor ||
        (record.found.size() >= kMostFound && !record.found.contains(link.epoch))) {
      continue;
    }
    auto& candidates = record.found[link.epoch];
    if (candidates.size() < kMostCandidates &&
        std::ranges::find(candidates, link.key) == candidates.end()) {
      candidates.push_back(link.key.clone());
    }
  }
  prune_history_keys(hold);
  if (!had_more && record.has_more() && !link_.groups[record.id].earlier) {
    emit(event::EarlierMessages{record.id, 0, true});
  }
}

// A message was opened with one of the keys that were told of its epoch: this one is passed on,
// whatever was told first.
void Engine::Impl::confirm_history_key(GroupHold& hold, std::uint64_t epoch,
                                       const HistoryKey& key) {
  const auto found = hold.history.keys.find(epoch);
  if (found != hold.history.keys.end() && epoch < hold.record.joined_epoch) {
    found->second.key = key.clone();
    touch_history(hold);
  }
}

// ---- messages ----

Result<Bytes> Engine::Impl::seal_group_message(GroupHold& hold, const OutboxRecord& record,
                                               ByteView plaintext) {
  auto binding = binding_of(hold, record);
  const auto env = environment(clock_.now());
  const auto epoch = hold.mls->context().epoch;
  const auto found = hold.history.keys.find(epoch);
  if (!hold.history.shared || found == hold.history.keys.end()) {
    return hold.mls->encrypt(env, plaintext, binding.encode());
  }
  binding.shared.emplace().after = hold.record.cursor;
  UNHIDRA_TRY(const auto digest,
              seal_for_history(crypto_, random_, self_->signing, found->second.key, epoch,
                               history_links(hold), plaintext, binding));
  found->second.used = true;
  touch_history(hold);
  return hold.mls->encrypt(env, digest, binding.encode());
}

// What a member reads: the content in the box, when the sender's MLS message vouches for it. So
// members and those who come later can only read the same.
Result<SecretBytes> Engine::Impl::shared_content(GroupHold& hold, const MessageBinding& binding,
                                                 const mls::Received& received) {
  const auto refused = [] {
    return fail(Errc::bad_frame, "the content is not sealed as the group asks");
  };
  const auto found = hold.history.keys.find(received.epoch);
  if (binding.shared.has_value() != (found != hold.history.keys.end())) {
    return refused();
  }
  if (!binding.shared) {
    return SecretBytes::copy_of(received.application_data.expose());
  }
  UNHIDRA_TRY(const auto signer,
              crypto::Ed25519PublicKey::from_bytes(received.sender_leaf->signature_key()));
  UNHIDRA_TRY(auto opened,
              open_from_history(crypto_, signer, found->second.key, received.epoch, binding));
  if (!std::ranges::equal(opened.digest, received.application_data.expose())) {
    return refused();
  }
  found->second.used = true;
  learn_history_links(hold, opened.links);
  return std::move(opened.content);
}

Result<std::uint64_t> Engine::share_history(ConversationId group, bool shared) {
  return impl_->command([&] { return impl_->share_history(group, shared); });
}

}  // namespace unhidra::client
