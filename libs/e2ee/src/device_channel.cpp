#include "unhidra/e2ee/device_channel.h"

#include <algorithm>

#include "unhidra/base/codec.h"

#include "channel_format.h"
#include "stored.h"

namespace unhidra::e2ee {
namespace {

constexpr std::uint8_t kStoredFormat = 1;
constexpr std::size_t kStoredHead = 1 + 4 + 4;

// A device starts no session, so nobody asks a controller for a prekey.
class NoPreKeys final : public PreKeyStore {
 public:
  std::optional<crypto::X25519KeyPair> signed_prekey(identity::PreKeyId, bool) override {
    return std::nullopt;
  }
  std::optional<crypto::X25519KeyPair> one_time_prekey(identity::PreKeyId) override {
    return std::nullopt;
  }
};

}  // namespace

DeviceChannel::DeviceChannel(const identity::DeviceKeys& device) : sessions_(device) {}

// While the device has not published anew since a session was begun, it has not read its first
// message either: a prekey serves once.
bool DeviceChannel::needs_session(const DevicePreKeys& published, Timestamp now) const {
  if (!sessions_.can_encrypt(now)) {
    return true;
  }
  const auto base_key = sessions_.active_base_key();
  return published.number() > started_with_ && !(base_key && published.lists(*base_key));
}

Result<bool> DeviceChannel::take_prekeys(const crypto::Provider& provider, RandomSource& random,
                                         const LocalDevice& self, ByteView document,
                                         Timestamp now) {
  UNHIDRA_TRY(const auto published, read_device_prekeys(provider, device(), document));
  if (published.number() < number_) {
    return fail(Errc::stale, "the prekeys are older than those that the device published last");
  }
  const bool begins = needs_session(published, now);
  if (begins) {
    UNHIDRA_TRY_VOID(sessions_.start(provider, random, self, published.bundle, now));
    started_with_ = published.number();
  }
  number_ = published.number();
  return begins;
}

Result<Bytes> DeviceChannel::seal(const crypto::Provider& provider, RandomSource& random,
                                  const LocalDevice& self, ByteView plaintext, Timestamp now) {
  UNHIDRA_TRY(
      const auto message,
      sessions_.encrypt(provider, random, self, channel_context(self.device_id, device().device_id),
                        plaintext, now));
  return wrap_channel_message(self.device_id, message);
}

Result<Bytes> DeviceChannel::seal_epoch(const crypto::Provider& provider, RandomSource& random,
                                        const LocalDevice& self,
                                        const identity::DeviceGroup& roster,
                                        const EpochSecret& secret, ByteView policy, Timestamp now) {
  const auto plaintext = channel_epoch(identity::encode(roster), secret, policy);
  return seal(provider, random, self, plaintext.expose(), now);
}

Result<Bytes> DeviceChannel::seal_command(const crypto::Provider& provider, RandomSource& random,
                                          const LocalDevice& self, const GroupContent& command,
                                          Timestamp now) {
  UNHIDRA_TRY(const auto plaintext, channel_command(command));
  return seal(provider, random, self, plaintext.expose(), now);
}

Result<ChannelAnswer> DeviceChannel::open(const crypto::Provider& provider, const LocalDevice& self,
                                          ByteView payload, Timestamp now) {
  UNHIDRA_TRY(const auto envelope, read_channel_envelope(payload));
  if (envelope.controller != self.device_id) {
    return fail(Errc::wrong_device, "the answer is for another controller");
  }
  NoPreKeys none;
  UNHIDRA_TRY(
      const auto opened,
      sessions_.decrypt(provider, self, none, channel_context(device().device_id, self.device_id),
                        envelope.message, now));
  return read_channel_answer(opened.plaintext.expose());
}

SecretBytes DeviceChannel::serialize() const {
  const auto sessions = sessions_.serialize();
  SecretWriter out(kStoredHead + sessions.size());
  out.integer(kStoredFormat, 1);
  out.integer(number_, 4);
  out.integer(started_with_, 4);
  out.raw(sessions.expose());
  return std::move(out).take();
}

Result<DeviceChannel> DeviceChannel::deserialize(const crypto::Provider& provider,
                                                 ByteView stored) {
  StoredReader in(stored);
  const auto format = in.u8();
  const auto number = in.u32();
  const auto started_with = in.u32();
  if (in.failed() || format != kStoredFormat || started_with > number) {
    return bad_stored("the stored channel is damaged or of an unknown format");
  }
  UNHIDRA_TRY(auto sessions, PeerSessions::deserialize(provider, in.raw(in.remaining()), 0));
  DeviceChannel out(std::move(sessions));
  out.number_ = number;
  out.started_with_ = started_with;
  return out;
}

}  // namespace unhidra::e2ee
