#include "unhidra/mls_public/leaf_node.h"

namespace unhidra::mls_public {
namespace {

template <class E>
void write_types(TlsWriter& out, const std::vector<E>& types) {
  out.length(2 * types.size());
  for (const E type : types) {
    out.u16(static_cast<std::uint16_t>(type));
  }
}

template <class E>
std::vector<E> to_vector(TypeList list) {
  std::vector<E> out;
  for (std::size_t i = 0; i < list.size(); ++i) {
    out.push_back(static_cast<E>(list[i]));
  }
  return out;
}

bool is_source(LeafNodeSource source) {
  return source == LeafNodeSource::key_package || source == LeafNodeSource::update ||
         source == LeafNodeSource::commit;
}

}  // namespace

void Capabilities::write(TlsWriter& out) const {
  write_types(out, versions);
  write_types(out, cipher_suites);
  write_types(out, extensions);
  write_types(out, proposals);
  write_types(out, credentials);
}

void LeafNodeContent::write(TlsWriter& out) const {
  out.opaque(encryption_key).opaque(signature_key);
  credential.write(out);
  capabilities.write(out);
  out.u8(static_cast<std::uint8_t>(source));
  if (source == LeafNodeSource::key_package) {
    out.u64(lifetime.not_before).u64(lifetime.not_after);
  } else if (source == LeafNodeSource::commit) {
    out.opaque(parent_hash);
  }
  extensions.write(out);
}

Result<LeafNodePtr> LeafNode::parse(ByteView encoding) {
  TlsReader in(encoding);
  auto leaf = read(in);
  UNHIDRA_TRY_VOID(in.finish("a LeafNode"));
  return leaf;
}

LeafNodePtr LeafNode::read(TlsReader& in) {
  std::shared_ptr<LeafNode> leaf(new LeafNode());
  const ByteView start = in.rest();
  const auto range = [&](ByteView part) {
    return in.failed() || part.empty()
               ? Range{}
               : Range{static_cast<std::uint32_t>(part.data() - start.data()),
                       static_cast<std::uint32_t>(part.size())};
  };
  leaf->encryption_key_ = range(in.opaque());
  leaf->signature_key_ = range(in.opaque());
  leaf->credential_ = range(in.capture([](TlsReader& c) { Credential::read(c); }));
  for (Range& list : leaf->lists_) {
    const ByteView types = in.opaque();
    if (types.size() % 2 != 0) {
      in.set_failed();
    }
    list = range(types);
  }
  leaf->source_ = static_cast<LeafNodeSource>(in.u8());
  if (!is_source(leaf->source_)) {
    in.set_failed();
  } else if (leaf->source_ == LeafNodeSource::key_package) {
    leaf->lifetime_.not_before = in.u64();
    leaf->lifetime_.not_after = in.u64();
  } else if (leaf->source_ == LeafNodeSource::commit) {
    leaf->parent_hash_ = range(in.opaque());
  }
  leaf->extensions_ = range(in.capture([](TlsReader& e) { ExtensionList::read(e); }));
  leaf->content_size_ = static_cast<std::uint32_t>(start.size() - in.rest().size());
  leaf->signature_ = range(in.opaque());
  if (in.failed()) {
    return nullptr;
  }
  leaf->encoding_ = to_bytes(start.first(start.size() - in.rest().size()));
  return leaf;
}

Credential LeafNode::credential() const {
  TlsReader in(encoded_credential());
  return Credential::read(in);
}

CredentialType LeafNode::credential_type() const {
  TlsReader in(encoded_credential());
  return static_cast<CredentialType>(in.u16());
}

ExtensionList LeafNode::extensions() const {
  TlsReader in(at(extensions_));
  return ExtensionList::read(in);
}

Bytes leaf_node_tbs(ByteView content, LeafNodeSource source, const LeafPlace& place) {
  TlsWriter out(content.size() + place.group_id.size() + 8);
  out.raw(content);
  if (source != LeafNodeSource::key_package) {
    out.opaque(place.group_id).u32(place.index.value);
  }
  return std::move(out).take();
}

Status LeafNode::verify_signature(const Suite& suite, const LeafPlace& place) const {
  return suite.verify_with_label(
      signature_key(), "LeafNodeTBS",
      leaf_node_tbs(ByteView(encoding_).first(content_size_), source_, place), signature());
}

LeafNodeContent LeafNode::content() const {
  return {.encryption_key = to_bytes(encryption_key()),
          .signature_key = to_bytes(signature_key()),
          .credential = credential(),
          .capabilities = {to_vector<ProtocolVersion>(versions()),
                           to_vector<CipherSuite>(cipher_suites()),
                           to_vector<ExtensionType>(supported_extensions()),
                           to_vector<ProposalType>(supported_proposals()),
                           to_vector<CredentialType>(supported_credentials())},
          .source = source_,
          .lifetime = lifetime_,
          .parent_hash = to_bytes(parent_hash()),
          .extensions = extensions()};
}

}  // namespace unhidra::mls_public
