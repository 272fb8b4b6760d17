#pragma once
// A member's leaf (RFC 9420 section 7.2). A LeafNode is its own encoding plus the places of its
// fields: thousands of them stay small, and hashing and sending one copies nothing.

#include <memory>

#include "unhidra/mls_public/cipher_suite.h"
#include "unhidra/mls_public/extension.h"

namespace unhidra::mls_public {

enum class LeafNodeSource : std::uint8_t { key_package = 1, update = 2, commit = 3 };

// Seconds since 1970-01-01T00:00:00Z, both ends included.
struct Lifetime {
  std::uint64_t not_before = 0;
  std::uint64_t not_after = 0;
  friend bool operator==(const Lifetime&, const Lifetime&) = default;
};

struct Capabilities {
  std::vector<ProtocolVersion> versions;
  std::vector<CipherSuite> cipher_suites;
  std::vector<ExtensionType> extensions;
  std::vector<ProposalType> proposals;
  std::vector<CredentialType> credentials;

  void write(TlsWriter& out) const;
};

// A list of 16-bit code points inside an encoding.
class TypeList {
 public:
  TypeList() = default;
  explicit TypeList(ByteView bytes) : bytes_(bytes) {}
  std::size_t size() const { return bytes_.size() / 2; }
  std::uint16_t operator[](std::size_t i) const {
    return static_cast<std::uint16_t>((bytes_[2 * i] << 8) | bytes_[2 * i + 1]);
  }
  template <class E>
  bool contains(E type) const {
    for (std::size_t i = 0; i < size(); ++i) {
      if ((*this)[i] == static_cast<std::uint16_t>(type)) {
        return true;
      }
    }
    return false;
  }

 private:
  ByteView bytes_;
};

// What the owner of a leaf chooses; signing makes a LeafNode of it.
struct LeafNodeContent {
  Bytes encryption_key;
  Bytes signature_key;
  Credential credential;
  Capabilities capabilities;
  LeafNodeSource source = LeafNodeSource::key_package;
  Lifetime lifetime;  // key_package
  Bytes parent_hash;  // commit
  ExtensionList extensions;

  // The fields above the signature.
  void write(TlsWriter& out) const;
};

// The group and place that the signature of an update or commit leaf covers.
struct LeafPlace {
  ByteView group_id;
  LeafIndex index;
};

class LeafNode {
 public:
  static Result<std::shared_ptr<const LeafNode>> parse(ByteView encoding);
  // Null after a failed read.
  static std::shared_ptr<const LeafNode> read(TlsReader& in);
  void write(TlsWriter& out) const { out.raw(encoding_); }

  ByteView encoding() const { return encoding_; }
  ByteView encryption_key() const { return at(encryption_key_); }
  ByteView signature_key() const { return at(signature_key_); }
  Credential credential() const;
  ByteView encoded_credential() const { return at(credential_); }
  CredentialType credential_type() const;
  TypeList versions() const { return TypeList(at(lists_[0])); }
  TypeList cipher_suites() const { return TypeList(at(lists_[1])); }
  TypeList supported_extensions() const { return TypeList(at(lists_[2])); }
  TypeList supported_proposals() const { return TypeList(at(lists_[3])); }
  TypeList supported_credentials() const { return TypeList(at(lists_[4])); }
  LeafNodeSource source() const { return source_; }
  const Lifetime& lifetime() const { return lifetime_; }
  ByteView parent_hash() const { return at(parent_hash_); }
  // Parsed anew at each call; empty for most leaves.
  ExtensionList extensions() const;
  bool has_extensions() const { return extensions_.size > 1; }
  ByteView signature() const { return at(signature_); }

  // Errc::bad_signature; `place` counts for update and commit leaves only.
  Status verify_signature(const Suite& suite, const LeafPlace& place) const;
  // A new content with the same choices, for the next leaf of the same member.
  LeafNodeContent content() const;

 private:
  struct Range {
    std::uint32_t offset = 0;
    std::uint32_t size = 0;
  };
  LeafNode() = default;
  ByteView at(Range range) const { return ByteView(encoding_).subspan(range.offset, range.size); }

  Bytes encoding_;
  Range encryption_key_, signature_key_, credential_, parent_hash_, extensions_, signature_;
  std::array<Range, 5> lists_{};
  std::uint32_t content_size_ = 0;  // of the fields above the signature
  LeafNodeSource source_ = LeafNodeSource::key_package;
  Lifetime lifetime_;
};

using LeafNodePtr = std::shared_ptr<const LeafNode>;

// LeafNodeTBS: the content, and the place for update and commit leaves.
Bytes leaf_node_tbs(ByteView content, LeafNodeSource source, const LeafPlace& place);

}  // namespace unhidra::mls_public
