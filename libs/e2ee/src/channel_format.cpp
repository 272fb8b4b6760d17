#include "channel_format.h"

#include "unhidra/base/codec.h"

#include "stored.h"

namespace unhidra::e2ee {
namespace {

using identity::PayloadKind;

constexpr std::uint8_t kEnvelope = 1;

enum class Content : std::uint8_t { epoch = 1, command = 2, receipt = 3, result = 4 };

SecretBytes behind(Content kind, ByteView rest) {
  SecretWriter out(1 + rest.size());
  out.integer(static_cast<std::uint8_t>(kind), 1);
  out.raw(rest);
  return std::move(out).take();
}

Result<SecretBytes> content(Content kind, PayloadKind payload, const GroupContent& what) {
  UNHIDRA_TRY(const auto encoded, encode(payload, what));
  return behind(kind, encoded.expose());
}

}  // namespace

MessageContext channel_context(DeviceId from, DeviceId to) {
  return {.conversation = {},
          .sender_user = {},
          .sender_device = from,
          .recipient_device = to,
          .message_id = {},
          .sent_at = {},
          .kind = MessageKind::device_channel};
}

Bytes wrap_channel_message(DeviceId controller, ByteView message) {
  ByteWriter out(1 + 16 + message.size());
  out.u8(kEnvelope).raw(controller.bytes()).raw(message);
  return std::move(out).take();
}

Result<ChannelEnvelope> read_channel_envelope(ByteView payload) {
  ByteReader in(payload);
  const auto format = in.u8();
  const DeviceId controller(in.array<16>());
  if (in.failed() || format != kEnvelope) {
    return fail(Errc::malformed, "not a message of a device's channel");
  }
  return ChannelEnvelope{controller, in.raw(in.remaining())};
}

SecretBytes channel_epoch(ByteView roster, const EpochSecret& secret, ByteView policy) {
  SecretWriter out(1 + 4 + roster.size() + 32 + 4 + policy.size());
  out.integer(static_cast<std::uint8_t>(Content::epoch), 1);
  out.integer(roster.size(), 4);
  out.raw(roster);
  out.raw(secret.expose());
  out.integer(policy.size(), 4);
  out.raw(policy);
  return std::move(out).take();
}

Result<SecretBytes> channel_command(const GroupContent& command) {
  return content(Content::command, PayloadKind::command, command);
}

Result<SecretBytes> channel_result(const GroupContent& result) {
  return content(Content::result, PayloadKind::result, result);
}

SecretBytes channel_receipt(const ChannelReceipt& receipt) {
  ByteWriter out;
  out.u32(receipt.epoch).u32(receipt.policy_version);
  return behind(Content::receipt, out.view());
}

Result<ChannelAnswer> read_channel_answer(ByteView plaintext) {
  ByteReader in(plaintext);
  const auto kind = static_cast<Content>(in.u8());
  if (kind == Content::receipt) {
    ChannelReceipt out;
    out.epoch = in.u32();
    out.policy_version = in.u32();
    if (!in.finish("receipt of a device")) {
      return fail(Errc::malformed, "the receipt of a device is malformed");
    }
    return out;
  }
  if (kind != Content::result || in.failed()) {
    return fail(Errc::malformed, "a device's answer of an unknown kind");
  }
  UNHIDRA_TRY(auto result, decode_group_content(PayloadKind::result, in.raw(in.remaining())));
  return result;
}

}  // namespace unhidra::e2ee
