#include "unhidra/mls_public/framing.h"

#include <algorithm>

namespace unhidra::mls_public {
namespace {

void write_version(TlsWriter& out) {
  out.u16(static_cast<std::uint16_t>(ProtocolVersion::mls10));
}

void read_version(TlsReader& in) {
  if (in.u16() != static_cast<std::uint16_t>(ProtocolVersion::mls10)) {
    in.set_failed();
  }
}

ContentType read_content_type(TlsReader& in) {
  const auto type = static_cast<ContentType>(in.u8());
  if (type < ContentType::application || type > ContentType::commit) {
    in.set_failed();
    return ContentType::application;
  }
  return type;
}

bool signs_context(const Sender& sender) {
  return sender.type == SenderType::member || sender.type == SenderType::new_member_commit;
}

}  // namespace

GroupContext GroupContext::read(TlsReader& in) {
  GroupContext out;
  read_version(in);
  out.cipher_suite = static_cast<CipherSuite>(in.u16());
  out.group_id = in.opaque_copy();
  out.epoch = in.u64();
  out.tree_hash = in.opaque_copy();
  out.confirmed_transcript_hash = in.opaque_copy();
  out.extensions = ExtensionList::read(in);
  return out;
}

void GroupContext::write(TlsWriter& out) const {
  write_version(out);
  out.u16(static_cast<std::uint16_t>(cipher_suite)).opaque(group_id).u64(epoch);
  out.opaque(tree_hash).opaque(confirmed_transcript_hash);
  extensions.write(out);
}

Sender Sender::read(TlsReader& in) {
  Sender out;
  out.type = static_cast<SenderType>(in.u8());
  switch (out.type) {
    case SenderType::member:
    case SenderType::external:
      out.index = in.u32();
      break;
    case SenderType::new_member_proposal:
    case SenderType::new_member_commit:
      break;
    default:
      in.set_failed();
  }
  return out;
}

void Sender::write(TlsWriter& out) const {
  out.u8(static_cast<std::uint8_t>(type));
  if (type == SenderType::member || type == SenderType::external) {
    out.u32(index);
  }
}

const Proposal* FramedContent::proposal() const {
  const auto* held = std::get_if<ProposalPtr>(&content);
  return held != nullptr ? held->get() : nullptr;
}

const Commit* FramedContent::commit() const {
  const auto* held = std::get_if<std::shared_ptr<const Commit>>(&content);
  return held != nullptr ? held->get() : nullptr;
}

void FramedContent::read_content(ContentType type, TlsReader& in) {
  switch (type) {
    case ContentType::application:
      content = in.opaque_copy();
      break;
    case ContentType::proposal:
      content = std::make_shared<const Proposal>(Proposal::read(in));
      break;
    case ContentType::commit:
      content = std::make_shared<const Commit>(Commit::read(in));
      break;
  }
}

void FramedContent::write_content(TlsWriter& out) const {
  if (const Proposal* p = proposal()) {
    p->write(out);
  } else if (const Commit* c = commit()) {
    c->write(out);
  } else {
    out.opaque(*application_data());
  }
}

FramedContent FramedContent::read(TlsReader& in) {
  FramedContent out;
  out.group_id = in.opaque_copy();
  out.epoch = in.u64();
  out.sender = Sender::read(in);
  out.authenticated_data = in.opaque_copy();
  const ContentType type = read_content_type(in);
  out.read_content(type, in);
  return out;
}

void FramedContent::write(TlsWriter& out) const {
  out.opaque(group_id).u64(epoch);
  sender.write(out);
  out.opaque(authenticated_data).u8(static_cast<std::uint8_t>(type()));
  write_content(out);
}

FramedContentAuthData FramedContentAuthData::read(ContentType type, TlsReader& in) {
  FramedContentAuthData out;
  out.signature = in.opaque_copy();
  if (type == ContentType::commit) {
    out.confirmation_tag = in.opaque_copy();
  }
  return out;
}

void FramedContentAuthData::write(ContentType type, TlsWriter& out) const {
  out.opaque(signature);
  if (type == ContentType::commit) {
    out.opaque(confirmation_tag);
  }
}

AuthenticatedContent AuthenticatedContent::read(TlsReader& in) {
  AuthenticatedContent out;
  out.wire_format = static_cast<WireFormat>(in.u16());
  if (out.wire_format != WireFormat::mls_public_message &&
      out.wire_format != WireFormat::mls_private_message) {
    in.set_failed();
  }
  out.content = FramedContent::read(in);
  out.auth = FramedContentAuthData::read(out.content.type(), in);
  return out;
}

void AuthenticatedContent::write(TlsWriter& out) const {
  out.u16(static_cast<std::uint16_t>(wire_format));
  content.write(out);
  auth.write(content.type(), out);
}

Bytes AuthenticatedContent::to_be_signed(ByteView group_context) const {
  TlsWriter out(group_context.size() + 256);
  write_version(out);
  out.u16(static_cast<std::uint16_t>(wire_format));
  content.write(out);
  if (signs_context(content.sender)) {
    out.raw(group_context);
  }
  return std::move(out).take();
}

Bytes AuthenticatedContent::to_be_macked(ByteView group_context) const {
  TlsWriter out;
  out.raw(to_be_signed(group_context));
  auth.write(content.type(), out);
  return std::move(out).take();
}

Status AuthenticatedContent::verify_signature(const Suite& suite, ByteView signature_key,
                                              ByteView group_context) const {
  return suite.verify_with_label(signature_key, "FramedContentTBS", to_be_signed(group_context),
                                 auth.signature);
}

ProposalRef AuthenticatedContent::proposal_ref(const Suite& suite) const {
  return suite.ref_hash("MLS 1.0 Proposal Reference", encode(*this)).copy();
}

PublicMessage PublicMessage::read(TlsReader& in) {
  PublicMessage out;
  out.content = FramedContent::read(in);
  out.auth = FramedContentAuthData::read(out.content.type(), in);
  if (out.content.sender.is_member()) {
    out.membership_tag = in.opaque_copy();
  }
  return out;
}

void PublicMessage::write(TlsWriter& out) const {
  content.write(out);
  auth.write(content.type(), out);
  if (content.sender.is_member()) {
    out.opaque(membership_tag);
  }
}

PrivateMessage PrivateMessage::read(TlsReader& in) {
  PrivateMessage out;
  out.group_id = in.opaque_copy();
  out.epoch = in.u64();
  out.content_type = read_content_type(in);
  out.authenticated_data = in.opaque_copy();
  out.encrypted_sender_data = in.opaque_copy();
  out.ciphertext = in.opaque_copy();
  return out;
}

void PrivateMessage::write(TlsWriter& out) const {
  out.opaque(group_id).u64(epoch).u8(static_cast<std::uint8_t>(content_type));
  out.opaque(authenticated_data).opaque(encrypted_sender_data).opaque(ciphertext);
}

GroupInfo GroupInfo::read(TlsReader& in) {
  GroupInfo out;
  out.group_context = GroupContext::read(in);
  out.extensions = ExtensionList::read(in);
  out.confirmation_tag = in.opaque_copy();
  out.signer = {in.u32()};
  out.signature = in.opaque_copy();
  return out;
}

void GroupInfo::write_content(TlsWriter& out) const {
  group_context.write(out);
  extensions.write(out);
  out.opaque(confirmation_tag).u32(signer.value);
}

void GroupInfo::write(TlsWriter& out) const {
  write_content(out);
  out.opaque(signature);
}

Status GroupInfo::verify_signature(const Suite& suite, ByteView signature_key) const {
  TlsWriter content;
  write_content(content);
  return suite.verify_with_label(signature_key, "GroupInfoTBS", content.view(), signature);
}

EncryptedGroupSecrets EncryptedGroupSecrets::read(TlsReader& in) {
  EncryptedGroupSecrets out;
  out.new_member = in.opaque_copy();
  out.encrypted_group_secrets = HpkeCiphertext::read(in);
  return out;
}

void EncryptedGroupSecrets::write(TlsWriter& out) const {
  out.opaque(new_member);
  encrypted_group_secrets.write(out);
}

Welcome Welcome::read(TlsReader& in) {
  Welcome out;
  out.cipher_suite = static_cast<CipherSuite>(in.u16());
  in.vector([&](TlsReader& item) { out.secrets.push_back(EncryptedGroupSecrets::read(item)); });
  out.encrypted_group_info = in.opaque_copy();
  return out;
}

void Welcome::write(TlsWriter& out) const {
  out.u16(static_cast<std::uint16_t>(cipher_suite));
  out.vector([&](TlsWriter& list) {
    for (const EncryptedGroupSecrets& secret : secrets) {
      secret.write(list);
    }
  });
  out.opaque(encrypted_group_info);
}

const EncryptedGroupSecrets* Welcome::find(ByteView key_package_ref) const {
  const auto found = std::ranges::find_if(secrets, [&](const EncryptedGroupSecrets& secret) {
    return std::ranges::equal(secret.new_member, key_package_ref);
  });
  return found == secrets.end() ? nullptr : &*found;
}

MlsMessage MlsMessage::read(TlsReader& in) {
  read_version(in);
  switch (static_cast<WireFormat>(in.u16())) {
    case WireFormat::mls_public_message:
      return {PublicMessage::read(in)};
    case WireFormat::mls_private_message:
      return {PrivateMessage::read(in)};
    case WireFormat::mls_welcome:
      return {Welcome::read(in)};
    case WireFormat::mls_group_info:
      return {GroupInfo::read(in)};
    case WireFormat::mls_key_package: {
      KeyPackage key_package = KeyPackage::read(in);
      // Section 10: both versions are the same.
      if (key_package.version != ProtocolVersion::mls10) {
        in.set_failed();
      }
      return {std::move(key_package)};
    }
  }
  in.set_failed();
  return {PrivateMessage{}};
}

Result<MlsMessage> MlsMessage::parse(ByteView bytes) {
  return decode<MlsMessage>(bytes, "an MLSMessage");
}

void MlsMessage::write(TlsWriter& out) const {
  write_version(out);
  out.u16(static_cast<std::uint16_t>(wire_format()));
  std::visit([&](const auto& message) { message.write(out); }, body);
}

Digest confirmed_transcript_hash(const Suite& suite, ByteView interim_before,
                                 const AuthenticatedContent& commit) {
  TlsWriter input;
  input.u16(static_cast<std::uint16_t>(commit.wire_format));
  commit.content.write(input);
  input.opaque(commit.auth.signature);
  return suite.hash({interim_before, input.view()});
}

Digest interim_transcript_hash(const Suite& suite, ByteView confirmed, ByteView confirmation_tag) {
  TlsWriter input;
  input.opaque(confirmation_tag);
  return suite.hash({confirmed, input.view()});
}

}  // namespace unhidra::mls_public
