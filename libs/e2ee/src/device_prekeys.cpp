#include "unhidra/e2ee/device_prekeys.h"

#include <algorithm>

#include "unhidra/base/codec.h"

namespace unhidra::e2ee {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kMaxBundle = 256;
constexpr std::string_view kLabel = "unhidra device prekeys 1";

Bytes signed_part(ByteView before) {
  ByteWriter out;
  out.text(kLabel).raw(before);
  return std::move(out).take();
}

// A prekey that serves once needs no one-time prekey beside it, and no last resort.
bool is_sound(const DevicePreKeys& prekeys) {
  return prekeys.number() != 0 && !prekeys.bundle.one_time_prekey &&
         !prekeys.bundle.signed_prekey.last_resort && prekeys.sessions.size() <= kMaxListedSessions;
}

}  // namespace

bool DevicePreKeys::lists(const crypto::X25519PublicKey& base_key) const {
  return std::ranges::find(sessions, base_key) != sessions.end();
}

Result<Bytes> sign(const crypto::Provider& provider, const crypto::Ed25519KeyPair& signing,
                   const DevicePreKeys& prekeys) {
  if (!is_sound(prekeys)) {
    return fail(Errc::malformed, "a device publishes one prekey and few sessions");
  }
  ByteWriter out;
  out.u8(kFormat).bytes(identity::encode(prekeys.bundle));
  out.u8(static_cast<std::uint8_t>(prekeys.sessions.size()));
  for (const auto& base_key : prekeys.sessions) {
    out.raw(base_key.bytes());
  }
  const auto signature = signing.sign(provider, signed_part(out.view()));
  out.raw(signature.bytes());
  return std::move(out).take();
}

Result<DevicePreKeys> read_device_prekeys(const crypto::Provider& provider,
                                          const identity::DeviceKeys& device, ByteView document) {
  ByteReader reader(document);
  const auto format = reader.u8();
  const auto bundle = reader.bytes(kMaxBundle);
  const std::size_t count = reader.u8();
  DevicePreKeys out;
  for (std::size_t i = 0; i < count && count <= kMaxListedSessions; ++i) {
    out.sessions.emplace_back(reader.array<32>());
  }
  const crypto::Signature signature(reader.array<crypto::Signature::kSize>());
  if (!reader.finish("prekeys of a device") || format != kFormat) {
    return fail(Errc::malformed, "not the prekeys of a device");
  }
  UNHIDRA_TRY(out.bundle, identity::decode_prekey_bundle(bundle));
  if (!is_sound(out)) {
    return fail(Errc::malformed, "a device publishes one prekey and few sessions");
  }
  UNHIDRA_TRY_VOID(identity::verify(provider, device, out.bundle));
  const auto before = document.first(document.size() - crypto::Signature::kSize);
  UNHIDRA_TRY_VOID(crypto::verify(provider, device.signing_key, signed_part(before), signature));
  return out;
}

}  // namespace unhidra::e2ee
