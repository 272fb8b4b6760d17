#pragma once
// Where private keys are made and kept. What a provider keeps of a key is opaque bytes that its
// caller stores: here the sealed key itself, of a token or a key management service only a name for
// it. Whoever signs holds a SigningKey and does not know which.

#include <memory>

#include "unhidra/pki/seal.h"
#include "unhidra/pki/signing_key.h"

namespace unhidra::pki {

// Safe from any thread; may block.
class KeyProvider {
 public:
  struct Made {
    SigningKey key;
    Bytes kept;  // for open()
  };

  virtual ~KeyProvider() = default;
  virtual Result<Made> generate(SignatureAlgorithm algorithm, RandomSource& random) const = 0;
  // Errc::bad_seal and the like when the bytes are not this provider's, or of another key.
  virtual Result<SigningKey> open(std::string_view key_id, SignatureAlgorithm algorithm,
                                  ByteView kept) const = 0;
};

// Keys of this process, sealed under a master key (which the server keeps in a file).
class SealedKeyProvider final : public KeyProvider {
 public:
  explicit SealedKeyProvider(std::shared_ptr<const KeySealer> sealer)
      : sealer_(std::move(sealer)) {}

  Result<Made> generate(SignatureAlgorithm algorithm, RandomSource& random) const override;
  Result<SigningKey> open(std::string_view key_id, SignatureAlgorithm algorithm,
                          ByteView kept) const override;

 private:
  std::shared_ptr<const KeySealer> sealer_;
};

}  // namespace unhidra::pki
