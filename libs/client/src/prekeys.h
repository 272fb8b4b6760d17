#pragma once
// This device's prekeys (X3DH revision 1, sections 3.2 and 4.5): making, rotating and forgetting
// them. All stand in memory, and each in Table::pre_key.

#include <map>
#include <optional>
#include <vector>

#include "unhidra/e2ee/local_device.h"

#include "environment.h"
#include "records.h"

namespace unhidra::client {

class PreKeys final : public e2ee::PreKeyStore {
 public:
  // `progress` counts the ids, and says which keys are published.
  PreKeys(const Environment& env, Progress& progress) : env_(env), progress_(progress) {}

  // Reads what is stored, in place of what is in memory.
  Status load();
  void clear() { keys_.clear(); }

  // A new signed or last-resort prekey, to be published in place of the present one.
  void make_signed(const Self& self, PreKeyRecord::Kind kind);
  // Replaces the signed prekey when it has become old.
  void rotate(const Self& self);
  // As they are published. Ids are never used twice.
  std::vector<identity::OneTimePreKey> make_one_time(std::size_t count);
  // Those that were replaced long ago, and one-time keys that nobody will use any more.
  void drop_old();
  void use_up(identity::PreKeyId one_time);

  identity::PublishedKeys published(const Self& self) const;

  std::optional<crypto::X25519KeyPair> signed_prekey(identity::PreKeyId id,
                                                     bool last_resort) override;
  std::optional<crypto::X25519KeyPair> one_time_prekey(identity::PreKeyId id) override;

 private:
  using Key = std::pair<PreKeyRecord::Kind, identity::PreKeyId>;

  void add(PreKeyRecord record);
  void store(const PreKeyRecord& record);
  crypto::X25519KeyPair pair_of(const PreKeyRecord& record) const;
  std::optional<crypto::X25519KeyPair> find(Key key) const;
  identity::SignedPreKey signed_part(Key key) const;

  const Environment& env_;
  Progress& progress_;
  std::map<Key, PreKeyRecord> keys_;
};

}  // namespace unhidra::client
