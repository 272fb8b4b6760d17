// The own account: its signing key, its device list, and which devices stand on it.

#include <algorithm>

#include "engine_impl.h"
#include "record_codec.h"

namespace unhidra::client {

Status Engine::Impl::pump_account() {
  const Question publish{Ask::publish_list};
  if (!link_.own_list_known) {
    if (requests_.may_ask({Ask::device_list, self_->user.uuid()})) {
      requests_.ask({Ask::device_list, self_->user.uuid()}, wire::FetchDeviceLists{{self_->user}});
    }
    return {};
  }
  if (progress_.keys_dirty || !requests_.may_ask(publish)) {
    return {};  // the server takes a list of devices with known keys only
  }
  const auto& own = user_record(self_->user);
  if (!progress_.proposal && link_.own_list_absent) {
    if (!own.list) {
      UNHIDRA_TRY_VOID(create_account());
    } else {
      requests_.ask(publish,
                    wire::PublishDeviceList{identity::encode(*own.list)});  // the server lost it
      return {};
    }
  }
  if (progress_.proposal) {
    requests_.ask(publish, wire::PublishDeviceList{progress_.proposal->document});
    return {};
  }
  if (progress_.membership == Membership::approved && !link_.pending_listed &&
      requests_.may_ask({Ask::pending_devices})) {
    requests_.ask({Ask::pending_devices}, wire::ListPendingDevices{});
  }
  return {};
}

Status Engine::Impl::create_account() {
  account_.emplace(crypto::Ed25519KeyPair::generate(crypto_, random_));
  tx_.put(Table::device, as_bytes("account"),
          SecretBytes::copy_of(account_->private_key().expose()));
  return propose(Proposal::Kind::create, self_->device, {self_->keys()});
}

Status Engine::Impl::propose(Proposal::Kind kind, DeviceId device,
                             std::vector<identity::DeviceKeys> devices) {
  const auto& own = user_record(self_->user);
  identity::DeviceList list;
  list.user_id = self_->user;
  list.version = own.list ? own.list->version + 1 : 1;
  if (own.list) {
    list.previous_hash = identity::hash_of(crypto_, *own.list);
  }
  list.issued_at = clock_.now();
  list.devices = std::move(devices);
  UNHIDRA_TRY_VOID(identity::sign(crypto_, *account_, list));
  progress_.proposal = Proposal{kind, device, identity::encode(list)};
  return {};
}

// The server holds the proposed list: now it is the list.
Status Engine::Impl::finish_proposal() {
  link_.own_list_absent = false;
  if (!progress_.proposal) {
    return {};  // a list that the server had lost
  }
  const auto proposal = std::move(*progress_.proposal);
  progress_.proposal.reset();
  UNHIDRA_TRY(auto list, identity::decode_device_list(proposal.document));
  auto& own = user_record(self_->user);
  own.list = std::move(list);
  own.changed.reset();
  ++list_changes_;
  save(own);
  link_.pending_listed = false;
  if (proposal.kind == Proposal::Kind::create) {
    progress_.join_defaults = true;
    emit(event::AccountCreated{});
  } else if (proposal.kind == Proposal::Kind::approve) {
    link_.pending_devices.erase(proposal.device);
    share_account_key();
    tell_rules_again();
    tell_receipts_again();
    emit(event::DeviceApproved{proposal.device});
  } else if (proposal.kind == Proposal::Kind::remove) {
    forget_peer(proposal.device);
    share_account_key();
    emit(event::DeviceRemoved{proposal.device});
  } else {
    share_account_key();  // the others may have been left without it
  }
  judge_membership();
  return {};
}

// To all own devices. Whoever was approved by a device that is gone since may have it from nobody
// else: what that one told is not taken from it any more, or it went before it told anything.
void Engine::Impl::share_account_key() {
  if (!account_ || !has_other_devices()) {
    return;
  }
  wire::AccountKeyShare share;
  share.account_private_key = SecretArray<32>::copy_of(account_->private_key().expose());
  wire::Content content;
  content.body = std::move(share);
  enqueue_content(self_->user, ConversationId(), std::move(content));
}

Status Engine::Impl::drop_proposal() {
  if (!progress_.proposal) {
    return {};
  }
  if (progress_.proposal->kind == Proposal::Kind::create) {
    // Another device was first: this key signs nothing.
    account_.reset();
    tx_.remove(Table::device, as_bytes("account"));
  }
  progress_.proposal.reset();
  return {};
}

void Engine::Impl::set_membership(Membership membership) {
  if (progress_.membership != membership) {
    progress_.membership = membership;
    emit(event::MembershipChanged{membership});
  }
}

void Engine::Impl::judge_membership() {
  const auto& own = user_record(self_->user);
  if (!own.list) {
    return;
  }
  const auto* entry = own.list->find(self_->device);
  if (entry != nullptr && *entry == self_->keys()) {
    set_membership(Membership::approved);
  } else if (progress_.membership == Membership::approved ||
             progress_.membership == Membership::removed) {
    set_membership(Membership::removed);
  } else {
    set_membership(Membership::pending);
  }
}

void Engine::Impl::on_pending_devices(const wire::PendingDevices& answer) {
  link_.pending_listed = true;
  std::map<DeviceId, wire::PendingDevice> now;
  const auto& own = user_record(self_->user);
  for (const auto& device : answer.devices) {
    if (device.device_id == self_->device || now.size() >= identity::kMaxDevices ||
        (own.list && own.list->find(device.device_id) != nullptr)) {
      continue;
    }
    if (!link_.pending_devices.contains(device.device_id)) {
      const identity::DeviceKeys keys{device.device_id,
                                      crypto::X25519PublicKey(device.identity_key),
                                      crypto::Ed25519PublicKey(device.signing_key)};
      emit(event::DevicePending{{device.device_id, device.name, fingerprint(keys), false, true}});
    }
    now.emplace(device.device_id, device);
  }
  // Decided on another device, or withdrawn.
  for (const auto& [id, device] : link_.pending_devices) {
    if (!now.contains(id) && !(own.list && own.list->find(id) != nullptr)) {
      emit(event::DeviceRemoved{id});
    }
  }
  link_.pending_devices = std::move(now);
}

Status Engine::Impl::approve_device(DeviceId device) {
  if (progress_.membership != Membership::approved) {
    return fail(Errc::not_approved, "this device is not approved itself");
  }
  if (!account_) {
    return fail(Errc::no_account_key, "this device has not received the account's key yet");
  }
  const auto pending = link_.pending_devices.find(device);
  if (pending == link_.pending_devices.end()) {
    return fail(Errc::not_found, "no such device waits for approval");
  }
  if (progress_.proposal) {
    return fail(Errc::not_approved, "another change of the device list is under way; try again");
  }
  auto devices = user_record(self_->user).list->devices;
  if (devices.size() >= identity::kMaxDevices) {
    return fail(Errc::too_many_devices, "the account has its largest number of devices");
  }
  devices.push_back({device, crypto::X25519PublicKey(pending->second.identity_key),
                     crypto::Ed25519PublicKey(pending->second.signing_key)});
  return propose(Proposal::Kind::approve, device, std::move(devices));
}

Status Engine::Impl::remove_device(DeviceId device) {
  const auto& own = user_record(self_->user);
  if (progress_.membership != Membership::approved || !own.list) {
    return fail(Errc::not_approved, "this device is not approved itself");
  }
  if (!account_) {
    return fail(Errc::no_account_key, "this device has not received the account's key yet");
  }
  if (own.list->find(device) == nullptr || device == self_->device) {
    return fail(Errc::not_found, "no other device of this account has that id");
  }
  if (progress_.proposal) {
    return fail(Errc::not_approved, "another change of the device list is under way; try again");
  }
  auto devices = own.list->devices;
  std::erase_if(devices, [&](const auto& one) { return one.device_id == device; });
  return propose(Proposal::Kind::remove, device, std::move(devices));
}

Status Engine::Impl::adopt_account_key(const SecretArray<32>& seed) {
  const auto& own = user_record(self_->user);
  auto pair = crypto::Ed25519KeyPair::from_private(
      crypto_, crypto::Ed25519PrivateKey(SecretArray<32>::copy_of(seed.expose())));
  if (!own.list || pair.public_key() != own.list->account_key || account_) {
    return {};  // not the key of this account, or known already
  }
  account_.emplace(std::move(pair));
  tx_.put(Table::device, as_bytes("account"),
          SecretBytes::copy_of(account_->private_key().expose()));
  emit(event::AccountKeyReceived{});
  return {};
}

}  // namespace unhidra::client
