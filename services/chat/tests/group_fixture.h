#pragma once
// Devices that speak MLS, for the tests of the delivery service.

#include "unhidra/identity/group_extensions.h"
#include "unhidra/identity/member_name.h"
#include "unhidra/mls/group.h"

#include "chat_fixture.h"

namespace unhidra::chat {

class GroupFixture : public ChatTest {
 protected:
  mls::Suite suite() const {
    return mls::Suite::of(provider_, mls_public::kDefaultCipherSuite).value();
  }
  std::uint64_t seconds_now() const {
    return static_cast<std::uint64_t>(to_unix_micros(clock_.now()) / 1'000'000);
  }
  mls::Lifetime lifetime(std::chrono::hours length = std::chrono::hours(24 * 84)) const {
    return {seconds_now() - 3600,
            seconds_now() + static_cast<std::uint64_t>(std::chrono::seconds(length).count())};
  }
  mls::Environment environment() { return {.provider = provider_, .random = random_, .rules = {}}; }
  mls::Identity identity_of(const TestDevice& device) {
    auto capabilities = mls::default_capabilities(provider_);
    capabilities.extensions.push_back(mls_public::ExtensionType::last_resort);
    capabilities.extensions.push_back(
        static_cast<mls_public::ExtensionType>(identity::kOpenChannelExtension));
    const auto name =
        identity::encode(identity::MemberName{device.asker.user_id, device.asker.device_id});
    return {
        mls::SignatureKeyPair::from_private(suite(), device.signing.private_key().expose()).value(),
        mls_public::Credential::basic(name),
        std::move(capabilities),
        {}};
  }
  mls::OwnKeyPackage key_package(const TestDevice& device, bool last_resort = false) {
    mls_public::ExtensionList extensions;
    if (last_resort) {
      extensions.set(mls_public::ExtensionType::last_resort, {});
    }
    return mls::make_key_package(suite(), random_, identity_of(device), lifetime(),
                                 std::move(extensions))
        .value();
  }
  static Bytes message_of(const mls::OwnKeyPackage& ours) {
    return mls_public::encode(mls_public::MlsMessage{ours.key_package});
  }
};

}  // namespace unhidra::chat
