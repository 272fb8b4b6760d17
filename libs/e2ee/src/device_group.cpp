#include "unhidra/e2ee/device_group.h"

#include <optional>

#include "unhidra/base/codec.h"

#include "group_epoch.h"
#include "stored.h"

namespace unhidra::e2ee {
namespace {

using identity::GroupPayloadHeader;
using identity::PayloadKind;

constexpr std::uint8_t kStoredVersion = 1;
constexpr std::string_view kPayloadLabel = "unhidra udg payload 1";
constexpr std::string_view kSignatureLabel = "unhidra udg signature 1";

// What is authenticated beside the content: a broker can move the payload to no other topic.
Bytes bound_to(std::string_view label, ByteView header, const TopicHash& topic, ByteView more) {
  ByteWriter out(4 + label.size() + header.size() + topic.size() + more.size());
  out.text(label).bytes(header).raw(topic).raw(more);
  return std::move(out).take();
}

// Of a hash, so that a microcontroller signs and checks without a second copy of the payload.
Bytes signed_content(const crypto::Provider& provider, ByteView header, const TopicHash& topic,
                     ByteView sealed) {
  return bound_to(kSignatureLabel, header, topic, provider.sha256(sealed));
}

ByteArray<crypto::kAeadNonceSize> nonce_of(std::uint32_t counter) {
  ByteArray<crypto::kAeadNonceSize> out{};
  for (std::size_t i = 0; i < 4; ++i) {
    out[out.size() - 1 - i] = static_cast<Byte>(counter >> (8 * i));
  }
  return out;
}

Status check_signature(const crypto::Provider& provider, const identity::GroupMember& sender,
                       const identity::GroupPayload& payload, const TopicHash& topic) {
  if (!payload.signature) {
    return {};
  }
  const Bytes content = signed_content(provider, payload.header_bytes, topic, payload.sealed);
  if (!crypto::verify(provider, sender.keys.signing_key, content, *payload.signature)) {
    return fail(Errc::undecryptable, "the payload is not signed by the sender that it names");
  }
  return {};
}

Status check_membership(const identity::DeviceGroup& roster, DeviceId self) {
  if (roster.find(self) == nullptr) {
    return fail(Errc::wrong_device, "this device is not in the roster");
  }
  return {};
}

}  // namespace

struct DeviceGroupKeys::Impl {
  GroupLimits limits;
  DeviceId self;
  std::uint32_t horizon = 0;  // counters below it may be used
  GroupEpoch current;
  std::optional<GroupEpoch> previous;

  GroupEpoch* epoch(const GroupPayloadHeader& header) {
    if (header.epoch == current.roster().epoch) {
      return &current;
    }
    return previous && header.epoch == previous->roster().epoch ? &*previous : nullptr;
  }
};

DeviceGroupKeys::DeviceGroupKeys(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DeviceGroupKeys::DeviceGroupKeys(DeviceGroupKeys&&) noexcept = default;
DeviceGroupKeys& DeviceGroupKeys::operator=(DeviceGroupKeys&&) noexcept = default;
DeviceGroupKeys::~DeviceGroupKeys() = default;

Result<DeviceGroupKeys> DeviceGroupKeys::join(const crypto::Provider& provider,
                                              const crypto::Ed25519PublicKey& owner,
                                              identity::DeviceGroup roster, EpochSecret secret,
                                              DeviceId self, const GroupLimits& limits) {
  UNHIDRA_TRY_VOID(identity::check_first(provider, owner, roster));
  UNHIDRA_TRY_VOID(check_membership(roster, self));
  auto impl = std::make_unique<Impl>();
  impl->limits = limits;
  impl->self = self;
  impl->current = GroupEpoch::start(provider, std::move(roster), std::move(secret), self);
  return DeviceGroupKeys(std::move(impl));
}

Status DeviceGroupKeys::advance(const crypto::Provider& provider, identity::DeviceGroup roster,
                                EpochSecret secret) {
  UNHIDRA_TRY_VOID(identity::check_successor(provider, impl_->current.roster(), roster));
  UNHIDRA_TRY_VOID(check_membership(roster, impl_->self));
  impl_->previous = std::move(impl_->current);
  impl_->current = GroupEpoch::start(provider, std::move(roster), std::move(secret), impl_->self);
  impl_->horizon = 0;
  return {};
}

void DeviceGroupKeys::forget_previous() {
  impl_->previous.reset();
}

const identity::DeviceGroup& DeviceGroupKeys::roster() const {
  return impl_->current.roster();
}

Result<std::uint32_t> DeviceGroupKeys::reserve_counters() {
  if (impl_->horizon > kMaxCounter - kCounterBlock) {
    return fail(Errc::exhausted, "the epoch has no counters left: start the next one");
  }
  impl_->horizon += kCounterBlock;
  return reserved_counters();
}

std::uint32_t DeviceGroupKeys::reserved_counters() const {
  return impl_->horizon - impl_->current.own().next();
}

Result<Bytes> DeviceGroupKeys::seal(const crypto::Provider& provider,
                                    const crypto::Ed25519KeyPair& signing, std::string_view topic,
                                    PayloadKind kind, bool retained, const GroupContent& content) {
  if (reserved_counters() == 0) {
    return fail(Errc::exhausted, "no counter is reserved");
  }
  UNHIDRA_TRY(const auto plaintext, encode(kind, content));
  const auto& roster = impl_->current.roster();
  GroupPayloadHeader header{.kind = kind,
                            .is_signed = identity::needs_signature(kind, retained),
                            .retained = retained,
                            .group = identity::tag_of(roster.group_id),
                            .epoch = roster.epoch,
                            .sender = identity::tag_of(impl_->self),
                            .counter = impl_->current.own().next()};
  ByteWriter head(32);
  identity::write(head, header);
  const auto topic_hash = provider.sha256(as_bytes(topic));
  // Whatever happens now, the key and its counter are used up.
  const auto key = impl_->current.own().take(provider);
  Bytes sealed(plaintext.size() + crypto::kAeadTagSize);
  UNHIDRA_TRY_VOID(provider.aead_seal(
      crypto::Aead::chacha20_poly1305, key.expose(), nonce_of(header.counter),
      bound_to(kPayloadLabel, head.view(), topic_hash, {}), plaintext.expose(), sealed));
  Bytes out = head.view();
  append(out, sealed);
  if (header.is_signed) {
    const Bytes proven = signed_content(provider, head.view(), topic_hash, sealed);
    append(out, signing.sign(provider, proven).bytes());
  }
  return out;
}

Result<OpenedPayload> DeviceGroupKeys::open(const crypto::Provider& provider,
                                            std::string_view topic, ByteView payload,
                                            bool delivered_as_retained) {
  const auto parsed = identity::parse_group_payload(payload);
  if (!parsed) {
    return fail(Errc::malformed, parsed.error().message());
  }
  const auto& header = parsed->header;
  auto* epoch = impl_->epoch(header);
  if (header.group != identity::tag_of(roster().group_id) || epoch == nullptr) {
    return fail(Errc::unknown_epoch, "the payload is of an epoch that this member has no keys of");
  }
  auto* sender = epoch->find(header.sender);
  const auto* member = sender == nullptr ? nullptr : roster().find(sender->device);
  if (member == nullptr) {
    return fail(Errc::wrong_device, "the payload is of no other member of the group");
  }
  if (delivered_as_retained && !header.retained) {
    return fail(Errc::stale, "the payload was kept though its sender did not ask for it");
  }
  const auto topic_hash = provider.sha256(as_bytes(topic));
  UNHIDRA_TRY_VOID(check_signature(provider, *member, *parsed, topic_hash));
  UNHIDRA_TRY(auto staged, find_key(provider, *sender, header, topic_hash, impl_->limits));
  SecretBytes plaintext(parsed->sealed.size() - crypto::kAeadTagSize);
  const auto opened = provider.aead_open(
      crypto::Aead::chacha20_poly1305, staged.key.expose(), nonce_of(header.counter),
      bound_to(kPayloadLabel, parsed->header_bytes, topic_hash, {}), parsed->sealed,
      plaintext.expose_mutable());
  if (!opened) {
    return fail(Errc::undecryptable, "the payload was changed, moved or forged");
  }
  UNHIDRA_TRY(auto content, decode_group_content(header.kind, plaintext.expose()));
  commit(*sender, std::move(staged), header, topic_hash, impl_->limits);
  return OpenedPayload{*member, header, std::move(content)};
}

SecretBytes DeviceGroupKeys::serialize() const {
  const std::size_t size = 1 + 16 + 4 + impl_->current.stored_size() + 1 +
                           (impl_->previous ? impl_->previous->stored_size() : 0);
  SecretWriter out(size);
  out.integer(kStoredVersion, 1);
  out.raw(impl_->self.bytes());
  out.integer(impl_->horizon, 4);
  impl_->current.serialize(out);
  out.integer(impl_->previous ? 1 : 0, 1);
  if (impl_->previous) {
    impl_->previous->serialize(out);
  }
  return std::move(out).take();
}

Result<DeviceGroupKeys> DeviceGroupKeys::deserialize(const crypto::Provider& provider,
                                                     ByteView stored, const GroupLimits& limits) {
  StoredReader in(stored);
  if (in.u8() != kStoredVersion) {
    return bad_stored("the stored keys of a device group are of an unknown version");
  }
  auto impl = std::make_unique<Impl>();
  impl->limits = limits;
  impl->self = DeviceId(in.array<16>());
  impl->horizon = in.u32();
  UNHIDRA_TRY(impl->current, GroupEpoch::deserialize(in, impl->self));
  if (in.u8() == 1) {
    UNHIDRA_TRY(impl->previous, GroupEpoch::deserialize(in, impl->self));
  }
  if (!in.finish("the stored keys of a device group") || impl->horizon > kMaxCounter ||
      impl->current.own().next() > impl->horizon) {
    return bad_stored("the stored keys of a device group are damaged");
  }
  // What was reserved may have been used after this was stored.
  impl->current.own().skip_to(provider, impl->horizon);
  return DeviceGroupKeys(std::move(impl));
}

Status check_command(const GroupContent& command, Timestamp now,
                     const std::optional<Challenge>& expected) {
  if (command.not_after && now > *command.not_after) {
    return fail(Errc::stale, "the command came after its deadline");
  }
  if (expected && command.challenge != expected) {
    return fail(Errc::stale, "the command does not answer the challenge");
  }
  return {};
}

}  // namespace unhidra::e2ee
