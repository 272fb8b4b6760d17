#include "unhidra/e2ee/epoch_delivery.h"

#include <algorithm>

#include "unhidra/base/codec.h"
#include "unhidra/identity/device_policy.h"

namespace unhidra::e2ee {
namespace {

constexpr std::uint8_t kSecretAlone = 1;
constexpr std::uint8_t kWithPolicy = 2;
constexpr std::string_view kKeyLabel = "unhidra tg key 1";
constexpr std::string_view kSignatureLabel = "unhidra tg delivery 1";
constexpr std::size_t kSecretSize = 32;
constexpr std::size_t kSealedSize = kSecretSize + crypto::kAeadTagSize;
// The key is used once: ephemeral key, roster and recipient go into it.
constexpr ByteArray<crypto::kAeadNonceSize> kNonce{};

struct Parties {
  DeviceId controller;
  DeviceId recipient;
};

SecretArray<32> wrapping_key(const crypto::Provider& provider, const crypto::SharedSecret& shared,
                             const identity::DeviceGroup& roster, const Parties& parties,
                             const crypto::X25519PublicKey& ephemeral,
                             const crypto::X25519PublicKey& recipient) {
  ByteWriter info;
  info.text(kKeyLabel)
      .raw(identity::hash_of(provider, roster))
      .raw(parties.controller.bytes())
      .raw(parties.recipient.bytes())
      .raw(ephemeral.bytes())
      .raw(recipient.bytes());
  return provider.hkdf_sha256<32>({}, shared.expose(), info.view());
}

Bytes signed_part(ByteView before) {
  ByteWriter out;
  out.text(kSignatureLabel).raw(before);
  return std::move(out).take();
}

const identity::GroupMember* controller_of(const identity::DeviceGroup& roster, DeviceId device) {
  const auto* found = roster.find(device);
  return found != nullptr && found->role == identity::GroupRole::controller ? found : nullptr;
}

std::unexpected<Error> wrong() {
  return fail(Errc::wrong_device,
              "the keys are not from a controller of the roster to this member");
}

}  // namespace

Result<Bytes> seal_epoch(const crypto::Provider& provider, RandomSource& random,
                         const identity::DeviceGroup& roster, const EpochSecret& secret,
                         DeviceId controller, const crypto::Ed25519KeyPair& signing,
                         DeviceId recipient, ByteView policy) {
  const auto* from = controller_of(roster, controller);
  const auto* to = roster.find(recipient);
  if (from == nullptr || to == nullptr || from->keys.signing_key != signing.public_key()) {
    return wrong();
  }
  const auto ephemeral = crypto::X25519KeyPair::generate(provider, random);
  UNHIDRA_TRY(const auto shared, ephemeral.agree(provider, to->keys.identity_key));
  const auto key = wrapping_key(provider, shared, roster, {controller, recipient},
                                ephemeral.public_key(), to->keys.identity_key);
  if (policy.size() > identity::kMaxDevicePolicy) {
    return fail(Errc::malformed, "the device's policy is too long");
  }
  SecretBytes content(kSecretSize + policy.size());
  std::ranges::copy(secret.expose(), content.expose_mutable().begin());
  std::ranges::copy(policy, content.expose_mutable().begin() + kSecretSize);
  Bytes sealed(content.size() + crypto::kAeadTagSize);
  UNHIDRA_TRY_VOID(provider.aead_seal(crypto::Aead::chacha20_poly1305, key.expose(), kNonce, {},
                                      content.expose(), sealed));
  ByteWriter out;
  out.u8(policy.empty() ? kSecretAlone : kWithPolicy)
      .bytes(identity::encode(roster))
      .raw(recipient.bytes())
      .raw(controller.bytes())
      .raw(ephemeral.public_key().bytes());
  policy.empty() ? out.raw(sealed) : out.bytes(sealed);
  const auto signature = signing.sign(provider, signed_part(out.view()));
  out.raw(signature.bytes());
  return std::move(out).take();
}

Result<EpochDelivery> open_epoch(const crypto::Provider& provider, ByteView delivery, DeviceId self,
                                 const crypto::X25519KeyPair& identity) {
  if (delivery.size() > kMaxEpochDelivery || delivery.size() < crypto::Signature::kSize) {
    return fail(Errc::malformed, "not a delivery of group keys");
  }
  ByteReader reader(delivery);
  const auto format = reader.u8();
  const auto document = reader.bytes(kMaxEpochDelivery);
  const DeviceId recipient(reader.array<16>());
  const DeviceId controller(reader.array<16>());
  const crypto::X25519PublicKey ephemeral(reader.array<32>());
  const auto sealed = format == kWithPolicy ? reader.bytes(kSealedSize + identity::kMaxDevicePolicy)
                                            : reader.raw(kSealedSize);
  const crypto::Signature signature(reader.array<64>());
  if (!reader.finish("delivery of group keys") || sealed.size() < kSealedSize ||
      (format != kSecretAlone && format != kWithPolicy)) {
    return fail(Errc::malformed, "not a delivery of group keys");
  }
  UNHIDRA_TRY(auto roster, identity::decode_device_group(document));
  const auto* from = controller_of(roster, controller);
  const auto* own = roster.find(self);
  if (recipient != self || from == nullptr || own == nullptr ||
      own->keys.identity_key != identity.public_key()) {
    return wrong();
  }
  const auto before = delivery.first(delivery.size() - crypto::Signature::kSize);
  if (!crypto::verify(provider, from->keys.signing_key, signed_part(before), signature)) {
    return fail(Errc::undecryptable, "the keys are not signed by the controller they name");
  }
  UNHIDRA_TRY(const auto shared, identity.agree(provider, ephemeral));
  const auto key =
      wrapping_key(provider, shared, roster, {controller, self}, ephemeral, identity.public_key());
  SecretBytes content(sealed.size() - crypto::kAeadTagSize);
  if (!provider.aead_open(crypto::Aead::chacha20_poly1305, key.expose(), kNonce, {}, sealed,
                          content.expose_mutable())) {
    return fail(Errc::undecryptable, "the keys were sealed for somebody else, or changed");
  }
  const auto opened = content.expose();
  return EpochDelivery{.roster = std::move(roster),
                       .secret = EpochSecret::copy_of(opened.first<kSecretSize>()),
                       .controller = controller,
                       .policy = to_bytes(opened.subspan(kSecretSize))};
}

}  // namespace unhidra::e2ee
