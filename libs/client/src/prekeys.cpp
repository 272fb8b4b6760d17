#include "prekeys.h"

namespace unhidra::client {

Status PreKeys::load() {
  keys_.clear();
  UNHIDRA_TRY(const auto all, env_.tx.load(Table::pre_key));
  for (const auto& stored : all) {
    UNHIDRA_TRY(auto record, PreKeyRecord::decode(stored.value.expose()));
    const Key key(record.kind, record.id);
    keys_.emplace(key, std::move(record));
  }
  return {};
}

void PreKeys::store(const PreKeyRecord& record) {
  env_.tx.put(Table::pre_key, record.record_key(), record.encode());
}

void PreKeys::add(PreKeyRecord record) {
  store(record);
  const Key key(record.kind, record.id);
  keys_.insert_or_assign(key, std::move(record));
}

void PreKeys::make_signed(const Self& self, PreKeyRecord::Kind kind) {
  const bool last_resort = kind == PreKeyRecord::Kind::last_resort;
  const auto id = progress_.next_prekey_id++;
  const auto pair = crypto::X25519KeyPair::generate(env_.crypto, env_.random);
  const auto prekey = identity::sign_prekey(env_.crypto, self.signing, self.device, id,
                                            pair.public_key(), env_.clock.now(), last_resort);
  PreKeyRecord record;
  record.kind = kind;
  record.id = id;
  record.key = pair.private_key().clone();
  record.created_at = prekey.created_at;
  record.signature = prekey.signature;
  add(std::move(record));
  (last_resort ? progress_.last_resort_id : progress_.signed_prekey_id) = id;
  progress_.keys_dirty = true;
}

void PreKeys::rotate(const Self& self) {
  const auto current = keys_.find({PreKeyRecord::Kind::signed_key, progress_.signed_prekey_id});
  const auto now = env_.clock.now();
  if (current == keys_.end() || now - current->second.created_at < env_.limits.signed_pre_key_age) {
    return;
  }
  current->second.replaced_at = now;
  store(current->second);
  make_signed(self, PreKeyRecord::Kind::signed_key);
}

std::vector<identity::OneTimePreKey> PreKeys::make_one_time(std::size_t count) {
  std::vector<identity::OneTimePreKey> out;
  for (std::size_t i = 0; i < count; ++i) {
    PreKeyRecord record;
    record.kind = PreKeyRecord::Kind::one_time;
    record.id = progress_.next_prekey_id++;
    record.key = crypto::X25519PrivateKey::generate(env_.random);
    record.created_at = env_.clock.now();
    out.push_back({record.id, pair_of(record).public_key()});
    add(std::move(record));
  }
  return out;
}

void PreKeys::drop_old() {
  std::size_t one_time = 0;
  for (const auto& [key, record] : keys_) {
    one_time += key.first == PreKeyRecord::Kind::one_time ? 1 : 0;
  }
  const auto now = env_.clock.now();
  std::erase_if(keys_, [&](const auto& entry) {
    const auto& record = entry.second;
    const bool expired =
        record.replaced_at && now - *record.replaced_at > env_.limits.signed_pre_key_grace;
    // By id, so the oldest first.
    const bool surplus =
        record.kind == PreKeyRecord::Kind::one_time && one_time > env_.limits.max_one_time_keys;
    one_time -= surplus ? 1 : 0;
    if (expired || surplus) {
      env_.tx.remove(Table::pre_key, record.record_key());
    }
    return expired || surplus;
  });
}

void PreKeys::use_up(identity::PreKeyId one_time) {
  keys_.erase({PreKeyRecord::Kind::one_time, one_time});
  env_.tx.remove(Table::pre_key, PreKeyRecord::record_key(PreKeyRecord::Kind::one_time, one_time));
}

identity::PublishedKeys PreKeys::published(const Self& self) const {
  return {self.keys(), signed_part({PreKeyRecord::Kind::signed_key, progress_.signed_prekey_id}),
          signed_part({PreKeyRecord::Kind::last_resort, progress_.last_resort_id})};
}

identity::SignedPreKey PreKeys::signed_part(Key key) const {
  identity::SignedPreKey out;
  if (const auto found = keys_.find(key); found != keys_.end()) {
    const auto& record = found->second;
    out.id = record.id;
    out.key = pair_of(record).public_key();
    out.created_at = record.created_at;
    out.last_resort = record.kind == PreKeyRecord::Kind::last_resort;
    out.signature = record.signature;
  }
  return out;
}

crypto::X25519KeyPair PreKeys::pair_of(const PreKeyRecord& record) const {
  return crypto::X25519KeyPair::from_private(env_.crypto, record.key.clone());
}

std::optional<crypto::X25519KeyPair> PreKeys::find(Key key) const {
  const auto found = keys_.find(key);
  return found == keys_.end() ? std::nullopt : std::optional(pair_of(found->second));
}

std::optional<crypto::X25519KeyPair> PreKeys::signed_prekey(identity::PreKeyId id,
                                                            bool last_resort) {
  return find({last_resort ? PreKeyRecord::Kind::last_resort : PreKeyRecord::Kind::signed_key, id});
}

std::optional<crypto::X25519KeyPair> PreKeys::one_time_prekey(identity::PreKeyId id) {
  return find({PreKeyRecord::Kind::one_time, id});
}

}  // namespace unhidra::client
