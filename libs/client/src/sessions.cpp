// Sessions with the devices of others and of the own account.

#include "engine_impl.h"

namespace unhidra::client {

namespace {

constexpr std::size_t kMaxCachedPeers = 1024;
constexpr std::chrono::seconds kBundleRetry{60};

}  // namespace

// The sessions with a device whose keys stand on its user's list. Sessions that belong to other
// keys are of no use any more.
Result<PeerRecord*> Engine::Impl::peer_record(UserId user, const identity::DeviceKeys& keys) {
  auto cached = peers_.find(keys.device_id);
  if (cached == peers_.end()) {
    if (peers_.size() >= kMaxCachedPeers) {
      peers_.clear();
    }
    UNHIDRA_TRY(auto stored, tx_.get(Table::peer, keys.device_id.bytes()));
    if (stored) {
      UNHIDRA_TRY(auto record, PeerRecord::decode(crypto_, stored->expose()));
      cached = peers_.emplace(keys.device_id, std::move(record)).first;
    }
  }
  if (cached != peers_.end() && cached->second.sessions.peer() != keys) {
    peers_.erase(cached);
    cached = peers_.end();
  }
  if (cached == peers_.end()) {
    cached = peers_.emplace(keys.device_id, PeerRecord{user, e2ee::PeerSessions(keys), {}}).first;
  }
  return &cached->second;
}

void Engine::Impl::save(const PeerRecord& record) {
  tx_.put(Table::peer, record.sessions.peer().device_id.bytes(), record.encode());
}

void Engine::Impl::forget_peer(DeviceId device) {
  peers_.erase(device);
  tx_.remove(Table::peer, device.bytes());
}

Result<bool> Engine::Impl::has_sessions() const {
  UNHIDRA_TRY(const auto records, tx_.load(Table::peer));
  return !records.empty();
}

Status Engine::Impl::on_bundles(const PendingRequest& request, const wire::PreKeyBundles& answer) {
  const UserId user(request.question.id);
  // Whoever gets no session from this answer is not asked about again at once.
  for (const auto& device : request.devices) {
    link_.no_bundle[device] = clock_.steady_now() + kBundleRetry;
  }
  if (answer.user_id != user) {
    return {};
  }
  for (const auto& bundle : answer.bundles) {
    const bool asked =
        std::ranges::find(request.devices, bundle.device_id) != request.devices.end();
    if (!asked) {
      continue;
    }
    if (auto started = start_session(user, bundle); !started) {
      emit(event::BundleRefused{user, bundle.device_id, started.error().message()});
    } else {
      link_.no_bundle.erase(bundle.device_id);
    }
  }
  return {};
}

Status Engine::Impl::start_session(UserId user, const wire::PreKeyBundle& bundle) {
  const auto& record = user_record(user);
  const auto* keys = record.list ? record.list->find(bundle.device_id) : nullptr;
  if (keys == nullptr || !bundle.signed_pre_key) {
    return fail(identity::Errc::unknown_device, "the bundle is not of a listed device");
  }
  identity::PreKeyBundle theirs;
  theirs.device = {bundle.device_id, crypto::X25519PublicKey(bundle.identity_key),
                   crypto::Ed25519PublicKey(bundle.signing_key)};
  theirs.signed_prekey.id = bundle.signed_pre_key->id;
  theirs.signed_prekey.key = crypto::X25519PublicKey(bundle.signed_pre_key->public_key);
  theirs.signed_prekey.created_at = bundle.signed_pre_key->created_at;
  theirs.signed_prekey.last_resort = bundle.last_resort;
  theirs.signed_prekey.signature = crypto::Signature(bundle.signed_pre_key->signature);
  if (bundle.one_time_pre_key) {
    theirs.one_time_prekey = identity::OneTimePreKey{
        bundle.one_time_pre_key->id, crypto::X25519PublicKey(bundle.one_time_pre_key->public_key)};
  }
  UNHIDRA_TRY_VOID(identity::check_age(theirs.signed_prekey, clock_.now(), limits_.max_bundle_age));
  UNHIDRA_TRY(auto* peer, peer_record(user, *keys));
  UNHIDRA_TRY_VOID(peer->sessions.start(crypto_, random_, local(), theirs, clock_.now()));
  save(*peer);
  return {};
}

Status Engine::Impl::roll_back_detected() {
  UNHIDRA_TRY(const auto records, tx_.load(Table::peer));
  peers_.clear();
  for (const auto& stored : records) {
    UNHIDRA_TRY(auto record, PeerRecord::decode(crypto_, stored.value.expose()));
    record.sessions.distrust();
    save(record);
  }
  UNHIDRA_TRY_VOID(device_groups_.distrust_channels());
  for (auto& [id, hold] : groups_) {
    if (hold.record.is_member()) {
      lose(hold, "the store is an old copy");
    }
  }
  // Ciphertexts made by the lost future's sessions do not exist here; those made before may have
  // been sent: the same bytes under the same id are harmless.
  emit(event::StateRolledBack{});
  return {};
}

}  // namespace unhidra::client
