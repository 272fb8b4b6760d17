#include "member_authority.h"

#include <algorithm>

#include "unhidra/chat/errc.h"

namespace unhidra::chat {
namespace {

std::unexpected<Error> refused(std::string why) {
  return fail(mls_public::Errc::not_authenticated, std::move(why));
}

std::uint64_t unix_seconds(Timestamp time) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, to_unix_micros(time) / 1'000'000));
}

}  // namespace

Result<identity::MemberName> name_of(const mls_public::LeafNode& leaf) {
  if (leaf.credential_type() != mls_public::CredentialType::basic) {
    return refused("the credential is not a basic one");
  }
  auto name = identity::decode_member_name(leaf.credential().identity);
  if (!name) {
    return refused(name.error().message());
  }
  return name;
}

Status MemberAuthority::validate(const mls_public::LeafNode& leaf) const {
  UNHIDRA_TRY(const auto name, name_of(leaf));
  UNHIDRA_TRY(const auto rows, tx_.query("SELECT signing_key FROM device_keys WHERE device_id = $1 "
                                         "AND user_id = $2 AND org_id = $3",
                                         name.device_id, name.user_id, org_));
  if (rows.empty()) {
    return refused("the credential names no device of this organisation that has keys here");
  }
  if (!std::ranges::equal(rows.front().get<ByteView>(0), leaf.signature_key())) {
    return refused("the signature key is not the one that the device has registered");
  }
  return {};
}

Status MemberAuthority::validate_successor(const mls_public::LeafNode& before,
                                           const mls_public::LeafNode& after) const {
  if (!std::ranges::equal(before.encoded_credential(), after.encoded_credential())) {
    return refused("the leaf passes to another device");
  }
  return {};
}

Status MemberAuthority::validate_external_sender(const mls_public::ExternalSender& sender) const {
  if (!external_sender_ ||
      !std::ranges::equal(external_sender_->bytes(), ByteView(sender.signature_key)) ||
      sender.credential !=
          mls_public::Credential::basic(as_bytes(identity::kDeliveryServiceName))) {
    return refused("the external sender is not this server");
  }
  return {};
}

mls_public::ValidationRules MemberAuthority::rules(Timestamp now) const {
  return {.authentication = this,
          .max_lifetime =
              static_cast<std::uint64_t>(std::chrono::seconds(kMaxKeyPackageLifetime).count()),
          .now = unix_seconds(now)};
}

Result<mls_public::Suite> usable_suite(const crypto::Provider& provider, std::uint32_t suite) {
  const auto id = static_cast<mls_public::CipherSuite>(suite);
  const auto* parameters = suite <= UINT16_MAX ? mls_public::find_suite(id) : nullptr;
  if (parameters == nullptr || parameters->signature != mls_public::SignatureScheme::ed25519) {
    return fail(Errc::unsupported_suite,
                "no group of this cipher suite: devices register Ed25519 keys");
  }
  return mls_public::Suite::of(provider, id);
}

}  // namespace unhidra::chat
