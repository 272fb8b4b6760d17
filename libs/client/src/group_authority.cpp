#include "group_authority.h"

#include <algorithm>

namespace unhidra::client {

namespace {

std::unexpected<Error> refused(std::string why) {
  return fail(mls_public::Errc::not_authenticated, std::move(why));
}

}  // namespace

Result<identity::MemberName> name_of(const mls_public::LeafNode& leaf) {
  const auto credential = leaf.credential();
  if (credential.type != mls_public::CredentialType::basic) {
    return refused("the leaf has no basic credential");
  }
  return identity::decode_member_name(credential.identity);
}

LeafStanding GroupAuthority::standing(const identity::MemberName& name,
                                      ByteView signature_key) const {
  const auto user = users_->find(name.user_id);
  if (user == users_->end() || (!user->second.list && !user->second.changed)) {
    return LeafStanding::unknown_user;
  }
  const auto lists = [&](const std::optional<identity::DeviceList>& list) {
    const auto* keys = list ? list->find(name.device_id) : nullptr;
    return keys != nullptr && std::ranges::equal(keys->signing_key.bytes(), signature_key);
  };
  if (lists(user->second.list)) {
    return LeafStanding::signed_by_user;
  }
  if (lists(user->second.changed)) {
    return LeafStanding::awaited;
  }
  const auto former = user->second.former.find(name.device_id);
  const bool once = former != user->second.former.end() &&
                    std::ranges::equal(former->second.bytes(), signature_key);
  return once ? LeafStanding::removed : LeafStanding::not_signed;
}

Status GroupAuthority::validate(const mls_public::LeafNode& leaf) const {
  UNHIDRA_TRY(const auto name, name_of(leaf));
  const auto user = users_->find(name.user_id);
  if (user == users_->end() || !user->second.list) {
    return refused("no device list of the leaf's user is known");
  }
  const auto* keys = user->second.list->find(name.device_id);
  if (keys != nullptr && !std::ranges::equal(keys->signing_key.bytes(), leaf.signature_key())) {
    return refused("the leaf's key is not the one that its user has signed for this device");
  }
  return {};
}

Status GroupAuthority::validate_successor(const mls_public::LeafNode& before,
                                          const mls_public::LeafNode& after) const {
  if (!std::ranges::equal(before.encoded_credential(), after.encoded_credential()) ||
      !std::ranges::equal(before.signature_key(), after.signature_key())) {
    return refused("the leaf passes to another device");
  }
  return {};
}

Status GroupAuthority::validate_external_sender(const mls_public::ExternalSender& sender) const {
  if (sender.credential !=
      mls_public::Credential::basic(as_bytes(identity::kDeliveryServiceName))) {
    return refused("only the delivery service may propose from outside");
  }
  return {};
}

}  // namespace unhidra::client
