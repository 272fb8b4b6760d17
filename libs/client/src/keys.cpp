// This device's prekeys at the server: publishing and counting them, and whether it tells the truth
// about them.

#include "engine_impl.h"

namespace unhidra::client {

wire::PublishKeys Engine::Impl::publication() const {
  const auto keys = prekeys_.published(*self_);
  const auto wire_key = [](const identity::SignedPreKey& key) {
    return wire::SignedPreKey{key.id, key.key.array(), key.created_at, key.signature.array()};
  };
  wire::PublishKeys out;
  out.identity_key = keys.device.identity_key.array();
  out.signing_key = keys.device.signing_key.array();
  out.signed_pre_key = wire_key(keys.signed_prekey);
  out.last_resort_pre_key = wire_key(keys.last_resort_prekey);
  return out;
}

Status Engine::Impl::pump_keys() {
  prekeys_.rotate(*self_);
  const Question publish{Ask::publish_keys};
  if (!link_.count_known) {
    if (requests_.may_ask({Ask::count_prekeys})) {
      requests_.ask({Ask::count_prekeys}, wire::CountPreKeys{});
    }
  }
  const bool refill = link_.count_known && link_.prekey_count < limits_.pre_key_low;
  if ((progress_.keys_dirty || refill) && link_.count_known && requests_.may_ask(publish)) {
    auto body = publication();
    // Others than last time: whether that upload arrived is not known after a break.
    const auto lacking = refill ? limits_.pre_key_target - link_.prekey_count : 0;
    for (const auto& key : prekeys_.make_one_time(lacking)) {
      body.one_time_pre_keys.push_back({key.id, key.key.array()});
    }
    prekeys_.drop_old();
    requests_.ask(publish, std::move(body)).number = lacking;
    return {};
  }
  if (!progress_.keys_dirty && !link_.digest_checked && requests_.may_ask({Ask::key_digest}) &&
      requests_.may_ask(publish)) {
    requests_.ask({Ask::key_digest}, wire::FetchKeyDigest{});
  }
  return {};
}

void Engine::Impl::on_key_digest(const wire::KeyDigest& digest) {
  link_.digest_checked = true;
  if (progress_.keys_dirty) {
    return;  // made new keys meanwhile
  }
  const auto ours = identity::key_digest(crypto_, prekeys_.published(*self_));
  if (!constant_time_equal(ours, digest.digest)) {
    on_foreign_keys();
  }
}

// The server holds other keys for this device, or none: told, and published again once.
void Engine::Impl::on_foreign_keys() {
  link_.digest_checked = true;
  emit(event::OwnKeysReplaced{});
  if (!link_.republished) {
    link_.republished = true;
    progress_.keys_dirty = true;
  }
}

}  // namespace unhidra::client
