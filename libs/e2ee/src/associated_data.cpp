#include "associated_data.h"

#include "kdf.h"
#include "message_format.h"

namespace unhidra::e2ee {

namespace {
constexpr std::size_t kFixedSize =
    4 + kAssociatedDataLabel.size() + 1 + 2 * 32 + 5 * 16 + 1 + 8 + 4;
static_assert(kFixedSize + kMaxHeaderSize <= 384);
}  // namespace

AssociatedData::AssociatedData(Suite suite, const crypto::X25519PublicKey& initiator_identity,
                               const crypto::X25519PublicKey& responder_identity,
                               const MessageContext& context, ByteView header) {
  put_integer(kAssociatedDataLabel.size(), 4);
  put(as_bytes(kAssociatedDataLabel));
  put_integer(static_cast<std::uint8_t>(suite), 1);
  put(initiator_identity.bytes());
  put(responder_identity.bytes());
  put(context.conversation.bytes());
  put(context.sender_user.bytes());
  put(context.sender_device.bytes());
  put(context.recipient_device.bytes());
  put(context.message_id.bytes());
  put_integer(static_cast<std::uint8_t>(context.kind), 1);
  put_integer(static_cast<std::uint64_t>(to_unix_micros(context.sent_at)), 8);
  put_integer(header.size(), 4);
  put(header);
}

void AssociatedData::put(ByteView bytes) {
  std::copy(bytes.begin(), bytes.end(), buffer_.begin() + static_cast<std::ptrdiff_t>(size_));
  size_ += bytes.size();
}

void AssociatedData::put_integer(std::uint64_t value, std::size_t size) {
  for (std::size_t i = size; i-- > 0;) {
    buffer_[size_++] = static_cast<Byte>(value >> (8 * i));
  }
}

}  // namespace unhidra::e2ee
