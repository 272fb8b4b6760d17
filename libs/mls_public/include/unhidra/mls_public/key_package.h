#pragma once
// KeyPackages (RFC 9420 section 10).

#include "unhidra/mls_public/leaf_node.h"

namespace unhidra::mls_public {

struct KeyPackage {
  ProtocolVersion version = ProtocolVersion::mls10;
  CipherSuite cipher_suite{};
  Bytes init_key{};
  LeafNodePtr leaf_node{};
  ExtensionList extensions{};
  Bytes signature{};

  static KeyPackage read(TlsReader& in);
  void write(TlsWriter& out) const;
  // KeyPackageTBS.
  void write_content(TlsWriter& out) const;

  // May be handed out more than once (draft-ietf-mls-extensions section 4.5).
  bool is_last_resort() const { return extensions.find(ExtensionType::last_resort) != nullptr; }
  // Section 10: the signature alone; validate_key_package() applies every rule.
  Status verify_signature(const Suite& suite) const;
  // KeyPackageRef of section 5.2.
  Digest reference(const Suite& suite) const;
};

using KeyPackagePtr = std::shared_ptr<const KeyPackage>;

}  // namespace unhidra::mls_public
