#include "unhidra/e2ee/peer_sessions.h"

#include <algorithm>

#include "unhidra/e2ee/session.h"
#include "unhidra/e2ee/x3dh.h"
#include "unhidra/identity/public_key.h"

#include "message_format.h"

namespace unhidra::e2ee {
namespace {

// The order both devices see: docs/security.md, "Sessions".
bool goes_before(const Session& a, const Session& b) {
  return a.epoch() != b.epoch() ? a.epoch() > b.epoch() : a.base_key() < b.base_key();
}

Status check_devices(const MessageContext& context, DeviceId sender, DeviceId recipient) {
  if (context.sender_device != sender || context.recipient_device != recipient) {
    return fail(Errc::wrong_device, "the message is between other devices");
  }
  return {};
}

}  // namespace

PeerSessions::PeerSessions(const identity::DeviceKeys& peer, const Limits& limits)
    : peer_(peer), limits_(limits) {
  limits_.max_archived_sessions = std::min<std::size_t>(limits_.max_archived_sessions, 254);
  limits_.max_receiving_chains = std::min<std::size_t>(limits_.max_receiving_chains, 255);
  limits_.max_base_keys = std::min<std::size_t>(limits_.max_base_keys, 65'535);
}
PeerSessions::PeerSessions(PeerSessions&&) noexcept = default;
PeerSessions& PeerSessions::operator=(PeerSessions&&) noexcept = default;
PeerSessions::~PeerSessions() = default;

Session* PeerSessions::find(const crypto::X25519PublicKey& base_key) const {
  for (const auto& session : sessions_) {
    if (session->base_key() == base_key) {
      return session.get();
    }
  }
  return nullptr;
}

bool PeerSessions::is_active(const Session& session) const {
  return sessions_.front().get() == &session;
}

bool PeerSessions::remembers(const crypto::X25519PublicKey& base_key) const {
  return std::find(base_keys_.begin(), base_keys_.end(), base_key) != base_keys_.end();
}

std::uint64_t PeerSessions::next_epoch(Timestamp now) const {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  const auto present = static_cast<std::uint64_t>(std::max<std::int64_t>(seconds, 0));
  return sessions_.empty() ? present : std::max(present, sessions_.front()->epoch() + 1);
}

void PeerSessions::insert(std::unique_ptr<Session> session) {
  const auto later = std::find_if(
      sessions_.begin(), sessions_.end(),
      [&](const std::unique_ptr<Session>& other) { return goes_before(*session, *other); });
  const auto place = sessions_.insert(later, std::move(session));
  if (sessions_.size() > limits_.max_archived_sessions + 1) {
    // The oldest goes, but never the one that has just been made.
    const bool new_is_last = place + 1 == sessions_.end() && sessions_.size() > 1;
    sessions_.erase(sessions_.end() - (new_is_last ? 2 : 1));
  }
}

std::optional<crypto::X25519PublicKey> PeerSessions::active_base_key() const {
  if (sessions_.empty()) {
    return std::nullopt;
  }
  return sessions_.front()->base_key();
}

bool PeerSessions::can_encrypt(Timestamp now) const {
  return !sessions_.empty() && sessions_.front()->may_send(limits_, now);
}

void PeerSessions::distrust() {
  for (const auto& session : sessions_) {
    session->distrust();
  }
  ++generation_;
}

Status PeerSessions::start(const crypto::Provider& provider, RandomSource& random,
                           const LocalDevice& self, const identity::PreKeyBundle& bundle,
                           Timestamp now) {
  UNHIDRA_TRY_VOID(identity::verify(provider, peer_, bundle));
  const auto epoch = next_epoch(now);
  if (epoch > kMaxEpoch) {
    return fail(Errc::exhausted, "the peer's sessions have used up all epochs");
  }
  const auto ephemeral = crypto::X25519KeyPair::generate(provider, random);
  UNHIDRA_TRY(auto agreement, agree_as_initiator(provider, self.identity_key, ephemeral, bundle));
  agreement.header.epoch = epoch;
  insert(std::make_unique<Session>(
      Session::initiate(std::move(agreement), peer_.identity_key, bundle.signed_prekey.key, now)));
  ++generation_;
  return {};
}

Result<Bytes> PeerSessions::encrypt(const crypto::Provider& provider, RandomSource& random,
                                    const LocalDevice& self, const MessageContext& context,
                                    ByteView plaintext, Timestamp now) {
  UNHIDRA_TRY_VOID(check_devices(context, self.device_id, peer_.device_id));
  if (!can_encrypt(now)) {
    return fail(Errc::no_session, "there is no session to send on");
  }
  UNHIDRA_TRY(auto out, sessions_.front()->encrypt(provider, random, context, plaintext));
  ++generation_;
  return out;
}

Result<Decrypted> PeerSessions::decrypt(const crypto::Provider& provider, const LocalDevice& self,
                                        PreKeyStore& prekeys, const MessageContext& context,
                                        ByteView message, Timestamp now) {
  UNHIDRA_TRY_VOID(check_devices(context, peer_.device_id, self.device_id));
  UNHIDRA_TRY(const auto type, message_type(message));
  auto out = type == MessageType::prekey
                 ? decrypt_prekey(provider, self, prekeys, context, message, now)
                 : decrypt_ratchet(provider, context, message, now);
  if (out) {
    ++generation_;
  }
  return out;
}

Result<Decrypted> PeerSessions::decrypt_prekey(const crypto::Provider& provider,
                                               const LocalDevice& self, PreKeyStore& prekeys,
                                               const MessageContext& context, ByteView message,
                                               Timestamp now) {
  UNHIDRA_TRY(const auto parsed, parse_prekey_message(message));
  if (parsed.header.identity_key != peer_.identity_key) {
    return fail(Errc::wrong_device, "the message names another identity key");
  }
  if (auto* session = find(parsed.header.base_key)) {
    UNHIDRA_TRY(auto plaintext,
                session->decrypt(provider, context, parsed.message, message, limits_, now));
    return Decrypted{.plaintext = std::move(plaintext),
                     .used_one_time_prekey = {},
                     .on_active_session = is_active(*session)};
  }
  if (remembers(parsed.header.base_key)) {
    return fail(Errc::duplicate, "the message belongs to a session that is gone");
  }
  return decrypt_first(provider, self, prekeys, context, parsed, message, now);
}

// The first message of a session that the peer has started (X3DH, section 3.4). Nothing is kept
// unless it decrypts.
Result<Decrypted> PeerSessions::decrypt_first(const crypto::Provider& provider,
                                              const LocalDevice& self, PreKeyStore& prekeys,
                                              const MessageContext& context,
                                              const PreKeyMessage& parsed, ByteView message,
                                              Timestamp now) {
  const auto& header = parsed.header;
  if (const auto good = identity::check_public_key(header.base_key); !good) {
    return fail(Errc::undecryptable, good.error().message());
  }
  auto signed_prekey = prekeys.signed_prekey(header.signed_prekey_id, header.last_resort);
  std::optional<crypto::X25519KeyPair> one_time_prekey;
  if (header.one_time_prekey_id) {
    one_time_prekey = prekeys.one_time_prekey(*header.one_time_prekey_id);
  }
  if (!signed_prekey || one_time_prekey.has_value() != header.one_time_prekey_id.has_value()) {
    return fail(Errc::unknown_prekey, "the message names a prekey that this device does not hold");
  }
  UNHIDRA_TRY(auto secret,
              agree_as_responder(provider, self.identity_key, *signed_prekey,
                                 one_time_prekey ? &*one_time_prekey : nullptr, header));
  auto session = std::make_unique<Session>(Session::respond(
      std::move(secret), header, self.identity_key.public_key(), std::move(*signed_prekey), now));
  UNHIDRA_TRY(auto plaintext,
              session->decrypt(provider, context, parsed.message, message, limits_, now));
  const Session& accepted = *session;
  insert(std::move(session));
  base_keys_.push_back(header.base_key);
  if (base_keys_.size() > limits_.max_base_keys) {
    base_keys_.erase(base_keys_.begin());
  }
  return Decrypted{.plaintext = std::move(plaintext),
                   .used_one_time_prekey = header.one_time_prekey_id,
                   .started_session = true,
                   .on_active_session = is_active(accepted)};
}

Result<Decrypted> PeerSessions::decrypt_ratchet(const crypto::Provider& provider,
                                                const MessageContext& context, ByteView message,
                                                Timestamp now) {
  UNHIDRA_TRY(const auto parsed, parse_ratchet_message(message));
  if (sessions_.empty()) {
    return fail(Errc::no_session, "there is no session with this device");
  }
  // The session that knows the ratchet key, or else each for which it could be the peer's next one.
  const auto knowing = std::find_if(sessions_.begin(), sessions_.end(),
                                    [&](const std::unique_ptr<Session>& session) {
                                      return session->knows(parsed.header.ratchet_key);
                                    });
  std::optional<Error> first_error;
  for (auto session = knowing == sessions_.end() ? sessions_.begin() : knowing;
       session != sessions_.end(); ++session) {
    if (knowing == sessions_.end() && !(*session)->awaits_new_ratchet_key()) {
      continue;
    }
    auto plaintext = (*session)->decrypt(provider, context, parsed, message, limits_, now);
    if (plaintext) {
      return Decrypted{.plaintext = std::move(*plaintext),
                       .used_one_time_prekey = {},
                       .on_active_session = is_active(**session)};
    }
    if (!first_error) {
      first_error = std::move(plaintext.error());
    }
    if (knowing != sessions_.end()) {
      break;
    }
  }
  if (first_error) {
    return fail(std::move(*first_error));
  }
  return fail(Errc::undecryptable, "no session can read this message");
}

}  // namespace unhidra::e2ee
