#include "unhidra/identity/prekeys.h"

#include "unhidra/identity/public_key.h"

#include "fields.h"
#include "labels.h"

namespace unhidra::identity {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::uint8_t kHasOneTimePreKey = 1;
constexpr std::uint8_t kLastResort = 2;
constexpr std::chrono::hours kClockTolerance{24};

Bytes signed_content(DeviceId device_id, const SignedPreKey& prekey) {
  ByteWriter out(128);
  out.text(kSignedPreKeyLabel).raw(device_id.bytes()).u32(prekey.id).raw(prekey.key.bytes());
  put_time(out, prekey.created_at);
  out.u8(prekey.last_resort ? 1 : 0);
  return std::move(out).take();
}

}  // namespace

SignedPreKey sign_prekey(const crypto::Provider& provider, const crypto::Ed25519KeyPair& signing,
                         DeviceId device_id, PreKeyId id, const crypto::X25519PublicKey& key,
                         Timestamp created_at, bool last_resort) {
  SignedPreKey out{
      .id = id, .key = key, .created_at = created_at, .last_resort = last_resort, .signature = {}};
  out.signature = signing.sign(provider, signed_content(device_id, out));
  return out;
}

Status verify(const crypto::Provider& provider, const DeviceKeys& device,
              const SignedPreKey& prekey) {
  UNHIDRA_TRY_VOID(check_public_key(prekey.key));
  if (!crypto::verify(provider, device.signing_key, signed_content(device.device_id, prekey),
                      prekey.signature)) {
    return fail(Errc::bad_signature, "the prekey is not signed by the device's signing key");
  }
  return {};
}

Status check_age(const SignedPreKey& prekey, Timestamp now, std::chrono::hours max_age) {
  if (prekey.created_at > now + kClockTolerance) {
    return fail(Errc::out_of_date, "the prekey is from the future");
  }
  if (!prekey.last_resort && prekey.created_at < now - max_age) {
    return fail(Errc::out_of_date, "the prekey is too old");
  }
  return {};
}

Status check_one_time_prekeys(std::span<const OneTimePreKey> prekeys) {
  if (prekeys.size() > kMaxOneTimePreKeysPerUpload) {
    return fail(Errc::malformed, "more than " + std::to_string(kMaxOneTimePreKeysPerUpload) +
                                     " one-time prekeys at once");
  }
  for (std::size_t i = 0; i < prekeys.size(); ++i) {
    UNHIDRA_TRY_VOID(check_public_key(prekeys[i].key));
    for (std::size_t j = 0; j < i; ++j) {
      if (prekeys[i].id == prekeys[j].id || prekeys[i].key == prekeys[j].key) {
        return fail(Errc::duplicate, "a one-time prekey or its id stands twice");
      }
    }
  }
  return {};
}

Status verify_upload(const crypto::Provider& provider, const PublishedKeys& keys,
                     std::span<const OneTimePreKey> one_time_prekeys) {
  if (keys.signed_prekey.last_resort || !keys.last_resort_prekey.last_resort) {
    return fail(Errc::malformed, "the signed and the last-resort prekey have changed places");
  }
  UNHIDRA_TRY_VOID(check_one_time_prekeys(one_time_prekeys));
  UNHIDRA_TRY_VOID(check_public_key(keys.device.identity_key));
  UNHIDRA_TRY_VOID(check_public_key(provider, keys.device.signing_key));
  UNHIDRA_TRY_VOID(verify(provider, keys.device, keys.signed_prekey));
  return verify(provider, keys.device, keys.last_resort_prekey);
}

Status verify(const crypto::Provider& provider, const DeviceKeys& expected,
              const PreKeyBundle& bundle) {
  if (bundle.device != expected) {
    return fail(Errc::device_changed, "the bundle has other keys than the device list");
  }
  UNHIDRA_TRY_VOID(check_public_key(bundle.device.identity_key));
  if (bundle.one_time_prekey) {
    UNHIDRA_TRY_VOID(check_public_key(bundle.one_time_prekey->key));
  }
  return verify(provider, bundle.device, bundle.signed_prekey);
}

Bytes encode(const PreKeyBundle& bundle) {
  ByteWriter out(256);
  out.u8(kFormat).u8(
      static_cast<std::uint8_t>((bundle.one_time_prekey ? kHasOneTimePreKey : 0) |
                                (bundle.signed_prekey.last_resort ? kLastResort : 0)));
  put_device(out, bundle.device);
  out.u32(bundle.signed_prekey.id).raw(bundle.signed_prekey.key.bytes());
  put_time(out, bundle.signed_prekey.created_at);
  out.raw(bundle.signed_prekey.signature.bytes());
  if (bundle.one_time_prekey) {
    out.u32(bundle.one_time_prekey->id).raw(bundle.one_time_prekey->key.bytes());
  }
  return std::move(out).take();
}

Result<PreKeyBundle> decode_prekey_bundle(ByteView bytes) {
  ByteReader in(bytes);
  const auto format = in.u8();
  const auto flags = in.u8();
  if (format != kFormat || (flags & ~(kHasOneTimePreKey | kLastResort)) != 0) {
    return fail(Errc::malformed, "the prekey bundle is of an unknown format");
  }
  PreKeyBundle out;
  out.device = get_device(in);
  out.signed_prekey.id = in.u32();
  out.signed_prekey.key = crypto::X25519PublicKey(in.array<32>());
  out.signed_prekey.created_at = get_time(in);
  out.signed_prekey.last_resort = (flags & kLastResort) != 0;
  out.signed_prekey.signature = crypto::Signature(in.array<crypto::kEd25519SignatureSize>());
  if ((flags & kHasOneTimePreKey) != 0) {
    OneTimePreKey prekey;
    prekey.id = in.u32();
    prekey.key = crypto::X25519PublicKey(in.array<32>());
    out.one_time_prekey = prekey;
  }
  UNHIDRA_TRY_VOID(finish(in, "the prekey bundle"));
  return out;
}

ByteArray<32> key_digest(const crypto::Provider& provider, const PublishedKeys& keys) {
  ByteWriter out(256);
  out.text(kKeyDigestLabel);
  out.raw(keys.device.identity_key.bytes()).raw(keys.device.signing_key.bytes());
  out.u32(keys.signed_prekey.id).raw(keys.signed_prekey.key.bytes());
  out.u32(keys.last_resort_prekey.id).raw(keys.last_resort_prekey.key.bytes());
  return provider.sha256(out.view());
}

}  // namespace unhidra::identity
