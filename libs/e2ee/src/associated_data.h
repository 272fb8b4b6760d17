#pragma once
// What the AEAD authenticates beside the ciphertext: docs/security.md, "Associated data".

#include "unhidra/e2ee/message.h"

namespace unhidra::e2ee {

// Built on the stack: it is needed once for every message.
class AssociatedData {
 public:
  // `header` is everything of the message before the ciphertext.
  AssociatedData(Suite suite, const crypto::X25519PublicKey& initiator_identity,
                 const crypto::X25519PublicKey& responder_identity, const MessageContext& context,
                 ByteView header);
  ByteView view() const { return ByteView(buffer_).first(size_); }

 private:
  void put(ByteView bytes);
  void put_integer(std::uint64_t value, std::size_t size);

  ByteArray<384> buffer_;
  std::size_t size_ = 0;
};

}  // namespace unhidra::e2ee
