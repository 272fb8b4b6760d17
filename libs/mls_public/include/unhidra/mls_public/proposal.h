#pragma once
// Proposals (RFC 9420 section 12.1) and the identifiers of pre-shared keys (section 8.4).

#include <variant>

#include "unhidra/mls_public/key_package.h"

namespace unhidra::mls_public {

enum class PskType : std::uint8_t { external = 1, resumption = 2 };
enum class ResumptionUsage : std::uint8_t { application = 1, reinit = 2, branch = 3 };

struct PreSharedKeyId {
  PskType type = PskType::external;
  Bytes psk_id{};                                        // external
  ResumptionUsage usage = ResumptionUsage::application;  // resumption, and the two that follow
  Bytes psk_group_id{};
  std::uint64_t psk_epoch = 0;
  Bytes psk_nonce{};

  bool is_resumption(ResumptionUsage of) const {
    return type == PskType::resumption && usage == of;
  }
  static PreSharedKeyId read(TlsReader& in);
  void write(TlsWriter& out) const;
  friend bool operator==(const PreSharedKeyId&, const PreSharedKeyId&) = default;
};

struct Add {
  KeyPackagePtr key_package;
};
struct Update {
  LeafNodePtr leaf_node;
};
struct Remove {
  LeafIndex removed;
};
struct PreSharedKey {
  PreSharedKeyId psk;
};
struct ReInit {
  Bytes group_id;
  ProtocolVersion version = ProtocolVersion::mls10;
  CipherSuite cipher_suite{};
  ExtensionList extensions;
  friend bool operator==(const ReInit&, const ReInit&) = default;
};
struct ExternalInit {
  Bytes kem_output;
};
struct GroupContextExtensions {
  ExtensionList extensions;
};

struct Proposal {
  std::variant<Add, Update, Remove, PreSharedKey, ReInit, ExternalInit, GroupContextExtensions>
      content;

  ProposalType type() const { return static_cast<ProposalType>(content.index() + 1); }
  template <class T>
  const T* as() const {
    return std::get_if<T>(&content);
  }
  // Types that this program does not know are refused: nothing says where they end.
  static Proposal read(TlsReader& in);
  void write(TlsWriter& out) const;
  // What follows the type.
  static Proposal read_content(ProposalType type, TlsReader& in);
  void write_content(TlsWriter& out) const;
};

using ProposalPtr = std::shared_ptr<const Proposal>;
// ProposalRef of section 5.2.
using ProposalRef = Bytes;

// By value or by reference (section 12.4).
struct ProposalOrRef {
  std::variant<ProposalPtr, ProposalRef> content;

  static ProposalOrRef read(TlsReader& in);
  void write(TlsWriter& out) const;
};

}  // namespace unhidra::mls_public
