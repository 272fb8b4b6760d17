#pragma once
// Message framing (RFC 9420 section 6) and the messages that carry no framed content: Welcome,
// GroupInfo and KeyPackage. Everything here is public bytes; secrets are the room mls.

#include "unhidra/mls_public/commit.h"

namespace unhidra::mls_public {

// Section 8.1.
struct GroupContext {
  CipherSuite cipher_suite{};
  Bytes group_id;
  std::uint64_t epoch = 0;
  Bytes tree_hash;
  Bytes confirmed_transcript_hash;
  ExtensionList extensions;

  static GroupContext read(TlsReader& in);
  void write(TlsWriter& out) const;
};

enum class SenderType : std::uint8_t {
  member = 1,
  external = 2,
  new_member_proposal = 3,
  new_member_commit = 4,
};

struct Sender {
  SenderType type = SenderType::member;
  std::uint32_t index = 0;  // leaf index of a member, sender index of an external sender

  static Sender member(LeafIndex leaf) { return {SenderType::member, leaf.value}; }
  LeafIndex leaf() const { return {index}; }
  bool is_member() const { return type == SenderType::member; }
  static Sender read(TlsReader& in);
  void write(TlsWriter& out) const;
  friend bool operator==(const Sender&, const Sender&) = default;
};

struct FramedContent {
  Bytes group_id;
  std::uint64_t epoch = 0;
  Sender sender;
  Bytes authenticated_data;
  std::variant<Bytes, ProposalPtr, std::shared_ptr<const Commit>> content;

  ContentType type() const { return static_cast<ContentType>(content.index() + 1); }
  const Bytes* application_data() const { return std::get_if<Bytes>(&content); }
  const Proposal* proposal() const;
  const Commit* commit() const;

  static FramedContent read(TlsReader& in);
  void write(TlsWriter& out) const;
  // The part that a PrivateMessage encrypts.
  void read_content(ContentType type, TlsReader& in);
  void write_content(TlsWriter& out) const;
};

struct FramedContentAuthData {
  Bytes signature;
  Bytes confirmation_tag;  // of commits

  static FramedContentAuthData read(ContentType type, TlsReader& in);
  void write(ContentType type, TlsWriter& out) const;
};

struct AuthenticatedContent {
  WireFormat wire_format = WireFormat::mls_public_message;
  FramedContent content;
  FramedContentAuthData auth;

  static AuthenticatedContent read(TlsReader& in);
  void write(TlsWriter& out) const;
  // FramedContentTBS; `group_context` is the encoded context of the epoch, which members and new
  // members that commit sign too.
  Bytes to_be_signed(ByteView group_context) const;
  // AuthenticatedContentTBM.
  Bytes to_be_macked(ByteView group_context) const;
  Status verify_signature(const Suite& suite, ByteView signature_key, ByteView group_context) const;
  ProposalRef proposal_ref(const Suite& suite) const;
};

struct PublicMessage {
  FramedContent content;
  FramedContentAuthData auth;
  Bytes membership_tag;  // of members

  static PublicMessage read(TlsReader& in);
  void write(TlsWriter& out) const;
  AuthenticatedContent authenticated() const {
    return {WireFormat::mls_public_message, content, auth};
  }
};

// The envelope; what is inside takes the group's secrets.
struct PrivateMessage {
  Bytes group_id;
  std::uint64_t epoch = 0;
  ContentType content_type = ContentType::application;
  Bytes authenticated_data;
  Bytes encrypted_sender_data;
  Bytes ciphertext;

  static PrivateMessage read(TlsReader& in);
  void write(TlsWriter& out) const;
};

// Section 12.4.3.
struct GroupInfo {
  GroupContext group_context;
  ExtensionList extensions;
  Bytes confirmation_tag;
  LeafIndex signer;
  Bytes signature;

  static GroupInfo read(TlsReader& in);
  void write(TlsWriter& out) const;
  // GroupInfoTBS.
  void write_content(TlsWriter& out) const;
  Status verify_signature(const Suite& suite, ByteView signature_key) const;
};

// Section 12.4.3.1.
struct EncryptedGroupSecrets {
  Bytes new_member;  // KeyPackageRef
  HpkeCiphertext encrypted_group_secrets;

  static EncryptedGroupSecrets read(TlsReader& in);
  void write(TlsWriter& out) const;
};

struct Welcome {
  CipherSuite cipher_suite{};
  std::vector<EncryptedGroupSecrets> secrets;
  Bytes encrypted_group_info;

  static Welcome read(TlsReader& in);
  void write(TlsWriter& out) const;
  const EncryptedGroupSecrets* find(ByteView key_package_ref) const;
};

struct MlsMessage {
  std::variant<PublicMessage, PrivateMessage, Welcome, GroupInfo, KeyPackage> body;

  WireFormat wire_format() const { return static_cast<WireFormat>(body.index() + 1); }
  template <class T>
  const T* as() const {
    return std::get_if<T>(&body);
  }
  // The whole of `bytes`: Errc::malformed, or Errc::unsupported for another version.
  static Result<MlsMessage> parse(ByteView bytes);
  static MlsMessage read(TlsReader& in);
  void write(TlsWriter& out) const;
};

// Section 8.2: the hash after a commit, from the interim hash before it.
Digest confirmed_transcript_hash(const Suite& suite, ByteView interim_before,
                                 const AuthenticatedContent& commit);
Digest interim_transcript_hash(const Suite& suite, ByteView confirmed, ByteView confirmation_tag);

}  // namespace unhidra::mls_public
