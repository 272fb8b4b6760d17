#include "unhidra/mls_public/key_package.h"

namespace unhidra::mls_public {

KeyPackage KeyPackage::read(TlsReader& in) {
  KeyPackage out;
  out.version = static_cast<ProtocolVersion>(in.u16());
  out.cipher_suite = static_cast<CipherSuite>(in.u16());
  out.init_key = in.opaque_copy();
  out.leaf_node = LeafNode::read(in);
  out.extensions = ExtensionList::read(in);
  out.signature = in.opaque_copy();
  return out;
}

void KeyPackage::write_content(TlsWriter& out) const {
  out.u16(static_cast<std::uint16_t>(version)).u16(static_cast<std::uint16_t>(cipher_suite));
  out.opaque(init_key);
  leaf_node->write(out);
  extensions.write(out);
}

void KeyPackage::write(TlsWriter& out) const {
  write_content(out);
  out.opaque(signature);
}

Status KeyPackage::verify_signature(const Suite& suite) const {
  TlsWriter content;
  write_content(content);
  return suite.verify_with_label(leaf_node->signature_key(), "KeyPackageTBS", content.view(),
                                 signature);
}

Digest KeyPackage::reference(const Suite& suite) const {
  return suite.ref_hash("MLS 1.0 KeyPackage Reference", encode(*this));
}

}  // namespace unhidra::mls_public
