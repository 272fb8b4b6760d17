// A device that nobody can approve: with the account key in writing, or with a new one.

#include <algorithm>

#include "engine_impl.h"
#include "recovery_code.h"

namespace unhidra::client {

Result<SecretBytes> Engine::Impl::recovery_code() const {
  if (!self_ || progress_.membership != Membership::approved || !account_) {
    return fail(Errc::no_account_key, "this device does not hold the account's key");
  }
  return recovery_code_of(crypto_, SecretArray<32>::copy_of(account_->private_key().expose()));
}

Status Engine::Impl::recover(std::string_view code) {
  const auto& own = user_record(self_->user);
  const bool waits = progress_.membership == Membership::pending;
  if (!own.list || (!waits && progress_.membership != Membership::approved)) {
    return fail(Errc::not_approved, "this device does not wait to be approved");
  }
  const auto key = read_recovery_code(crypto_, code);
  if (!key) {
    return fail(Errc::mistyped_code,
                "this is no recovery code: some character is missing or wrong");
  }
  const auto pair = crypto::Ed25519KeyPair::from_private(
      crypto_, crypto::Ed25519PrivateKey(SecretArray<32>::copy_of(key->expose())));
  if (pair.public_key() != own.list->account_key) {
    return fail(Errc::wrong_code, "this recovery code is of another account, or of earlier keys");
  }
  UNHIDRA_TRY_VOID(adopt_account_key(*key));
  return waits ? propose_itself() : Status();
}

// The device signs itself onto the list, as another one would have done.
Status Engine::Impl::propose_itself() {
  const auto& own = user_record(self_->user);
  auto devices = own.list->devices;
  std::erase_if(devices, [&](const auto& one) {
    return one.device_id == self_->device || own.revoked.contains(one.device_id);
  });
  if (devices.size() >= identity::kMaxDevices) {
    return fail(Errc::too_many_devices, "the account has its largest number of devices");
  }
  devices.push_back(self_->keys());
  return propose(Proposal::Kind::recover, self_->device, std::move(devices));
}

// To everybody else it is another identity, which they must accept.
Status Engine::Impl::begin_anew() {
  auto& own = user_record(self_->user);
  if (progress_.membership != Membership::pending || !own.list || progress_.proposal) {
    return fail(Errc::not_approved, "this device does not wait to be approved");
  }
  if (!std::ranges::all_of(own.list->devices,
                           [&](const auto& one) { return own.revoked.contains(one.device_id); })) {
    return fail(Errc::not_approved, "a device is left that can approve this one");
  }
  own.list.reset();
  own.changed.reset();
  save(own);
  ++list_changes_;
  return create_account();
}

}  // namespace unhidra::client
