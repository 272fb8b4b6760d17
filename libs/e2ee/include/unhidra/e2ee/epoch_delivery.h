#pragma once
// How a member that has no pairwise channel (device_channel.h) gets a roster and the secret of its
// epoch: sealed by a controller for that member's identity key alone, and signed by the controller,
// which stands in the roster that an owner signed. It may travel over any channel, the broker's
// retained topics included. What the device obeys (identity/device_policy.h) comes with it, sealed
// too. docs/security.md, "Device groups".

#include "unhidra/base/random.h"
#include "unhidra/e2ee/device_group.h"

namespace unhidra::e2ee {

inline constexpr std::size_t kMaxEpochDelivery = std::size_t{256} * 1024;  // bytes

// The roster's signature is not checked. Errc::wrong_device unless `controller` (whose signing key
// is given) is one in the roster and `recipient` is in it. `policy`: the recipient's, as its owner
// signed it, or nothing.
Result<Bytes> seal_epoch(const crypto::Provider& provider, RandomSource& random,
                         const identity::DeviceGroup& roster, const EpochSecret& secret,
                         DeviceId controller, const crypto::Ed25519KeyPair& signing,
                         DeviceId recipient, ByteView policy = {});

struct EpochDelivery {
  identity::DeviceGroup roster;
  EpochSecret secret;
  DeviceId controller;
  Bytes policy;  // empty: none came
};
// What it says is good only under an owner that the caller trusts: pass it to
// DeviceGroupKeys::join or advance, which check that. Errc::malformed, wrong_device (meant for
// another one, or not from a controller of its roster), undecryptable.
Result<EpochDelivery> open_epoch(const crypto::Provider& provider, ByteView delivery, DeviceId self,
                                 const crypto::X25519KeyPair& identity);

}  // namespace unhidra::e2ee
