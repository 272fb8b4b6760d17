// This device's prekeys: making, publishing, counting, rotating, and forgetting them.

#include "engine_impl.h"

namespace unhidra::client {

void Engine::Impl::add_prekey(PreKeyRecord record) {
  tx_.put(Table::pre_key, record.record_key(), record.encode());
  const auto key = std::pair(record.kind, record.id);
  prekeys_.insert_or_assign(key, std::move(record));
}

void Engine::Impl::make_signed_key(PreKeyRecord::Kind kind) {
  const bool last_resort = kind == PreKeyRecord::Kind::last_resort;
  const auto id = progress_.next_prekey_id++;
  const auto pair = crypto::X25519KeyPair::generate(crypto_, random_);
  const auto prekey = identity::sign_prekey(crypto_, self_->signing, self_->device, id,
                                            pair.public_key(), clock_.now(), last_resort);
  PreKeyRecord record;
  record.kind = kind;
  record.id = id;
  record.key = pair.private_key().clone();
  record.created_at = prekey.created_at;
  record.signature = prekey.signature;
  add_prekey(std::move(record));
  (last_resort ? progress_.last_resort_id : progress_.signed_prekey_id) = id;
  progress_.keys_dirty = true;
}

void Engine::Impl::make_one_time_keys(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    PreKeyRecord record;
    record.kind = PreKeyRecord::Kind::one_time;
    record.id = progress_.next_prekey_id++;
    record.key = crypto::X25519PrivateKey::generate(random_);
    record.created_at = clock_.now();
    add_prekey(std::move(record));
  }
}

void Engine::Impl::rotate_keys() {
  const auto current = prekeys_.find({PreKeyRecord::Kind::signed_key, progress_.signed_prekey_id});
  if (current == prekeys_.end() ||
      clock_.now() - current->second.created_at < limits_.signed_pre_key_age) {
    return;
  }
  current->second.replaced_at = clock_.now();
  tx_.put(Table::pre_key, current->second.record_key(), current->second.encode());
  make_signed_key(PreKeyRecord::Kind::signed_key);
}

void Engine::Impl::drop_old_keys() {
  std::size_t one_time = 0;
  for (const auto& [key, record] : prekeys_) {
    one_time += key.first == PreKeyRecord::Kind::one_time ? 1 : 0;
  }
  for (auto at = prekeys_.begin(); at != prekeys_.end();) {
    const auto& record = at->second;
    const bool expired =
        record.replaced_at && clock_.now() - *record.replaced_at > limits_.signed_pre_key_grace;
    const bool surplus =
        record.kind == PreKeyRecord::Kind::one_time && one_time > limits_.max_one_time_keys;
    if (expired || surplus) {
      one_time -= surplus ? 1 : 0;
      tx_.remove(Table::pre_key, record.record_key());
      at = prekeys_.erase(at);
    } else {
      ++at;
    }
  }
}

identity::PublishedKeys Engine::Impl::published_keys() const {
  const auto make = [&](PreKeyRecord::Kind kind, identity::PreKeyId id) {
    identity::SignedPreKey out;
    const auto found = prekeys_.find({kind, id});
    if (found != prekeys_.end()) {
      const auto& record = found->second;
      out.id = id;
      out.key = crypto::X25519KeyPair::from_private(crypto_, record.key.clone()).public_key();
      out.created_at = record.created_at;
      out.last_resort = kind == PreKeyRecord::Kind::last_resort;
      out.signature = record.signature;
    }
    return out;
  };
  return {self_->keys(), make(PreKeyRecord::Kind::signed_key, progress_.signed_prekey_id),
          make(PreKeyRecord::Kind::last_resort, progress_.last_resort_id)};
}

wire::PublishKeys Engine::Impl::publication() const {
  const auto keys = published_keys();
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
  rotate_keys();
  const Question publish{Ask::publish_keys};
  if (!link_.count_known) {
    if (may_ask({Ask::count_prekeys})) {
      ask({Ask::count_prekeys}, wire::CountPreKeys{});
    }
  }
  const bool refill = link_.count_known && link_.prekey_count < limits_.pre_key_low;
  if ((progress_.keys_dirty || refill) && link_.count_known && may_ask(publish)) {
    auto body = publication();
    // Ids are never used twice: whether the last upload arrived is not known after a break.
    const auto lacking = refill ? limits_.pre_key_target - link_.prekey_count : 0;
    const auto first = progress_.next_prekey_id;
    make_one_time_keys(lacking);
    for (auto id = first; id < progress_.next_prekey_id; ++id) {
      const auto& record = prekeys_.at({PreKeyRecord::Kind::one_time, id});
      body.one_time_pre_keys.push_back(
          {id,
           crypto::X25519KeyPair::from_private(crypto_, record.key.clone()).public_key().array()});
    }
    drop_old_keys();
    ask(publish, std::move(body)).number = lacking;
    return {};
  }
  if (!progress_.keys_dirty && !link_.digest_checked && may_ask({Ask::key_digest}) &&
      may_ask(publish)) {
    ask({Ask::key_digest}, wire::FetchKeyDigest{});
  }
  return {};
}

void Engine::Impl::on_key_digest(const wire::KeyDigest& digest) {
  link_.digest_checked = true;
  if (progress_.keys_dirty) {
    return;  // made new keys meanwhile
  }
  const auto ours = identity::key_digest(crypto_, published_keys());
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

std::optional<crypto::X25519KeyPair> Engine::Impl::signed_prekey(identity::PreKeyId id,
                                                                 bool last_resort) {
  const auto kind = last_resort ? PreKeyRecord::Kind::last_resort : PreKeyRecord::Kind::signed_key;
  const auto found = prekeys_.find({kind, id});
  if (found == prekeys_.end()) {
    return std::nullopt;
  }
  return crypto::X25519KeyPair::from_private(crypto_, found->second.key.clone());
}

std::optional<crypto::X25519KeyPair> Engine::Impl::one_time_prekey(identity::PreKeyId id) {
  const auto found = prekeys_.find({PreKeyRecord::Kind::one_time, id});
  if (found == prekeys_.end()) {
    return std::nullopt;
  }
  return crypto::X25519KeyPair::from_private(crypto_, found->second.key.clone());
}

}  // namespace unhidra::client
