#pragma once
// The engine's store in one SQLite file. Every record is sealed under a key of its own, derived
// from the store key and the record's blinded name; the length of a content is rounded up. Whoever
// has the file but not the key sees how many records there are, of which size, and nothing else;
// who changes, swaps or moves a record is noticed.

#include <memory>
#include <string>

#include "unhidra/base/random.h"
#include "unhidra/client/store.h"
#include "unhidra/crypto/provider.h"

#include "vault.h"

namespace unhidra::storage {
class Database;
class Transaction;
}  // namespace unhidra::storage

namespace unhidra::cli {

class SealedStore final : public client::Store {
 public:
  // Makes the file (mode 0600) if there is none. A wrong key is noticed at once:
  // Errc::wrong_passphrase.
  static Result<std::unique_ptr<SealedStore>> open(const std::string& path, const StoreKey& key,
                                                   const crypto::Provider& crypto,
                                                   RandomSource& random);
  ~SealedStore() override;

  Result<std::optional<SecretBytes>> get(client::Table table, ByteView key) override;
  Result<std::vector<client::Record>> load(client::Table table) override;
  Status commit(std::span<const client::Mutation> mutations) override;

  // The host's own values beside the engine's.
  Result<std::optional<SecretBytes>> get_value(std::string_view name);
  Status put_value(std::string_view name, ByteView value);
  Status remove_value(std::string_view name);

 private:
  SealedStore(std::unique_ptr<storage::Database> database, const StoreKey& key,
              const crypto::Provider& crypto, RandomSource& random);
  Status check_key();
  // Of the table's number and the key; 0 is the host's own table.
  ByteArray<32> blind(std::uint8_t table, ByteView key) const;
  ByteArray<16> blind_kind(std::uint8_t table) const;
  Result<Bytes> seal(const ByteArray<32>& name, ByteView key, ByteView value);
  Result<client::Record> unseal(ByteView name, ByteView sealed) const;
  Result<std::optional<SecretBytes>> get(std::uint8_t table, ByteView key);

  std::unique_ptr<storage::Database> database_;
  const crypto::Provider* crypto_;
  RandomSource* random_;
  SecretArray<32> name_key_;
  SecretArray<32> seal_key_;
};

}  // namespace unhidra::cli
