#pragma once
// The device's end of a pairwise channel, on the same sessions as the controller's: what the C core
// of firmware/ does, for tests and vectors of this room and of the client's.

#include <map>

#include "unhidra/e2ee/device_channel.h"

#include "channel_format.h"
#include "world.h"

namespace unhidra::e2ee {

class ChannelDevice : public PreKeyStore {
 public:
  // Draws its keys, then its first prekey.
  ChannelDevice(DeviceId id, RandomSource& random) : ChannelDevice(id, random, random) {}
  // `later`: where prekeys and ratchet keys come from.
  ChannelDevice(DeviceId id, RandomSource& random, RandomSource& later)
      : device_id(id),
        identity_(crypto::X25519KeyPair::generate(provider(), random)),
        signing_(crypto::Ed25519KeyPair::generate(provider(), random)),
        random_(later),
        prekey_(crypto::X25519KeyPair::generate(provider(), later)) {}

  identity::DeviceKeys keys() const {
    return {device_id, identity_.public_key(), signing_.public_key()};
  }
  LocalDevice self() const { return {device_id, identity_}; }
  const crypto::X25519KeyPair& identity() const { return identity_; }
  const crypto::Ed25519KeyPair& signing() const { return signing_; }
  std::uint32_t number() const { return number_; }

  Bytes publish(Timestamp now = kNow) const {
    DevicePreKeys out{
        .bundle = {.device = keys(),
                   .signed_prekey = identity::sign_prekey(provider(), signing_, device_id, number_,
                                                          prekey_.public_key(), now, false),
                   .one_time_prekey = {}},
        .sessions = {}};
    for (const auto& [controller, sessions] : sessions_) {
      if (const auto base_key = sessions.active_base_key()) {
        out.sessions.push_back(*base_key);
      }
    }
    return sign(provider(), signing_, out).value();
  }

  // Trusts whom the test names; that a roster proves it is the core's business.
  Result<Bytes> open(const identity::DeviceKeys& controller, ByteView payload) {
    UNHIDRA_TRY(const auto envelope, read_channel_envelope(payload));
    if (envelope.controller != controller.device_id) {
      return fail(Errc::wrong_device, "of another controller");
    }
    auto found = sessions_.find(controller.device_id);
    if (found == sessions_.end()) {
      found =
          sessions_.emplace(controller.device_id, PeerSessions(controller, one_session())).first;
    }
    UNHIDRA_TRY(const auto opened,
                found->second.decrypt(provider(), self(), *this,
                                      channel_context(controller.device_id, device_id),
                                      envelope.message, kNow));
    if (opened.started_session) {
      renew();
    }
    return to_bytes(opened.plaintext.expose());
  }
  Result<Bytes> seal(DeviceId controller, ByteView plaintext) {
    UNHIDRA_TRY(const auto message,
                sessions_.at(controller)
                    .encrypt(provider(), random_, self(), channel_context(device_id, controller),
                             plaintext, kNow));
    return wrap_channel_message(controller, message);
  }
  Bytes receipt(DeviceId controller, const ChannelReceipt& what) {
    return seal(controller, channel_receipt(what).expose()).value();
  }
  // Its flash is gone, or it was commissioned again; numbers go on.
  void restart() {
    sessions_.clear();
    renew();
  }

  std::optional<crypto::X25519KeyPair> signed_prekey(identity::PreKeyId id,
                                                     bool last_resort) override {
    return id == number_ && !last_resort ? std::optional(prekey_.clone()) : std::nullopt;
  }
  std::optional<crypto::X25519KeyPair> one_time_prekey(identity::PreKeyId) override {
    return std::nullopt;
  }

  const DeviceId device_id;

 private:
  static Limits one_session() {
    Limits out;
    out.max_archived_sessions = 0;
    return out;
  }
  void renew() {
    ++number_;
    prekey_ = crypto::X25519KeyPair::generate(provider(), random_);
  }

  crypto::X25519KeyPair identity_;
  crypto::Ed25519KeyPair signing_;
  RandomSource& random_;
  std::uint32_t number_ = 1;
  crypto::X25519KeyPair prekey_;
  std::map<DeviceId, PeerSessions> sessions_;
};

}  // namespace unhidra::e2ee
