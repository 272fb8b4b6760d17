#pragma once
// A controller's end of the pairwise channel with one device: X3DH and the Double Ratchet, by the
// code that chat uses (peer_sessions.h), with a message kind of its own. What goes through it: the
// secrets of epochs with roster and policy, commands to this one device, and its answers. Whoever
// gets hold of the device's or the controller's keys later reads nothing that was sent before.
// docs/security.md, "Channel of a device".
//
// Controllers begin sessions; a device never does. It tells, in what it publishes
// (device_prekeys.h), which ones it holds: where this end's is not among them, take_prekeys()
// begins another.
//
// Store serialize() after each call that changes something, before bytes leave or are acted on.
// Threads: none; one caller at a time. A failed call changes nothing.

#include <variant>

#include "unhidra/base/random.h"
#include "unhidra/e2ee/device_group.h"
#include "unhidra/e2ee/device_prekeys.h"
#include "unhidra/e2ee/peer_sessions.h"

namespace unhidra::e2ee {

// What the device has taken over, by its own word.
struct ChannelReceipt {
  std::uint32_t epoch = 0;
  std::uint32_t policy_version = 0;  // 0: it has none
  friend bool operator==(const ChannelReceipt&, const ChannelReceipt&) = default;
};
// A receipt, or the result of a command (with the challenge that the device gives out, if it does).
using ChannelAnswer = std::variant<ChannelReceipt, GroupContent>;

class DeviceChannel {
 public:
  // The keys come from a roster that was verified.
  explicit DeviceChannel(const identity::DeviceKeys& device);

  const identity::DeviceKeys& device() const { return sessions_.peer(); }
  // Whether a session was ever begun: from then on nothing is sent to the device another way.
  bool is_begun() const { return started_with_ != 0; }
  bool can_seal(Timestamp now) const { return sessions_.can_encrypt(now); }

  // Takes in what the device has published, and begins a session when there is none that both ends
  // hold. True when one was begun: the device has to be told the present epoch over it.
  // As read_device_prekeys(); Errc::stale for a document that is older than one that is known.
  Result<bool> take_prekeys(const crypto::Provider& provider, RandomSource& random,
                            const LocalDevice& self, ByteView document, Timestamp now);

  // Roster, secret and policy (or nothing) of an epoch. Errc::no_session, exhausted, malformed (too
  // long).
  Result<Bytes> seal_epoch(const crypto::Provider& provider, RandomSource& random,
                           const LocalDevice& self, const identity::DeviceGroup& roster,
                           const EpochSecret& secret, ByteView policy, Timestamp now);
  // A command to this device: it names a request, and a deadline or the challenge it answers.
  Result<Bytes> seal_command(const crypto::Provider& provider, RandomSource& random,
                             const LocalDevice& self, const GroupContent& command, Timestamp now);
  // As PeerSessions::decrypt(); Errc::wrong_device when it is for another controller, malformed.
  Result<ChannelAnswer> open(const crypto::Provider& provider, const LocalDevice& self,
                             ByteView payload, Timestamp now);

  // The state may be an old copy: nothing is sent until the device's prekeys have come anew.
  void distrust() { sessions_.distrust(); }

  // Secret: seal it before it is stored. Errc::bad_stored_session.
  SecretBytes serialize() const;
  static Result<DeviceChannel> deserialize(const crypto::Provider& provider, ByteView stored);

 private:
  explicit DeviceChannel(PeerSessions sessions) : sessions_(std::move(sessions)) {}
  bool needs_session(const DevicePreKeys& published, Timestamp now) const;
  Result<Bytes> seal(const crypto::Provider& provider, RandomSource& random,
                     const LocalDevice& self, ByteView plaintext, Timestamp now);

  PeerSessions sessions_;
  std::uint32_t number_ = 0;        // of the newest document that is known; 0: none
  std::uint32_t started_with_ = 0;  // the document that the active session was begun with
};

}  // namespace unhidra::e2ee
