#pragma once
// The bytes of a device's pairwise channel: the envelope around a message, and what stands inside
// the encryption. docs/security.md, "Channel of a device".

#include "unhidra/e2ee/device_channel.h"

namespace unhidra::e2ee {

// Channels have no conversation, users, ids or times: which two devices talk, and in which
// direction, is all that is bound beside the message itself.
MessageContext channel_context(DeviceId from, DeviceId to);

struct ChannelEnvelope {
  DeviceId controller;  // whose channel it is, in either direction
  ByteView message;     // lies in the payload
};
Bytes wrap_channel_message(DeviceId controller, ByteView message);
Result<ChannelEnvelope> read_channel_envelope(ByteView payload);

SecretBytes channel_epoch(ByteView roster, const EpochSecret& secret, ByteView policy);
Result<SecretBytes> channel_command(const GroupContent& command);
Result<ChannelAnswer> read_channel_answer(ByteView plaintext);

// What a device says and reads; for tests and vectors.
SecretBytes channel_receipt(const ChannelReceipt& receipt);
Result<SecretBytes> channel_result(const GroupContent& result);

}  // namespace unhidra::e2ee
