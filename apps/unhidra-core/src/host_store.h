#pragma once
// The engine's store over the host's functions: sealed before it leaves the module.

#include "unhidra/base/codec.h"
#include "unhidra/client/record_sealer.h"

namespace unhidra::core {

class HostStore final : public client::Store {
 public:
  HostStore(std::uint32_t store, std::span<const Byte, client::RecordSealer::kKeySize> key,
            const crypto::Provider& crypto, RandomSource& random);

  Result<std::optional<SecretBytes>> get(client::Table table, ByteView key) override;
  Result<std::vector<client::Record>> load(client::Table table) override;
  Status commit(std::span<client::Mutation> mutations) override;

  // The host's own values beside the engine's.
  Result<std::optional<SecretBytes>> get_value(ByteView name);
  Status put_value(ByteView name, ByteView value);
  Status remove_value(ByteView name);

 private:
  Result<std::optional<SecretBytes>> get(std::uint8_t table, ByteView key);
  Result<Bytes> take(std::int32_t size) const;
  Status change(ByteWriter& out, std::uint8_t table, ByteView key, const ByteView* value);
  Status write(ByteView changes) const;

  std::uint32_t store_;
  client::RecordSealer sealer_;
};

}  // namespace unhidra::core
