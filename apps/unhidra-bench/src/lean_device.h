#pragma once
// A device that has everything the server and the other members ask of one, signed by its user's
// account key, and none of the state of a client: it can be brought into groups and listens.

#include "unhidra/crypto/keys.h"
#include "unhidra/identity/device_list.h"
#include "unhidra/mls/group.h"

#include "device_link.h"

namespace unhidra::bench {

class LeanDevice {
 public:
  // Draws fresh keys. `random` outlives it.
  LeanDevice(UserId user, DeviceId device, RandomSource& random, Timestamp now);

  // Keys, device list and KeyPackage, so that it can be brought in. `link` is its own connection.
  Task<Status> publish(DeviceLink& link, const mls::KeyPackage& key_package) const;
  // Its last resort; who only listens does not need the private halves.
  Result<mls::OwnKeyPackage> key_package() const;

  mls::Identity mls_identity() const;
  mls::Lifetime lifetime() const;

 private:
  wire::PublishKeys keys() const;
  Result<wire::PublishDeviceList> list() const;

  UserId user_;
  DeviceId device_;
  RandomSource& random_;
  Timestamp now_;
  crypto::Ed25519KeyPair account_;
  crypto::Ed25519KeyPair signing_;
  crypto::X25519KeyPair agreement_;
};

mls::Suite bench_suite();

}  // namespace unhidra::bench
