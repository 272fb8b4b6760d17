#pragma once
// The secret tree and its ratchets (RFC 9420 section 9). Secrets go as soon as what they lead to
// was taken; how far a sender may run ahead is checked before any key is derived.

#include <map>
#include <optional>
#include <set>

#include "unhidra/mls/crypto.h"

namespace unhidra::mls {

struct RatchetLimits {
  std::uint32_t max_forward = 1000;  // generations that one message may skip
  std::size_t max_kept = 1000;       // skipped keys kept of one ratchet; the oldest go first
};

struct MessageKey {
  SecretBytes key;
  SecretBytes nonce;
};

class Ratchet {
 public:
  Ratchet() = default;
  explicit Ratchet(SecretBytes secret) : secret_(std::move(secret)) {}
  Ratchet clone() const;

  std::uint32_t generation() const { return generation_; }
  // The next key, for sending. Fails only when every generation was used.
  Result<std::pair<std::uint32_t, MessageKey>> next(const Suite& suite);
  // The key of a generation; gone afterwards.
  Result<MessageKey> take(const Suite& suite, std::uint32_t generation,
                          const RatchetLimits& limits);
  void write(TlsWriter& out) const;
  static Ratchet read(TlsReader& in);

 private:
  MessageKey derive(const Suite& suite);

  SecretBytes secret_;
  std::uint32_t generation_ = 0;
  std::map<std::uint32_t, MessageKey> kept_;
};

enum class RatchetKind : std::uint8_t { handshake, application };

class SecretTree {
 public:
  SecretTree() = default;
  SecretTree(const Suite& suite, std::uint32_t leaves, SecretBytes encryption_secret);
  SecretTree clone() const;

  // The ratchet of a member, made when first asked for. Null outside the tree.
  Ratchet* ratchet(const Suite& suite, LeafIndex leaf, RatchetKind kind);
  // A copy of a member's ratchet without a trace in the tree; store() puts it back once the message
  // turned out good. Nothing outside the tree.
  std::optional<Ratchet> peek(const Suite& suite, LeafIndex leaf, RatchetKind kind) const;
  void store(const Suite& suite, LeafIndex leaf, RatchetKind kind, Ratchet ratchet);
  std::uint32_t leaf_count() const { return leaves_; }
  void write(TlsWriter& out) const;
  static SecretTree read(TlsReader& in);

  // One secret of the tree as it is stored by itself: of a node, or a ratchet of a leaf.
  struct Place {
    std::uint32_t index = 0;
    std::optional<RatchetKind> ratchet{};
    friend auto operator<=>(const Place&, const Place&) = default;
  };
  // What differs from when this was called last; secrets that are gone have no value.
  std::map<Place, std::optional<SecretBytes>> take_changes();
  // All that may have been stored.
  std::set<Place> places() const;
  // An empty tree to be filled with put().
  static SecretTree empty(std::uint32_t leaves);
  void put(const Place& place, TlsReader& in);

 private:
  void reach(const Suite& suite, LeafIndex leaf);
  void put_node(std::uint32_t node, SecretBytes secret);
  SecretBytes take_node(std::uint32_t node);

  std::uint32_t leaves_ = 0;
  std::set<Place> changed_;
  std::map<std::uint32_t, SecretBytes> nodes_;
  std::map<std::pair<std::uint32_t, RatchetKind>, Ratchet> ratchets_;
};

}  // namespace unhidra::mls
