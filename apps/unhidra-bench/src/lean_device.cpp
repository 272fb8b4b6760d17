#include "lean_device.h"

#include "unhidra/crypto/provider.h"
#include "unhidra/identity/group_extensions.h"
#include "unhidra/identity/member_name.h"
#include "unhidra/identity/prekeys.h"

namespace unhidra::bench {
namespace {

constexpr std::uint32_t kSignedPreKey = 1;
constexpr std::uint32_t kLastResort = 2;
constexpr std::chrono::hours kClockSkew{24};
constexpr std::chrono::hours kLifetime{24 * 30};

const crypto::Provider& provider() {
  return crypto::native_provider();
}

std::uint64_t unix_seconds(Timestamp time) {
  return static_cast<std::uint64_t>(to_unix_micros(time) / 1'000'000);
}

}  // namespace

mls::Suite bench_suite() {
  return *mls::Suite::of(provider(), mls::kDefaultCipherSuite);  // every provider carries it
}

LeanDevice::LeanDevice(UserId user, DeviceId device, RandomSource& random, Timestamp now)
    : user_(user),
      device_(device),
      random_(random),
      now_(now),
      account_(crypto::Ed25519KeyPair::generate(provider(), random)),
      signing_(crypto::Ed25519KeyPair::generate(provider(), random)),
      agreement_(crypto::X25519KeyPair::generate(provider(), random)) {}

// In this order: a list names devices whose keys are known, a KeyPackage those on a list.
Task<Status> LeanDevice::publish(DeviceLink& link, const mls::KeyPackage& key_package) const {
  auto own_keys = keys();
  UNHIDRA_CO_TRY_VOID(co_await link.ask<wire::Done>(std::move(own_keys)));
  UNHIDRA_CO_TRY(auto own_list, list());
  UNHIDRA_CO_TRY_VOID(co_await link.ask<wire::Done>(std::move(own_list)));
  wire::PublishKeyPackages packages{{mls::encode(mls::MlsMessage{key_package})}};
  UNHIDRA_CO_TRY_VOID(co_await link.ask<wire::Done>(std::move(packages)));
  co_return Status();
}

// Nobody begins a conversation of two with it: it has no one-time prekeys.
wire::PublishKeys LeanDevice::keys() const {
  const auto prekey = [&](identity::PreKeyId id, bool last_resort) {
    const auto pair = crypto::X25519KeyPair::generate(provider(), random_);
    const auto made = identity::sign_prekey(provider(), signing_, device_, id, pair.public_key(),
                                            now_, last_resort);
    return wire::SignedPreKey{made.id, made.key.array(), made.created_at, made.signature.array()};
  };
  wire::PublishKeys out;
  out.identity_key = agreement_.public_key().array();
  out.signing_key = signing_.public_key().array();
  out.signed_pre_key = prekey(kSignedPreKey, false);
  out.last_resort_pre_key = prekey(kLastResort, true);
  return out;
}

Result<wire::PublishDeviceList> LeanDevice::list() const {
  identity::DeviceList list;
  list.user_id = user_;
  list.issued_at = now_;
  list.devices = {{device_, agreement_.public_key(), signing_.public_key()}};
  UNHIDRA_TRY_VOID(identity::sign(provider(), account_, list));
  return wire::PublishDeviceList{identity::encode(list)};
}

Result<mls::OwnKeyPackage> LeanDevice::key_package() const {
  mls::ExtensionList extensions;
  extensions.set(mls::ExtensionType::last_resort, {});
  return mls::make_key_package(bench_suite(), random_, mls_identity(), lifetime(),
                               std::move(extensions));
}

// What a client of this version says it understands: a group may ask for any of it.
mls::Identity LeanDevice::mls_identity() const {
  auto capabilities = mls::default_capabilities(provider());
  for (const auto extension :
       {static_cast<std::uint16_t>(mls::ExtensionType::last_resort),
        identity::kOpenChannelExtension, identity::kSharedHistoryExtension}) {
    capabilities.extensions.push_back(static_cast<mls::ExtensionType>(extension));
  }
  return {*mls::SignatureKeyPair::from_private(bench_suite(), signing_.private_key().expose()),
          mls::Credential::basic(identity::encode(identity::MemberName{user_, device_})),
          std::move(capabilities),
          {}};
}

mls::Lifetime LeanDevice::lifetime() const {
  return {unix_seconds(now_ - kClockSkew), unix_seconds(now_ + kLifetime)};
}

}  // namespace unhidra::bench
