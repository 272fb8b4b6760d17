// All sessions with one device as they are stored: docs/security.md, "Stored sessions".
#include "unhidra/e2ee/peer_sessions.h"
#include "unhidra/e2ee/session.h"

#include "stored.h"

namespace unhidra::e2ee {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kFixedSize = 1 + 8 + 16 + 32 + 32 + 1 + 2;

}  // namespace

SecretBytes PeerSessions::serialize() const {
  std::size_t size = kFixedSize + base_keys_.size() * 32;
  for (const auto& session : sessions_) {
    size += 4 + session->serialized_size();
  }
  SecretWriter out(size);
  out.integer(kFormat, 1);
  out.integer(generation_, 8);
  out.raw(peer_.device_id.bytes());
  out.raw(peer_.identity_key.bytes());
  out.raw(peer_.signing_key.bytes());
  out.integer(sessions_.size(), 1);
  for (const auto& session : sessions_) {
    out.integer(session->serialized_size(), 4);
    session->serialize(out);
  }
  out.integer(base_keys_.size(), 2);
  for (const auto& key : base_keys_) {
    out.raw(key.bytes());
  }
  return std::move(out).take();
}

Result<PeerSessions> PeerSessions::deserialize(const crypto::Provider& provider, ByteView bytes,
                                               std::uint64_t least_generation,
                                               const Limits& limits) {
  StoredReader in(bytes);
  if (in.u8() != kFormat) {
    return bad_stored("the stored sessions are of an unknown format");
  }
  const auto generation = in.u64();
  identity::DeviceKeys peer;
  peer.device_id = DeviceId(in.array<16>());
  peer.identity_key = in.key();
  peer.signing_key = crypto::Ed25519PublicKey(in.array<32>());
  PeerSessions out(peer, limits);
  out.generation_ = generation;
  const std::size_t session_count = in.u8();
  for (std::size_t i = 0; i < session_count && !in.failed(); ++i) {
    UNHIDRA_TRY(auto session, Session::deserialize(provider, in.bytes(in.remaining())));
    const auto* before = out.sessions_.empty() ? nullptr : out.sessions_.back().get();
    if (before != nullptr &&
        (before->epoch() < session.epoch() ||
         (before->epoch() == session.epoch() && before->base_key() >= session.base_key()))) {
      return bad_stored("the stored sessions are out of order");
    }
    out.sessions_.push_back(std::make_unique<Session>(std::move(session)));
  }
  const std::size_t base_key_count = in.u16();
  for (std::size_t i = 0; i < base_key_count && !in.failed(); ++i) {
    out.base_keys_.push_back(in.key());
  }
  if (!in.finish("the stored sessions")) {
    return bad_stored("the stored sessions are truncated or too long");
  }
  if (generation < least_generation) {
    return fail(Errc::rolled_back, "the stored sessions are older than what was remembered");
  }
  return out;
}

}  // namespace unhidra::e2ee
