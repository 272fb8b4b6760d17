#pragma once
// How a host seals the engine's records at rest. Every record stands under a blinded name and is
// sealed under a key of its own, derived from the store key and that name; the length of a content
// is rounded up. Whoever has the records but not the key sees how many there are, of which size,
// and nothing else; who changes, swaps or moves one is noticed.

#include <string_view>

#include "unhidra/base/random.h"
#include "unhidra/client/store.h"
#include "unhidra/crypto/provider.h"

namespace unhidra::client {

class RecordSealer {
 public:
  static constexpr std::size_t kKeySize = 32;
  using Name = ByteArray<32>;
  using Kind = ByteArray<16>;

  // `purpose` separates what one key seals for different hosts; it is part of the stored format.
  // Keeps references to both dependencies.
  RecordSealer(const crypto::Provider& crypto, RandomSource& random,
               std::span<const Byte, kKeySize> key, std::string_view purpose);

  // Table 0 is the host's own, beside the engine's.
  Name name_of(std::uint8_t table, ByteView key) const;
  // The same for all records of a table, so that they can be found without names.
  Kind kind_of(std::uint8_t table) const;

  // Nonce, ciphertext, tag.
  Result<Bytes> seal(const Name& name, ByteView key, ByteView value);
  // Errc::corrupt_store for anything that `seal` did not make under this name.
  Result<Record> open(ByteView name, ByteView sealed) const;

 private:
  const crypto::Provider* crypto_;
  RandomSource* random_;
  SecretArray<32> name_key_;
  SecretArray<32> seal_key_;
};

}  // namespace unhidra::client
