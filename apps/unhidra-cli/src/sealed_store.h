#pragma once
// The engine's store in one SQLite file, its records sealed by client::RecordSealer.

#include <memory>
#include <string>

#include "unhidra/base/random.h"
#include "unhidra/client/record_sealer.h"

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
  Status commit(std::span<client::Mutation> mutations) override;

  // The host's own values beside the engine's.
  Result<std::optional<SecretBytes>> get_value(std::string_view name);
  Status put_value(std::string_view name, ByteView value);
  Status remove_value(std::string_view name);

 private:
  SealedStore(std::unique_ptr<storage::Database> database, const StoreKey& key,
              const crypto::Provider& crypto, RandomSource& random);
  Status check_key();
  Result<std::optional<SecretBytes>> get(std::uint8_t table, ByteView key);

  std::unique_ptr<storage::Database> database_;
  client::RecordSealer sealer_;
};

}  // namespace unhidra::cli
